//! An origin server: HTTP/1.1, HTTP/2 and a WebSocket echo on one port, with or without TLS. It
//! records every request and every TLS handshake, so that a test can tell which route, name and
//! protocol a client has used.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::{HeaderMap, Request, header};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;

use crate::answer;
use crate::pki::EndEntity;
use crate::server::{Log, Open, Server, Tasks, http};
use crate::tls::{self, Handshakes, TlsSeen};
use crate::websocket;

/// A running origin server. Dropping it closes the port and every connection.
///
/// - Any `GET` is answered with 200 and `hello from the lab`; a `POST` with its own body, up to
///   1 MiB.
/// - `/status/NNN` is answered with that status, `/redirect?to=URL` with a 302 to the
///   percent-decoded URL, and `/slow` after 60 seconds.
/// - A WebSocket upgrade gets an echo, and the first subprotocol that it offers; at `/refuse` it
///   is answered with 401, and at `/status/NNN` and `/redirect` like any other request.
#[derive(Debug)]
pub struct Origin {
    server: Server,
    shared: Arc<Shared>,
}

impl Origin {
    /// Starts an HTTPS origin that presents this chain.
    ///
    /// # Errors
    ///
    /// Fails if no loopback port can be had.
    pub async fn https(end_entity: EndEntity) -> io::Result<Self> {
        Self::with_tls(end_entity.server_config(&[b"h2", b"http/1.1"])).await
    }

    /// Starts an HTTPS origin with TLS of the caller's choice.
    ///
    /// # Errors
    ///
    /// Fails if no loopback port can be had.
    pub async fn with_tls(config: Arc<ServerConfig>) -> io::Result<Self> {
        Self::start(Some(config.into())).await
    }

    /// Starts an origin without TLS.
    ///
    /// # Errors
    ///
    /// Fails if no loopback port can be had.
    pub async fn plain() -> io::Result<Self> {
        Self::start(None).await
    }

    async fn start(acceptor: Option<TlsAcceptor>) -> io::Result<Self> {
        let tasks = Tasks::new();
        let shared = Arc::new(Shared {
            tasks: tasks.clone(),
            requests: Log::new(),
            handshakes: Log::new(),
            open: Arc::new(AtomicUsize::new(0)),
        });
        let serving = shared.clone();
        let server = Server::start(tasks, move |stream| {
            let (shared, acceptor) = (serving.clone(), acceptor.clone());
            async move {
                let Some(acceptor) = acceptor else {
                    return serve(stream, None, shared).await;
                };
                let handshake = acceptor.accept(stream);
                if let Some((stream, seen)) = tls::accept(handshake, &shared.handshakes).await {
                    serve(stream, Some(seen), shared).await;
                }
            }
        })
        .await?;
        Ok(Self { server, shared })
    }

    /// The address that it listens on.
    pub fn addr(&self) -> SocketAddr {
        self.server.addr()
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.addr().port()
    }

    /// A URL with this origin's port, such as `https://origin.test:4567/path`.
    pub fn url(&self, scheme: &str, host: &str, path: &str) -> String {
        format!("{scheme}://{host}:{}{path}", self.port())
    }

    /// The requests and upgrades so far, oldest first; of very many, the newest.
    pub fn seen(&self) -> Vec<OriginSeen> {
        self.shared.requests.entries()
    }

    /// The TLS handshakes so far, oldest first, with the reason for each that failed.
    pub fn handshakes(&self) -> Vec<Result<TlsSeen, String>> {
        self.shared.handshakes.entries()
    }

    /// As [`handshakes`](Self::handshakes), once there have been this many or 10 seconds have
    /// passed. A client that gives up knows it before the server does, so tests of a failed
    /// handshake wait with this.
    pub async fn handshakes_after(&self, count: usize) -> Vec<Result<TlsSeen, String>> {
        self.shared.handshakes.after(count).await
    }

    /// The number of TCP connections accepted so far.
    pub fn connections(&self) -> usize {
        self.server.connections()
    }

    /// The number of HTTP connections that are open now. One that has become a WebSocket is none.
    pub fn open(&self) -> usize {
        self.shared.open.load(Ordering::SeqCst)
    }

    /// Aborts every task, as dropping it does: the runtime closes the port and every connection a
    /// moment later.
    pub fn stop(self) {
        drop(self);
    }
}

/// One request or upgrade, as the origin received it.
#[derive(Clone, Debug)]
pub struct OriginSeen {
    /// The request method.
    pub method: String,
    /// The path and query.
    pub path: String,
    /// `:authority` or the `Host` header, with the port if the client wrote one.
    pub host: String,
    /// `HTTP/1.1` or `HTTP/2.0`.
    pub http_version: String,
    /// Whether the request asked for a WebSocket.
    pub websocket: bool,
    /// All header fields.
    pub headers: HeaderMap,
    /// The TLS session below the request, if there is one.
    pub tls: Option<TlsSeen>,
}

impl OriginSeen {
    fn of(request: &Request<Incoming>, tls: Option<TlsSeen>) -> Self {
        let uri = request.uri();
        let host = request.headers().get(header::HOST);
        Self {
            method: request.method().to_string(),
            path: uri
                .path_and_query()
                .map_or_else(|| uri.path().to_owned(), ToString::to_string),
            host: uri.authority().map_or_else(
                || host.map_or_else(String::new, |host| lossy(host.as_bytes())),
                ToString::to_string,
            ),
            http_version: format!("{:?}", request.version()),
            websocket: websocket::asked(request),
            headers: request.headers().clone(),
            tls,
        }
    }
}

#[derive(Debug)]
struct Shared {
    tasks: Tasks,
    requests: Log<OriginSeen>,
    handshakes: Handshakes,
    open: Arc<AtomicUsize>,
}

async fn serve<S>(stream: S, tls: Option<TlsSeen>, shared: Arc<Shared>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let _open = Open::new(&shared.open);
    let service = service_fn(|request: Request<Incoming>| {
        let seen = OriginSeen::of(&request, tls.clone());
        let upgrade = seen.websocket;
        shared.requests.push(seen);
        let tasks = shared.tasks.clone();
        async move {
            if upgrade {
                Ok(websocket::answer(request, &tasks))
            } else {
                answer::answer(request).await
            }
        }
    });
    // How a connection ended is for the client to notice.
    let _ = http(&shared.tasks)
        .serve_connection_with_upgrades(TokioIo::new(stream), service)
        .await;
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
