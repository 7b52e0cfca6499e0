//! A client is not made from the parts of another.
use trusted_transport::blocking::HttpClient;

fn forged(client: HttpClient) -> HttpClient {
    HttpClient { ..client }
}

fn main() {}
