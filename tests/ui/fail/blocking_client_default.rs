//! A client by default would be one without a token.
use trusted_transport::blocking::HttpClient;

fn by_default<T: Default>() {}

fn main() {
    by_default::<HttpClient>();
}
