//! A socket is what the combinators of futures want, and both halves may be tasks of their own.
use futures_util::{SinkExt, StreamExt};
use trusted_transport::TransportError;
use trusted_transport::ws::Message;

async fn echo(socket: trusted_transport::WebSocket) -> Result<(), TransportError> {
    let (mut sender, mut receiver) = socket.split();
    while let Some(message) = receiver.next().await {
        sender.send(message?).await?;
    }
    sender.send(Message::text("done")).await?;
    Ok(())
}

fn spawned<F: Future + Send + 'static>(_: fn(trusted_transport::WebSocket) -> F) {}

fn main() {
    spawned(echo);
}
