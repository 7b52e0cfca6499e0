//! A client of the token lends no raw one.
use trusted_transport::HttpClient;

fn lends<T: AsRef<raw_reqwest::Client>>() {}

fn main() {
    lends::<HttpClient>();
}
