//! The TLS side of an intercepting proxy. It reads the client's ClientHello, connects to the origin
//! with the protocols that the client offers, and answers the client with what the origin chose and
//! a certificate of its own authority. A tunnel that does not start with TLS passes untouched.

use std::collections::HashMap;
use std::fmt;
use std::io::{self, Cursor};
use std::sync::{Arc, Mutex};

use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::Acceptor;
use rustls::{ClientConfig, ServerConfig};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::client::TlsStream;

use crate::pki::{Authority, EndEntity};
use crate::server::{bounded, lock};
use crate::target::unbracketed;
use crate::tls::{self, Handshakes};
use crate::tunnel::tunnel;

/// The first byte of a TLS handshake record.
const TLS_HANDSHAKE: u8 = 22;
const CACHE_LIMIT: usize = 1024;

/// A server name, and the application protocol that the origin chose.
type ConfigKey = (String, Option<Vec<u8>>);

pub(crate) struct Interceptor {
    authority: Authority,
    upstream: Arc<ClientConfig>,
    /// Kept per name and protocol, so that clients can resume sessions.
    configs: Mutex<HashMap<ConfigKey, Arc<ServerConfig>>>,
    end_entities: Mutex<HashMap<String, EndEntity>>,
}

impl Interceptor {
    pub(crate) fn new(
        authority: Authority,
        upstream_roots: &[CertificateDer<'static>],
    ) -> io::Result<Self> {
        if upstream_roots.is_empty() {
            let message = "an intercepting proxy needs an upstream root";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
        Ok(Self {
            authority,
            upstream: Arc::new(tls::client_config(upstream_roots)),
            configs: Mutex::default(),
            end_entities: Mutex::default(),
        })
    }

    /// Serves one tunnel. `intercepted` is called as soon as the client has started TLS.
    pub(crate) async fn run<S>(
        &self,
        mut client: S,
        origin: TcpStream,
        host: &str,
        handshakes: &Handshakes,
        intercepted: impl FnOnce(),
    ) where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut first = [0; 1];
        if bounded(client.read_exact(&mut first)).await.is_err() {
            return;
        }
        let (reader, writer) = tokio::io::split(client);
        let client = tokio::io::join(Cursor::new(first).chain(reader), writer);
        if first[0] != TLS_HANDSHAKE {
            return tunnel(client, origin).await;
        }
        intercepted();
        if let Err(error) = self.intercept(client, origin, host, handshakes).await {
            handshakes.push(Err(error.to_string()));
        }
    }

    /// Answers the client's TLS. An error is one from before the handshake with the client.
    async fn intercept<S>(
        &self,
        client: S,
        origin: TcpStream,
        host: &str,
        handshakes: &Handshakes,
    ) -> io::Result<()>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let hello = LazyConfigAcceptor::new(Acceptor::default(), client);
        let start = bounded(hello).await?;
        let name = start.client_hello().server_name().map(str::to_owned);
        let name = name.unwrap_or_else(|| unbracketed(host).to_owned());
        let offered = start.client_hello().alpn();
        let offered = offered.map_or_else(Vec::new, |list| list.map(<[u8]>::to_vec).collect());
        let upstream = bounded(self.connect(origin, &name, offered)).await;
        let origin =
            upstream.map_err(|error| io::Error::new(error.kind(), format!("upstream: {error}")))?;
        let agreed = origin.get_ref().1.alpn_protocol().map(<[u8]>::to_vec);
        let handshake = start.into_stream(self.config(name, agreed));
        if let Some((client, _)) = tls::accept(handshake, handshakes).await {
            tunnel(client, origin).await;
        }
        Ok(())
    }

    #[expect(
        clippy::disallowed_methods,
        clippy::disallowed_types,
        reason = "the proxy's own connection to the origin, under the roots of the lab"
    )]
    async fn connect(
        &self,
        origin: TcpStream,
        name: &str,
        offered: Vec<Vec<u8>>,
    ) -> io::Result<TlsStream<TcpStream>> {
        let name = ServerName::try_from(name.to_owned()).map_err(io::Error::other)?;
        let mut config = ClientConfig::clone(&self.upstream);
        config.alpn_protocols = offered;
        let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
        connector.connect(name, origin).await
    }

    fn config(&self, name: String, agreed: Option<Vec<u8>>) -> Arc<ServerConfig> {
        let end_entity = self.end_entity(&name);
        let key = (name, agreed);
        let mut configs = lock(&self.configs);
        if let Some(config) = configs.get(&key) {
            return config.clone();
        }
        if configs.len() == CACHE_LIMIT {
            configs.clear();
        }
        let agreed: Vec<&[u8]> = key.1.iter().map(Vec::as_slice).collect();
        let config = end_entity.server_config(&agreed);
        configs.insert(key, config.clone());
        config
    }

    fn end_entity(&self, name: &str) -> EndEntity {
        let mut end_entities = lock(&self.end_entities);
        if let Some(end_entity) = end_entities.get(name) {
            return end_entity.clone();
        }
        if end_entities.len() == CACHE_LIMIT {
            end_entities.clear();
        }
        let end_entity = self.authority.issue(&[name]);
        end_entities.insert(name.to_owned(), end_entity.clone());
        end_entity
    }
}

impl fmt::Debug for Interceptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interceptor")
            .field("authority", &self.authority)
            .finish_non_exhaustive()
    }
}
