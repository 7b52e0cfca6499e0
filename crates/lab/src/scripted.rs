//! A server that follows a script. It stands for every origin, proxy and middlebox that does not do
//! what it should, and records what it heard.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use rustls::ServerConfig;
use tokio_rustls::TlsAcceptor;

use crate::pki::EndEntity;
use crate::script::{self, Record, Step};
use crate::server::{Log, Server, Tasks};
use crate::tls::{self, Handshakes, TlsSeen};

/// A running server that does the same on every connection. Dropping it closes the port and every
/// connection.
///
/// It serves as an origin, as an `http://` or `socks5://` proxy, or as the far end of a tunnel that
/// a good [`Proxy`](crate::Proxy) makes: for the client, that is a proxy which misbehaves once it
/// has granted the request.
#[derive(Debug)]
pub struct Scripted {
    server: Server,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    steps: Vec<Step>,
    record: Record,
    handshakes: Handshakes,
}

impl Scripted {
    /// Starts a server that follows the script from the first byte.
    ///
    /// # Errors
    ///
    /// Fails if no loopback port can be had.
    pub async fn plain(steps: Vec<Step>) -> io::Result<Self> {
        Self::start(None, steps).await
    }

    /// Starts a server that follows the script once a proper TLS handshake is done. It agrees on
    /// HTTP/1.1 only.
    ///
    /// # Errors
    ///
    /// Fails if no loopback port can be had.
    pub async fn https(end_entity: EndEntity, steps: Vec<Step>) -> io::Result<Self> {
        Self::with_tls(end_entity.server_config(&[b"http/1.1"]), steps).await
    }

    /// As [`https`](Self::https), with TLS of the caller's choice.
    ///
    /// # Errors
    ///
    /// Fails if no loopback port can be had.
    pub async fn with_tls(config: Arc<ServerConfig>, steps: Vec<Step>) -> io::Result<Self> {
        Self::start(Some(config.into()), steps).await
    }

    async fn start(acceptor: Option<TlsAcceptor>, steps: Vec<Step>) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            steps,
            record: Record::new(),
            handshakes: Log::new(),
        });
        let following = shared.clone();
        let server = Server::start(Tasks::new(), move |stream| {
            let (shared, acceptor) = (following.clone(), acceptor.clone());
            async move {
                if script::arm(&stream, &shared.steps).is_err() {
                    return;
                }
                let Some(acceptor) = acceptor else {
                    return script::follow(stream, &shared.steps, &shared.record).await;
                };
                let handshake = acceptor.accept(stream);
                if let Some((stream, _)) = tls::accept(handshake, &shared.handshakes).await {
                    script::follow(stream, &shared.steps, &shared.record).await;
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

    /// A URL with this server's port, such as `https://origin.test:4567/path`.
    pub fn url(&self, scheme: &str, host: &str, path: &str) -> String {
        format!("{scheme}://{host}:{}{path}", self.port())
    }

    /// What the [`Hear`](Step::Hear) steps heard so far, oldest first; of very much, the newest.
    pub fn heard(&self) -> Vec<Vec<u8>> {
        self.shared.record.heard.entries()
    }

    /// The TLS handshakes so far, oldest first, with the reason for each that failed.
    pub fn handshakes(&self) -> Vec<Result<TlsSeen, String>> {
        self.shared.handshakes.entries()
    }

    /// The number of TCP connections accepted so far.
    pub fn connections(&self) -> usize {
        self.server.connections()
    }

    /// The number of connections whose script has not ended. Those that wait for the client
    /// (`Silence`, `Close`, `HalfClose`, `Flood`, `Tunnel`) end when the client has left.
    pub fn open(&self) -> usize {
        self.server.open()
    }

    /// How many bytes of the script's were taken so far, by the clients or by the operating system
    /// on their behalf. Of TLS, what is inside.
    pub fn said(&self) -> usize {
        self.shared.record.said.load(Ordering::Relaxed)
    }
}
