//! The raw libraries, as a program uses them that has no token: everything that the fence keeps out
//! of programs is in this file.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the raw libraries are what the token is compared with"
)]

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::WebSocketStream;

use crate::Outcome;

pub(crate) type Client = reqwest::Client;
pub(crate) type ClientBuilder = reqwest::ClientBuilder;
pub(crate) type Socket = WebSocketStream<TlsStream<TcpStream>>;

/// reqwest is compiled without a provider, and needs one for the process.
pub(crate) fn install_provider() {
    rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .expect("nobody was first");
}

/// With the platform's roots, directly.
pub(crate) fn client() -> Outcome<Client> {
    Ok(Client::builder().no_proxy().build()?)
}

/// With these roots, directly unless the caller names a proxy.
pub(crate) fn builder(pem: &str) -> Outcome<ClientBuilder> {
    let roots = reqwest::Certificate::from_pem_bundle(pem.as_bytes())?;
    Ok(Client::builder().no_proxy().tls_certs_only(roots))
}

pub(crate) fn through(builder: ClientBuilder, proxy: &str) -> Outcome<Client> {
    let builder = builder.proxy(reqwest::Proxy::all(proxy)?);
    Ok(builder.pool_max_idle_per_host(0).build()?)
}

/// Reads the certificates of a text, and makes a store of them.
pub(crate) fn roots(pem: &[u8]) -> Outcome<RootCertStore> {
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        store.add(certificate?)?;
    }
    Ok(store)
}

pub(crate) fn config(pem: &str) -> Outcome<ClientConfig> {
    let config = ClientConfig::builder().with_root_certificates(roots(pem.as_bytes())?);
    Ok(config.with_no_client_auth())
}

/// What `tokio_tungstenite::connect_async_tls_with_config` does, with its `disable_nagle`.
pub(crate) async fn socket(config: Arc<ClientConfig>, port: u16) -> Outcome<Socket> {
    let tcp = TcpStream::connect(("localhost", port)).await?;
    tcp.set_nodelay(true)?;
    let tls = TlsConnector::from(config).connect("localhost".try_into()?, tcp);
    let url = format!("wss://localhost:{}/", port);
    let (socket, _) = tokio_tungstenite::client_async(url, tls.await?).await?;
    Ok(socket)
}
