//! A client of the token is no pointer to a raw one.
use trusted_transport::blocking::HttpClient;

fn dereferenced<T: std::ops::Deref>() {}

fn main() {
    dereferenced::<HttpClient>();
}
