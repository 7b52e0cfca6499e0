//! A raw client cannot be converted into one of the token.
use trusted_transport::HttpClient;

fn converts<T: From<reqwest::Client>>() {}

fn main() {
    converts::<HttpClient>();
}
