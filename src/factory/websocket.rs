//! Connects WebSockets (RFC 6455): the handshake is tungstenite's, the connection is the
//! token's.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http::header::{HeaderValue, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_PROTOCOL};
use http::{HeaderName, Method};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::handshake::client::{Request, Response, generate_request};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use url::Url;

use super::attempt::Attempt;
use super::dial::{self, BoxError, Connection};
use super::error::{TlsFault, TransportError, invalid_request, not_a_destination};
use super::route::Destination;
use super::socket::WebSocket;
use super::trace::{self, Broken, Progress, Trace, Unfinished};
use super::transport::TrustedTransport;
use super::violation::bounded;

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
                let socket = WebSocket::new(stream);
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
