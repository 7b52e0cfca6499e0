//! A socket of the token is no pointer to a raw one.
use trusted_transport::WebSocket;

fn dereferenced<T: std::ops::Deref>() {}

fn main() {
    dereferenced::<WebSocket>();
}
