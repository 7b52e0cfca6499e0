//! Opens the byte stream of a WebSocket: TCP, the way through a proxy, TLS to it and TLS to
//! the destination. The parts are the ones that reqwest is made of.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use hyper_rustls::MaybeHttpsStream;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::{SocksV4, SocksV5, Tunnel};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tokio::net::TcpStream;
use tower_service::Service;
use url::Host;

use super::proxy::ProxyServer;
use super::resolve::Resolver;
use super::route::{Destination, Route};
use super::tls::Tls;
use super::trace;

/// A stream to the destination: TLS if it is secure, over TCP or TLS to a proxy.
///
/// Two TLS states are large, and a WebSocket's handshake moves its stream a dozen times.
pub(crate) type Connection = Box<TokioIo<MaybeHttpsStream<Hop>>>;

/// A stream to the destination, or to a proxy that has already connected it.
type Hop = MaybeHttpsStream<TokioIo<TcpStream>>;

pub(crate) type BoxError = Box<dyn Error + Send + Sync>;

/// Opens a stream to `destination`, with TLS as `config` has it; the caller bounds the time.
/// `timeout` is divided among
/// the addresses of a host, so that one that never answers does not use it up.
pub(crate) async fn dial(
    destination: &Destination,
    route: &Route,
    resolver: &Resolver,
    tls: &Tls,
    config: Arc<ClientConfig>,
    timeout: Duration,
) -> Result<Connection, BoxError> {
    trace::starts(destination, route);
    let mut tcp = HttpConnector::new_with_resolver(resolver.clone());
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(timeout));

    let hop = match route.server() {
        None => direct(destination, tcp).await?,
        // Its state is large, and would be moved with that of every connection.
        Some(proxy) => Box::pin(through(proxy, destination, tcp, resolver, tls)).await?,
    };
    if !destination.secure {
        return Ok(Box::new(TokioIo::new(MaybeHttpsStream::Http(hop))));
    }
    secure(destination, hop, config).await
}

async fn direct(
    destination: &Destination,
    mut tcp: HttpConnector<Resolver>,
) -> Result<Hop, BoxError> {
    let uri = destination.uri().ok_or(NoSuchHost)?;
    Ok(MaybeHttpsStream::Http(tcp.call(uri).await?))
}

async fn through(
    proxy: &ProxyServer,
    destination: &Destination,
    tcp: HttpConnector<Resolver>,
    resolver: &Resolver,
    tls: &Tls,
) -> Result<Hop, BoxError> {
    let server = proxy.intercept.uri().clone();
    let target = match proxy.scheme() {
        "socks4" | "socks5" => locally_resolved(destination, resolver).await?,
        _ => destination
            .uri_with_port(&destination.host)
            .ok_or(NoSuchHost)?,
    };
    let hop = match proxy.scheme() {
        "socks4" | "socks4a" => {
            MaybeHttpsStream::Http(SocksV4::new(server, tcp).call(target).await?)
        }
        "socks5" | "socks5h" => {
            let mut socks = SocksV5::new(server, tcp);
            if let Some((user, password)) = proxy.intercept.raw_auth() {
                socks = socks.with_auth(user.to_owned(), password.to_owned());
            }
            MaybeHttpsStream::Http(socks.call(target).await?)
        }
        _ => {
            let mut tunnel = Tunnel::new(server, to_proxy(tcp, tls));
            if let Some(credentials) = proxy.intercept.basic_auth() {
                tunnel = tunnel.with_auth(credentials.clone());
            }
            tunnel.call(target).await?
        }
    };
    Ok(hop)
}

/// TCP, and TLS over it if the proxy's URL says so.
#[expect(
    clippy::disallowed_types,
    reason = "TLS to a proxy under the token's own policy"
)]
fn to_proxy(
    tcp: HttpConnector<Resolver>,
    tls: &Tls,
) -> hyper_rustls::HttpsConnector<HttpConnector<Resolver>> {
    (tcp, tls.proxy()).into()
}

#[expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "TLS to the destination under the token's own policy"
)]
async fn secure(
    destination: &Destination,
    hop: Hop,
    config: Arc<ClientConfig>,
) -> Result<Connection, BoxError> {
    let stream = tokio_rustls::TlsConnector::from(config)
        .connect(destination.server_name()?.to_owned(), TokioIo::new(hop))
        .await?;
    let stream = MaybeHttpsStream::Https(TokioIo::new(stream));
    Ok(Box::new(TokioIo::new(stream)))
}

/// For proxies that are to be given an address. hyper-util's own way blocks the thread.
async fn locally_resolved(destination: &Destination, resolver: &Resolver) -> Result<Uri, BoxError> {
    let host = match &destination.host {
        Host::Domain(name) => {
            let mut addresses = resolver.clone().call(name.parse()?).await?;
            match addresses.next().ok_or(NoSuchHost)? {
                SocketAddr::V4(address) => Host::Ipv4(*address.ip()),
                SocketAddr::V6(address) => Host::Ipv6(*address.ip()),
            }
        }
        address => address.clone(),
    };
    Ok(destination.uri_with_port(&host).ok_or(NoSuchHost)?)
}

#[derive(Debug, thiserror::Error)]
#[error("the host has no address that the proxy can be given")]
struct NoSuchHost;
