//! A raw socket cannot be converted into one of the token.
use raw_tungstenite::WebSocketStream;
use trusted_transport::WebSocket;

fn converts<T: From<WebSocketStream<tokio::net::TcpStream>>>() {}

fn main() {
    converts::<WebSocket>();
}
