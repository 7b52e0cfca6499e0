//! The proxies of the lab: HTTP, intercepting and SOCKS. A builder fixes how one behaves, and the
//! running proxy records every request that it was asked for, granted or not.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use http::{HeaderMap, StatusCode};
use rustls::ServerConfig;
use rustls::pki_types::CertificateDer;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use crate::intercept::Interceptor;
use crate::pki::{Authority, EndEntity};
use crate::server::{Log, SILENCE, Server, Tasks};
use crate::tls::{self, Handshakes, TlsSeen};
use crate::{connect, socks};

/// A running proxy. Dropping it closes the port and every connection and tunnel.
#[derive(Debug)]
pub struct Proxy {
    server: Server,
    shared: Arc<Shared>,
}

impl Proxy {
    /// A CONNECT proxy that also forwards absolute-form `http://` requests.
    pub fn http() -> ProxyBuilder {
        ProxyBuilder::new(Kind::Http)
    }

    /// A CONNECT proxy that answers the TLS inside its tunnels with certificates issued on the
    /// fly by `authority`. It needs at least one [`ProxyBuilder::upstream_root`].
    pub fn intercepting(authority: Authority) -> ProxyBuilder {
        ProxyBuilder::new(Kind::Intercepting(authority))
    }

    /// A proxy that speaks SOCKS4, SOCKS4a and SOCKS5.
    pub fn socks() -> ProxyBuilder {
        ProxyBuilder::new(Kind::Socks)
    }

    /// The address that it listens on.
    pub fn addr(&self) -> SocketAddr {
        self.server.addr()
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.addr().port()
    }

    /// Its URL, such as `http://127.0.0.1:4567`.
    pub fn url(&self, scheme: &str) -> String {
        format!("{scheme}://{}", self.addr())
    }

    /// Its URL with credentials, which are taken as they are: percent-encode them if need be.
    pub fn url_with(&self, scheme: &str, user: &str, password: &str) -> String {
        format!("{scheme}://{user}:{password}@{}", self.addr())
    }

    /// The requests so far, oldest first; of very many, the newest.
    pub fn seen(&self) -> Vec<ProxySeen> {
        self.shared.requests.entries()
    }

    /// The TLS handshakes with clients so far, oldest first: those in front of an `https://`
    /// proxy and those that were intercepted, with the reason for each that failed.
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

    /// The number of connections that are open now. One that has become a tunnel is none.
    pub fn open(&self) -> usize {
        self.server.open()
    }

    /// Aborts every task, as dropping it does: the runtime closes the port and every connection and
    /// tunnel a moment later.
    pub fn stop(self) {
        drop(self);
    }
}

/// What a proxy will do; [`start`](Self::start) runs it.
#[derive(Debug)]
#[must_use = "a proxy runs only once it has been started"]
pub struct ProxyBuilder {
    kind: Kind,
    upstream_roots: Vec<CertificateDer<'static>>,
    credentials: Option<String>,
    tls: Option<Arc<ServerConfig>>,
    refuse: Option<u16>,
    reply: Option<u8>,
    silent: bool,
}

impl ProxyBuilder {
    fn new(kind: Kind) -> Self {
        Self {
            kind,
            upstream_roots: Vec::new(),
            credentials: None,
            tls: None,
            refuse: None,
            reply: None,
            silent: false,
        }
    }

    /// Adds a root that an intercepting proxy trusts for the origins behind it.
    pub fn upstream_root(mut self, authority: &Authority) -> Self {
        self.upstream_roots.push(authority.der());
        self
    }

    /// Demands these credentials: `Proxy-Authorization: Basic` over HTTP, a user name and password
    /// over SOCKS5. SOCKS4 has no password and is then refused.
    pub fn credentials(mut self, user: &str, password: &str) -> Self {
        self.credentials = Some(format!("{user}:{password}"));
        self
    }

    /// Puts TLS in front, which makes an HTTP proxy an `https://` one.
    pub fn tls(self, end_entity: EndEntity) -> Self {
        let config = end_entity.server_config(&[b"http/1.1"]);
        self.tls_with(config)
    }

    /// As [`tls`](Self::tls), with TLS of the caller's choice.
    pub fn tls_with(mut self, config: Arc<ServerConfig>) -> Self {
        self.tls = Some(config);
        self
    }

    /// Answers every request with this status, which must be an error; over SOCKS, with a general
    /// failure.
    pub fn refuse(mut self, status: u16) -> Self {
        self.refuse = Some(status);
        self
    }

    /// Answers every request over SOCKS5 with this reply, which must not be 0: success.
    pub fn refuse_with_reply(mut self, reply: u8) -> Self {
        self.reply = Some(reply);
        self
    }

    /// Accepts connections and never says anything.
    pub fn silent(mut self) -> Self {
        self.silent = true;
        self
    }

    /// Starts the proxy.
    ///
    /// # Errors
    ///
    /// Fails if no loopback port can be had, if an intercepting proxy has no upstream root, if the
    /// status or reply to refuse with is not an error, or if a proxy other than for SOCKS has one.
    pub async fn start(self) -> io::Result<Proxy> {
        let tasks = Tasks::new();
        let shared = Arc::new(Shared {
            tasks: tasks.clone(),
            requests: Log::new(),
            handshakes: Log::new(),
            credentials: self.credentials,
            refuse: self.refuse.map(error_status).transpose()?,
            reply: self.reply,
        });
        if self.reply == Some(0) || (self.reply.is_some() && !matches!(self.kind, Kind::Socks)) {
            let message = "not an error of a SOCKS proxy";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
        let front = match self.kind {
            Kind::Http => Front::Http(None),
            Kind::Socks => Front::Socks,
            Kind::Intercepting(authority) => {
                let interceptor = Interceptor::new(authority, &self.upstream_roots)?;
                Front::Http(Some(Arc::new(interceptor)))
            }
        };
        let entry = Entry {
            front,
            acceptor: self.tls.map(TlsAcceptor::from),
            silent: self.silent,
            shared: shared.clone(),
        };
        let server = Server::start(tasks, move |stream| entry.clone().enter(stream)).await?;
        Ok(Proxy { server, shared })
    }
}

/// One request, as the proxy received it.
#[derive(Clone, Debug)]
pub struct ProxySeen {
    /// How the client asked.
    pub kind: ProxyRequest,
    /// `host:port` exactly as asked, name or address; empty if SOCKS5 authentication failed before
    /// the request.
    pub target: String,
    /// `user:password` as presented; the user alone over SOCKS4.
    pub credentials: Option<String>,
    /// Whether the proxy reached the target and said so.
    pub granted: bool,
    /// All header fields; empty over SOCKS.
    pub headers: HeaderMap,
    /// Whether the proxy answered TLS inside this tunnel itself.
    pub intercepted: bool,
}

/// How a client asked a proxy for a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyRequest {
    /// HTTP `CONNECT`.
    Connect,
    /// An absolute-form HTTP request.
    Forward,
    /// SOCKS4, with an address.
    Socks4,
    /// SOCKS4a, with a name.
    Socks4a,
    /// SOCKS5.
    Socks5,
}

#[derive(Debug)]
enum Kind {
    Http,
    Intercepting(Authority),
    Socks,
}

/// What the connections of one proxy share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) tasks: Tasks,
    pub(crate) requests: Log<ProxySeen>,
    pub(crate) handshakes: Handshakes,
    /// The credentials that are demanded, as `user:password`.
    pub(crate) credentials: Option<String>,
    pub(crate) refuse: Option<StatusCode>,
    /// What a SOCKS5 request is refused with.
    pub(crate) reply: Option<u8>,
}

impl Shared {
    pub(crate) fn refuses(&self) -> bool {
        self.refuse.is_some() || self.reply.is_some()
    }
}

#[derive(Clone)]
enum Front {
    Http(Option<Arc<Interceptor>>),
    Socks,
}

/// The way into a proxy, from an accepted TCP connection.
#[derive(Clone)]
struct Entry {
    front: Front,
    acceptor: Option<TlsAcceptor>,
    silent: bool,
    shared: Arc<Shared>,
}

impl Entry {
    async fn enter(self, stream: TcpStream) {
        if self.silent {
            tokio::time::sleep(SILENCE).await;
            return drop(stream);
        }
        let Some(acceptor) = &self.acceptor else {
            return self.serve(stream).await;
        };
        let handshake = acceptor.accept(stream);
        if let Some((stream, _)) = tls::accept(handshake, &self.shared.handshakes).await {
            self.serve(stream).await;
        }
    }

    async fn serve<S>(self, stream: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        match self.front {
            Front::Http(interceptor) => connect::serve(stream, self.shared, interceptor).await,
            Front::Socks => socks::serve(stream, &self.shared).await,
        }
    }
}

fn error_status(status: u16) -> io::Result<StatusCode> {
    StatusCode::from_u16(status)
        .ok()
        .filter(|status| status.is_client_error() || status.is_server_error())
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "not an error status"))
}
