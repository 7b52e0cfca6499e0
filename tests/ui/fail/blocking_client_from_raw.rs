//! A raw client cannot be converted into one of the token.
use trusted_transport::blocking::HttpClient;

fn converts<T: From<raw_reqwest::Client>>() {}

fn main() {
    converts::<HttpClient>();
}
