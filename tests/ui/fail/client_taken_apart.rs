//! The raw client inside cannot be reached.
use trusted_transport::HttpClient;

fn inner(client: HttpClient) {
    let _ = client.0;
}

fn main() {}
