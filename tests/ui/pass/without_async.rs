//! The intended use without async, in a crate that names neither a runtime nor reqwest.
use std::io::{BufRead, Read};

use trusted_transport::http::{Method, Request, StatusCode, header};
use trusted_transport::ws::Message;
use trusted_transport::{TransportError, TrustedTransport, blocking};

fn everyday() -> Result<(), TransportError> {
    let transport = TrustedTransport::from_env()?;
    let client: blocking::HttpClient = transport.http().user_agent("example/1").build_blocking()?;
    let request: blocking::RequestBuilder = client.request(Method::GET, "https://example.com/");
    let request: Request = request.header(header::ACCEPT, "text/plain").build()?;
    let response: blocking::Response = client.execute(request)?.error_for_status()?;
    assert_eq!(response.status(), StatusCode::OK);
    let _ = response.lines().next();
    let mut start = [0; 8];
    let _ = client.get("https://example.com/").send()?.read(&mut start);
    let live = transport.websocket("wss://example.com/live");
    let (mut socket, _): (blocking::WebSocket, _) = live.connect_blocking()?;
    socket.send(Message::text("hello"))?;
    for message in &mut socket {
        let _: Message = message?;
    }
    Ok(())
}

fn main() {
    let _ = everyday;
}
