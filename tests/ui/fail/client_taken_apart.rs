//! The raw client inside cannot be reached.
use trusted_transport::HttpClient;

fn inner(client: HttpClient) {
    let _ = client.client;
}

fn main() {}
