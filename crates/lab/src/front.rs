//! TLS before a server that speaks none: what a client says on its session goes there, and back.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio_rustls::TlsAcceptor;

use crate::pki::EndEntity;
use crate::server::{Server, Tasks};
use crate::target::dial_addr;
use crate::tls::{self, Handshakes};
use crate::tunnel::tunnel;

/// A running TLS front. Dropping it closes the port and every connection.
#[derive(Debug)]
pub struct Front {
    server: Server,
}

impl Front {
    /// Starts a front for the server at `behind`, a loopback address. It agrees on HTTP/1.1 only.
    ///
    /// # Errors
    ///
    /// Fails if no loopback port can be had.
    pub async fn start(end_entity: EndEntity, behind: SocketAddr) -> io::Result<Self> {
        let acceptor = TlsAcceptor::from(end_entity.server_config(&[b"http/1.1"]));
        let handshakes = Arc::new(Handshakes::new());
        let server = Server::start(Tasks::new(), move |stream| {
            let (acceptor, handshakes) = (acceptor.clone(), handshakes.clone());
            async move {
                let handshake = acceptor.accept(stream);
                let Some((client, _)) = tls::accept(handshake, &handshakes).await else {
                    return;
                };
                if let Ok(server) = dial_addr(behind).await {
                    tunnel(client, server).await;
                }
            }
        })
        .await?;
        Ok(Self { server })
    }

    /// The address that it listens on.
    pub fn addr(&self) -> SocketAddr {
        self.server.addr()
    }

    /// A URL with this server's port, such as `wss://origin.test:4567/path`.
    pub fn url(&self, scheme: &str, host: &str, path: &str) -> String {
        format!("{scheme}://{host}:{}{path}", self.addr().port())
    }
}
