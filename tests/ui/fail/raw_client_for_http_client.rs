//! A raw client is not taken where one of the token is wanted.
use trusted_transport::HttpClient;

fn outbound(_: HttpClient) {}

fn raw(client: raw_reqwest::Client) {
    outbound(client);
}

fn main() {}
