//! A socket by default would be one without a token.
use trusted_transport::WebSocket;

fn by_default<T: Default>() {}

fn main() {
    by_default::<WebSocket>();
}
