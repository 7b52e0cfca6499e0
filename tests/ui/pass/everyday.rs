//! The intended use, in a crate that names neither reqwest nor tungstenite.
use trusted_transport::http::{Method, StatusCode, header};
use trusted_transport::ws::Message;
use trusted_transport::{CaPolicy, ProxyPolicy, TransportError, TrustedTransport};

async fn everyday() -> Result<(), TransportError> {
    let transport = TrustedTransport::from_env()?;
    let client = transport.http().user_agent("example/1").build()?;
    let response = client
        .request(Method::GET, "https://example.com/")
        .header(header::ACCEPT, "text/plain")
        .send()
        .await?;
    assert_eq!(response.status(), StatusCode::OK);
    let (mut socket, _) = transport.websocket("wss://example.com/live").await?;
    let _ = socket.send(Message::text("hello")).await;
    Ok(())
}

fn built() -> Result<TrustedTransport, TransportError> {
    let anchors = CaPolicy::from_env().load()?;
    TrustedTransport::builder(anchors)
        .proxy(ProxyPolicy::Direct)
        .https_only(true)
        .build()
}

/// A task of a runtime with several threads can do all of it.
fn spawned(_: impl Send + 'static) {}

fn main() {
    let _ = built;
    spawned(everyday());
}
