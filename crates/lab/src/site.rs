//! An HTTPS server that answers with a service of the caller's, for what an origin with fixed answers
//! cannot play: an API, a login, a stream.

use std::convert::Infallible;
use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::{Body, Incoming};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio_rustls::TlsAcceptor;
use tower_service::Service;

use crate::pki::EndEntity;
use crate::server::{Server, Tasks, http};
use crate::tls::{self, Handshakes, TlsSeen};

/// A running server. Dropping it closes the port and every connection.
#[derive(Debug)]
pub struct Site {
    server: Server,
    handshakes: Arc<Handshakes>,
}

impl Site {
    /// Starts an HTTPS server with HTTP/1.1 and HTTP/2 that presents this chain. Every connection has
    /// a clone of the service.
    ///
    /// # Errors
    ///
    /// Fails if no loopback port can be had.
    pub async fn https<S, B>(end_entity: EndEntity, service: S) -> io::Result<Self>
    where
        S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
        S: Clone + Send + 'static,
        S::Future: Send,
        B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
    {
        let acceptor = TlsAcceptor::from(end_entity.server_config(&[b"h2", b"http/1.1"]));
        let (tasks, handshakes) = (Tasks::new(), Arc::new(Handshakes::new()));
        let (spawner, log) = (tasks.clone(), handshakes.clone());
        let server = Server::start(tasks, move |stream| {
            let handshake = acceptor.accept(stream);
            let (service, log) = (TowerToHyperService::new(service.clone()), log.clone());
            let http = http(&spawner);
            async move {
                if let Some((stream, _)) = tls::accept(handshake, &log).await {
                    // How a connection ended is for the client to notice.
                    let stream = TokioIo::new(stream);
                    let _ = http.serve_connection_with_upgrades(stream, service).await;
                }
            }
        })
        .await?;
        Ok(Self { server, handshakes })
    }

    /// The address that it listens on.
    pub fn addr(&self) -> SocketAddr {
        self.server.addr()
    }

    /// A URL with this server's port, such as `wss://service.test:4567/path`.
    pub fn url(&self, scheme: &str, host: &str, path: &str) -> String {
        format!("{scheme}://{host}:{}{path}", self.addr().port())
    }

    /// The TLS handshakes so far, oldest first, with the reason for each that failed.
    pub fn handshakes(&self) -> Vec<Result<TlsSeen, String>> {
        self.handshakes.entries()
    }

    /// The number of TCP connections accepted so far.
    pub fn connections(&self) -> usize {
        self.server.connections()
    }
}
