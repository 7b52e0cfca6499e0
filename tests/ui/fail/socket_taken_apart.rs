//! The raw socket inside cannot be reached.
use trusted_transport::WebSocket;

fn inner(socket: WebSocket) {
    let _ = socket.stream;
}

fn main() {}
