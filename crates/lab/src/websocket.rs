//! The origin's WebSocket echo. The upgrade is answered by the HTTP server, so that it shares the
//! port and the record with ordinary requests; tungstenite then owns the upgraded stream.

use std::pin::Pin;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server::create_response;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use crate::answer::{asked_for, empty};
use crate::server::{HANDSHAKE, IDLE, Tasks};

const MESSAGE_LIMIT: usize = 8 * 1024 * 1024;

/// Whether the request asks for a WebSocket.
pub(crate) fn asked(request: &Request<Incoming>) -> bool {
    request
        .headers()
        .get(header::UPGRADE)
        .is_some_and(|upgrade| upgrade.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// Answers an upgrade, and spawns the echo if it was granted.
pub(crate) fn answer(request: Request<Incoming>, tasks: &Tasks) -> Response<Full<Bytes>> {
    if request.uri().path() == "/refuse" {
        return empty(StatusCode::UNAUTHORIZED);
    }
    if let Some(answer) = asked_for(request.uri()) {
        return answer;
    }
    let protocol = first_protocol(request.headers().get(header::SEC_WEBSOCKET_PROTOCOL));
    let Some((response, accepting)) = accept_websocket(request) else {
        return empty(StatusCode::BAD_REQUEST);
    };
    tasks.spawn(echo(accepting));
    let mut response = response.map(|()| Full::default());
    if let Some(protocol) = protocol {
        let headers = response.headers_mut();
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, protocol);
    }
    response
}

/// The server's end of a WebSocket.
pub type AcceptedSocket = WebSocketStream<TokioIo<Upgraded>>;

/// The socket, once the answer has been sent; `None` if that has failed.
pub type Accepting = Pin<Box<dyn Future<Output = Option<AcceptedSocket>> + Send>>;

/// The answer to a request for a WebSocket, and the socket behind it. `None` if the request does not
/// ask for one.
pub fn accept_websocket<B>(request: Request<B>) -> Option<(Response<()>, Accepting)> {
    let (mut parts, _) = request.into_parts();
    let upgrade = parts.extensions.remove::<OnUpgrade>()?;
    let response = create_response(&Request::from_parts(parts, ())).ok()?;
    let accepting = async move {
        let upgraded = timeout(HANDSHAKE, upgrade).await.ok()?.ok()?;
        let config = WebSocketConfig::default()
            .max_message_size(Some(MESSAGE_LIMIT))
            .max_frame_size(Some(MESSAGE_LIMIT));
        let stream = TokioIo::new(upgraded);
        Some(WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await)
    };
    Some((response, Box::pin(accepting)))
}

fn first_protocol(offered: Option<&HeaderValue>) -> Option<HeaderValue> {
    let first = offered?.to_str().ok()?.split(',').next()?.trim();
    HeaderValue::from_str(first).ok()
}

async fn echo(accepting: Accepting) {
    let Some(mut socket) = accepting.await else {
        return;
    };
    // tungstenite answers ping and close itself while it is being read.
    while let Ok(Some(Ok(message))) = timeout(IDLE, socket.next()).await {
        let is_data = message.is_text() || message.is_binary();
        if is_data && !matches!(timeout(IDLE, socket.send(message)).await, Ok(Ok(()))) {
            return;
        }
    }
}
