//! A socket is not made from the parts of another.
use trusted_transport::blocking::WebSocket;

fn forged(socket: WebSocket) -> WebSocket {
    WebSocket { ..socket }
}

fn main() {}
