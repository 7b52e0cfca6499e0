//! The socket inside cannot be reached.
use trusted_transport::blocking::WebSocket;

fn inner(socket: WebSocket) {
    let _ = socket.socket;
}

fn main() {}
