//! A client of the token lends no raw one.
use trusted_transport::HttpClient;

fn lends<T: AsRef<reqwest::Client>>() {}

fn main() {
    lends::<HttpClient>();
}
