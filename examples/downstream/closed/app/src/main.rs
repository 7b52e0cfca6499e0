//! The intended use: one token, made early, from which everything connects.

use trusted_transport::{TransportError, TrustedTransport};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), TransportError> {
    let transport = TrustedTransport::from_env()?;
    let client = transport.http().build()?;
    let answer = client.get("https://example.com/").send().await?;
    println!("{}", answer.status());
    let (mut socket, _) = transport.websocket("wss://example.com/live").await?;
    socket.send("hello").await?;
    report::send(&transport).await
}
