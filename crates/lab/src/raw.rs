//! Raw clients, for contrast: what a program does that has no token. They trust exactly the roots
//! that they are given, and report the short cause that such a program would print.

use std::error::Error;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderValue, Uri};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use percent_encoding::percent_decode_str;
use rustls::ClientConfig;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite;
use tower_service::Service;

use crate::server::HANDSHAKE;
use crate::target::{dial_addr, unbracketed};

/// A client that trusts exactly the roots it was made with, and no policy.
#[derive(Clone, Debug)]
pub struct RawClient {
    tls: Arc<ClientConfig>,
}

impl RawClient {
    /// Makes a client that trusts exactly these roots.
    ///
    /// # Panics
    ///
    /// Panics if one of them is not a certificate.
    pub fn new(roots: &[CertificateDer<'static>]) -> Self {
        Self {
            tls: Arc::new(crate::tls::client_config(roots)),
        }
    }

    /// Sends a `GET` with a raw `reqwest` client and returns the status of the answer. A host name
    /// needs a proxy, or the address that stands for it in `resolve`.
    ///
    /// # Errors
    ///
    /// Fails with the innermost cause if there is no answer within 10 seconds.
    #[expect(
        clippy::disallowed_methods,
        clippy::disallowed_types,
        reason = "this is the raw client that the lab contrasts with the token"
    )]
    pub async fn https(
        &self,
        url: &str,
        proxy: Option<&str>,
        resolve: Option<(&str, SocketAddr)>,
    ) -> Result<u16, RawError> {
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(ClientConfig::clone(&self.tls))
            .timeout(HANDSHAKE);
        if let Some(proxy) = proxy {
            Target::of(proxy)?.addr(None)?;
            builder = builder.proxy(reqwest::Proxy::all(proxy).map_err(RawError::of)?);
        } else {
            Target::of(url)?.addr(resolve)?;
            builder = builder.no_proxy();
        }
        if let Some((host, addr)) = resolve {
            builder = builder.resolve(host, addr);
        }
        let client = builder.build().map_err(RawError::of)?;
        let response = client.get(url).send().await.map_err(RawError::of)?;
        Ok(response.status().as_u16())
    }

    /// Opens a `wss://` (or `ws://`) socket and returns the status of the answer: 101 if it stands.
    /// The proxy, if any, is an `http://` one; without it a host name needs `resolve`.
    ///
    /// # Errors
    ///
    /// Fails with the innermost cause if there is no answer within 10 seconds.
    pub async fn wss(
        &self,
        url: &str,
        proxy: Option<&str>,
        resolve: Option<(&str, SocketAddr)>,
    ) -> Result<u16, RawError> {
        let socket = async {
            let target = Target::of(url)?;
            let stream = match proxy {
                Some(proxy) => tunnelled(proxy, &target).await?,
                None => {
                    let addr = target.addr(resolve)?;
                    dial_addr(addr).await.map_err(RawError::of)?
                }
            };
            if target.tls {
                let stream = self.connect(&target.host, stream).await?;
                upgrade(url, stream).await
            } else {
                upgrade(url, stream).await
            }
        };
        let late = || RawError::new(format!("no answer within {} s", HANDSHAKE.as_secs()));
        timeout(HANDSHAKE, socket).await.map_err(|_| late())?
    }

    #[expect(
        clippy::disallowed_methods,
        clippy::disallowed_types,
        reason = "this is the raw client that the lab contrasts with the token"
    )]
    async fn connect(
        &self,
        host: &str,
        stream: TcpStream,
    ) -> Result<tokio_rustls::client::TlsStream<TcpStream>, RawError> {
        let name = ServerName::try_from(unbracketed(host).to_owned()).map_err(RawError::of)?;
        let connector = tokio_rustls::TlsConnector::from(self.tls.clone());
        connector.connect(name, stream).await.map_err(RawError::of)
    }
}

/// Why a raw client got no answer: the innermost cause, as a program would print it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{cause}")]
pub struct RawError {
    cause: String,
}

impl RawError {
    fn new(cause: impl Into<String>) -> Self {
        let cause = cause.into();
        Self { cause }
    }

    fn of(error: impl Error + 'static) -> Self {
        Self::new(innermost(&error).to_string())
    }
}

/// The end of a chain of causes. `io::Error::source` skips the error that it wraps, so that one is
/// looked at first.
fn innermost<'a>(error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    let mut error = error;
    loop {
        let wrapped = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        error = match wrapped {
            Some(inner) => inner,
            None => match error.source() {
                Some(source) => source,
                None => return error,
            },
        };
    }
}

struct Target {
    host: String,
    port: u16,
    tls: bool,
}

impl Target {
    fn of(url: &str) -> Result<Self, RawError> {
        let uri: Uri = url.parse().map_err(RawError::of)?;
        let tls = matches!(uri.scheme_str(), Some("https" | "wss"));
        let host = uri.host().ok_or_else(|| RawError::new("no host in URL"))?;
        Ok(Self {
            host: host.to_owned(),
            port: uri.port_u16().unwrap_or(if tls { 443 } else { 80 }),
            tls,
        })
    }

    /// The address to dial. Names are never looked up: the lab stays on this machine.
    fn addr(&self, resolve: Option<(&str, SocketAddr)>) -> Result<SocketAddr, RawError> {
        if let Some((_, addr)) = resolve.filter(|(host, _)| host.eq_ignore_ascii_case(&self.host)) {
            let port = if addr.port() == 0 {
                self.port
            } else {
                addr.port()
            };
            return Ok((addr.ip(), port).into());
        }
        let ip = match unbracketed(&self.host) {
            "localhost" => Ok(Ipv4Addr::LOCALHOST.into()),
            host => host.parse::<IpAddr>(),
        };
        ip.map(|ip| (ip, self.port).into())
            .map_err(|_| RawError::new(format!("no address given for {}", self.host)))
    }
}

async fn tunnelled(proxy: &str, target: &Target) -> Result<TcpStream, RawError> {
    Target::of(proxy)?.addr(None)?;
    let proxy: Uri = proxy.parse().map_err(RawError::of)?;
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    connector.set_connect_timeout(Some(Duration::from_secs(5)));
    let authorization = authorization(&proxy);
    let mut tunnel = Tunnel::new(proxy, connector);
    if let Some(authorization) = authorization {
        tunnel = tunnel.with_auth(authorization);
    }
    let destination = format!("https://{}:{}", target.host, target.port);
    let destination = destination.parse().map_err(RawError::of)?;
    let stream = tunnel.call(destination).await.map_err(RawError::of)?;
    Ok(stream.into_inner())
}

fn authorization(proxy: &Uri) -> Option<HeaderValue> {
    let (user_info, _) = proxy.authority()?.as_str().rsplit_once('@')?;
    let plain: Vec<u8> = percent_decode_str(user_info).collect();
    HeaderValue::try_from(format!("Basic {}", BASE64_STANDARD.encode(plain))).ok()
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the raw client that the lab contrasts with the token"
)]
async fn upgrade<S>(url: &str, stream: S) -> Result<u16, RawError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    match tokio_tungstenite::client_async(url, stream).await {
        Ok((mut socket, response)) => {
            // The status is what was asked for; how the socket closes changes nothing about it.
            let _ = socket.close(None).await;
            Ok(response.status().as_u16())
        }
        Err(tungstenite::Error::Http(response)) => Ok(response.status().as_u16()),
        Err(error) => Err(RawError::of(error)),
    }
}
