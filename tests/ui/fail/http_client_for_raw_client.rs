//! A client of the token does not turn into a raw one, which has a way to others.
use trusted_transport::HttpClient;

fn raw(client: &HttpClient) -> &raw_reqwest::Client {
    client
}

fn main() {}
