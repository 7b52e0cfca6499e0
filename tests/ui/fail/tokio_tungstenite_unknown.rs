//! To depend on the token is not to depend on tokio-tungstenite.
extern crate tokio_tungstenite;

fn main() {}
