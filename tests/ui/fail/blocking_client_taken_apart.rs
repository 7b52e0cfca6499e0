//! The client inside cannot be reached.
use trusted_transport::blocking::HttpClient;

fn inner(client: HttpClient) {
    let _ = client.client;
}

fn main() {}
