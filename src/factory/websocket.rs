//! WebSocket clients (RFC 6455): the handshake is tungstenite's, the connection is the
//! token's.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;
use futures_sink::Sink;
use http::header::{HeaderValue, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_PROTOCOL};
use http::{HeaderName, Method};
use tokio::task::unconstrained;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::handshake::client::{Request, Response, generate_request};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Utf8Bytes};
use url::Url;

use super::attempt::Attempt;
use super::dial::{self, BoxError, Connection};
use super::error::{TlsFault, TransportError, invalid_request, not_a_destination};
use super::route::Destination;
use super::trace::{self, Broken, Progress, Trace, Unfinished};
use super::transport::TrustedTransport;
use super::violation::{bounded, status_code};

/// An open WebSocket: a `Stream` and a `Sink` of messages.
///
/// It is made by awaiting [`TrustedTransport::websocket`], and by nothing else. Dropping it
/// closes the connection without a closing handshake; [`close`](Self::close) does better.
pub struct WebSocket {
    stream: WebSocketStream<Connection>,
    /// The peer's Close frame was received: nothing more can come.
    closed: bool,
    /// Pings since their answers were last seen to leave.
    unanswered: usize,
}

impl WebSocket {
    /// Sends a message and flushes it.
    ///
    /// # Errors
    /// Those of the connection and of the protocol.
    ///
    /// # Cancel safety
    /// The socket can be used as before, but the message may or may not go, and nobody can tell:
    /// sending it again can make it two. It goes whole or not at all, before the next one, and may
    /// wait for that one to be sent. So in a `select!`, keep the future of `send` until it is ready.
    pub async fn send(&mut self, message: impl Into<Message>) -> Result<(), Error> {
        let message = message.into();
        std::future::poll_fn(|cx| Pin::new(&mut self.stream).poll_ready(cx)).await?;
        Pin::new(&mut self.stream).start_send(message)?;
        std::future::poll_fn(|cx| Pin::new(&mut self.stream).poll_flush(cx)).await
    }

    /// The next message; `None` after the closing handshake.
    ///
    /// # Errors
    /// Those of the connection and of the protocol. They end the socket: a peer that broke the
    /// protocol or a limit has been told so, as far as it listens, and `None` comes next.
    ///
    /// # Cancel safety
    /// No message is lost, in part or whole, if the future is dropped: it can be one branch of a
    /// `select!`.
    pub async fn next(&mut self) -> Option<Result<Message, Error>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// Starts the closing handshake; the peer's answer ends the stream. One that has begun goes on,
    /// whoever began it, and `frame` does not matter any more.
    ///
    /// # Errors
    /// Those of the connection.
    ///
    /// # Cancel safety
    /// If the future is dropped, the handshake may or may not have begun. Calling it again goes on.
    pub async fn close(&mut self, frame: Option<CloseFrame>) -> Result<(), Error> {
        std::future::poll_fn(|cx| Pin::new(&mut self.stream).poll_ready(cx)).await?;
        match Pin::new(&mut self.stream).start_send(Message::Close(frame)) {
            // By the peer, or by a call that was given up before its frame was flushed.
            Ok(()) | Err(Error::Protocol(ProtocolError::SendAfterClosing)) => {}
            Err(error) => return Err(error),
        }
        std::future::poll_fn(|cx| Pin::new(&mut self.stream).poll_flush(cx)).await
    }

    /// Tells the peer what it did wrong, before the connection fails (RFC 6455, 7.1.7). What cannot
    /// be sent at once is not sent: nobody should wait for a peer like that.
    fn give_notice(&mut self, error: &Error, cx: &mut Context<'_>) {
        let Some(code) = status_code(error) else {
            return;
        };
        let reason = Utf8Bytes::default();
        let frame = Message::Close(Some(CloseFrame { code, reason }));
        let mut stream = Pin::new(&mut self.stream);
        // To a task that a burst has kept busy, tokio says that nothing is ready.
        let sent = unconstrained(async {
            stream.as_mut().start_send(frame)?;
            std::future::poll_fn(|cx| stream.as_mut().poll_flush(cx)).await
        });
        // The peer may not listen any more.
        let _ = pin!(sent).poll(cx);
    }

    /// The limits and buffer sizes in use.
    pub fn config(&self) -> &WebSocketConfig {
        self.stream.get_config()
    }
}

impl Stream for WebSocket {
    type Item = Result<Message, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.unanswered >= UNANSWERED {
            // Who pings without end and reads nothing would fill the memory with the answers.
            if let Err(error) = ready!(Pin::new(&mut self.stream).poll_flush(cx)) {
                return Poll::Ready(Some(Err(error)));
            }
            self.unanswered = 0;
        }
        match Pin::new(&mut self.stream).poll_next(cx) {
            // What follows a Close frame is discarded (RFC 6455, 1.4), and many servers end TLS
            // without close_notify (RFC 8446, 6.1): nothing can have been cut off.
            Poll::Ready(Some(Err(_))) if self.closed => Poll::Ready(None),
            Poll::Ready(Some(Err(error))) => {
                self.give_notice(&error, cx);
                Poll::Ready(Some(Err(error)))
            }
            next => {
                self.closed |= matches!(next, Poll::Ready(Some(Ok(Message::Close(_)))));
                let pinged = matches!(next, Poll::Ready(Some(Ok(Message::Ping(_)))));
                self.unanswered += usize::from(pinged);
                next
            }
        }
    }
}

impl Sink<Message> for WebSocket {
    type Error = Error;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.stream).poll_ready(cx)
    }

    fn start_send(mut self: Pin<&mut Self>, message: Message) -> Result<(), Error> {
        Pin::new(&mut self.stream).start_send(message)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.stream).poll_close(cx)
    }
}

impl fmt::Debug for WebSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket").finish_non_exhaustive()
    }
}

/// A WebSocket that is not connected yet; from [`TrustedTransport::websocket`]. Awaiting it
/// connects; if its future is dropped, the connection is closed, however far it has come.
#[must_use = "a WebSocket is not connected until it is awaited"]
pub struct WebSocketBuilder {
    transport: TrustedTransport,
    /// An error stays here until the builder is awaited.
    request: Result<Request, TransportError>,
    config: Option<WebSocketConfig>,
    connect_timeout: Duration,
}

impl WebSocketBuilder {
    pub(crate) fn of(transport: TrustedTransport, request: Result<Request, Error>) -> Self {
        Self {
            connect_timeout: transport.connect_timeout(),
            transport,
            request: request.map_err(invalid_request),
            config: None,
        }
    }

    /// Adds a header to the request.
    pub fn header<N, V>(mut self, name: N, value: V) -> Self
    where
        N: TryInto<HeaderName, Error: Into<http::Error>>,
        V: TryInto<HeaderValue, Error: Into<http::Error>>,
    {
        let header = name
            .try_into()
            .map_err(Into::<http::Error>::into)
            .and_then(|name| Ok((name, value.try_into().map_err(Into::<http::Error>::into)?)));
        self.request = self.request.and_then(|mut request| {
            let (name, value) = header.map_err(invalid_request)?;
            request.headers_mut().append(name, value);
            Ok(request)
        });
        self
    }

    /// Offers a subprotocol (RFC 6455, 1.9), after those that were offered before.
    pub fn subprotocol(mut self, name: &str) -> Self {
        self.request = self.request.and_then(|mut request| {
            let headers = request.headers_mut();
            let offered = match headers.get(SEC_WEBSOCKET_PROTOCOL) {
                Some(before) => [before.as_bytes(), b", ", name.as_bytes()].concat(),
                None => name.as_bytes().to_vec(),
            };
            let offered = HeaderValue::from_bytes(&offered).map_err(invalid_request)?;
            headers.insert(SEC_WEBSOCKET_PROTOCOL, offered);
            Ok(request)
        });
        self
    }

    /// Limits and buffer sizes; tungstenite's unless this says otherwise. The limit for messages is
    /// one for frames too. Without either, the server's word decides how much memory is reserved
    /// for a frame, and can end the program.
    pub fn config(mut self, config: WebSocketConfig) -> Self {
        self.config = Some(bounded(config));
        self
    }

    /// The time from name resolution to the end of the upgrade; the token's unless this says
    /// otherwise.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    async fn connect(self) -> Result<(WebSocket, Response), TransportError> {
        let request = self.request?;
        let destination = destination(&request)?;
        self.transport.permit(&destination)?;
        let epoch = self.transport.epoch();
        let route = self.transport.routes().to(&destination);
        // Boxed where it is made: it is large, and would be moved into each layer around it.
        let connecting = Box::pin(async {
            let (tls, resolver) = (&epoch.tls, self.transport.resolver());
            let dialed = dial::dial(
                &destination,
                &route,
                resolver,
                tls,
                tls.websocket(),
                self.connect_timeout,
            );
            let stream = dialed.await.map_err(Failure::Dial)?;
            trace::upgrades();
            upgrade(request, stream, self.config)
                .await
                .map_err(Failure::Upgrade)
        });
        let trace = Trace::default();
        match trace.follow(self.connect_timeout, connecting).await {
            Ok((stream, response)) => {
                let socket = WebSocket {
                    stream,
                    closed: false,
                    unanswered: 0,
                };
                Ok((socket, response))
            }
            Err(Unfinished { progress, why }) => {
                let attempt = Attempt::at(&destination, route, self.connect_timeout);
                Err(failed(attempt, progress, why))
            }
        }
    }
}

impl IntoFuture for WebSocketBuilder {
    type Output = Result<(WebSocket, Response), TransportError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.connect())
    }
}

// The request may hold a token in a header or in its URL.
impl fmt::Debug for WebSocketBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocketBuilder")
            .field("transport", &self.transport)
            .field("connect_timeout", &self.connect_timeout)
            .finish_non_exhaustive()
    }
}

enum Failure {
    Dial(BoxError),
    Upgrade(Error),
}

fn failed(attempt: Attempt, progress: Progress, why: Option<Failure>) -> TransportError {
    let why = match why {
        Some(Failure::Upgrade(error)) => return upgrade_error(attempt, &progress, error),
        Some(Failure::Dial(error)) => Some(error),
        None => None,
    };
    attempt.failed(&Broken::new(progress, why))
}

/// Where to connect, if the request can be sent there. Without the check of the scheme, a
/// stream without TLS could be given to a `wss` URL.
fn destination(request: &Request) -> Result<Destination, TransportError> {
    generate_request(request.clone()).map_err(invalid_request)?;
    if request.method() != Method::GET {
        return Err(invalid_request(
            "a WebSocket begins with GET (RFC 6455, 4.1)",
        ));
    }
    let url = Url::parse(&request.uri().to_string()).map_err(invalid_request)?;
    if !matches!(url.scheme(), "ws" | "wss") {
        return Err(not_a_destination());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid_request(
            "a WebSocket URL carries no credentials (RFC 6455, 3); send a header instead",
        ));
    }
    Destination::of(&url).ok_or_else(not_a_destination)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the stream was opened under the token's own policy"
)]
async fn upgrade(
    request: Request,
    stream: Connection,
    config: Option<WebSocketConfig>,
) -> Result<(WebSocketStream<Connection>, Response), Error> {
    let asked = request.headers().contains_key(SEC_WEBSOCKET_EXTENSIONS);
    let upgraded = tokio_tungstenite::client_async_with_config(request, stream, config).await?;
    // RFC 6455, 4.1: tungstenite does not look.
    if !asked && upgraded.1.headers().contains_key(SEC_WEBSOCKET_EXTENSIONS) {
        let header = Box::new(SEC_WEBSOCKET_EXTENSIONS);
        return Err(ProtocolError::InvalidHeader(header).into());
    }
    Ok(upgraded)
}

fn upgrade_error(attempt: Attempt, progress: &Progress, error: Error) -> TransportError {
    if let Some(fault) = TlsFault::after_handshake(progress, &error) {
        return attempt.closed(progress, fault, Arc::new(error));
    }
    let host = attempt.host;
    match error {
        Error::Http(response) => TransportError::UpgradeRefused {
            host,
            status: response.status(),
        },
        error @ (Error::Url(_) | Error::HttpFormat(_)) => invalid_request(error),
        source => TransportError::UpgradeFailed { host, source },
    }
}

/// How many answers to pings, of 131 bytes at most, may wait in memory.
const UNANSWERED: usize = 4096;
