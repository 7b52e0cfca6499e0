//! What docs/migration.md starts from: a helper for reqwest that somebody wrote for the first client,
//! another for sockets, and the hope that everybody calls them. Not to be copied.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "what the token takes the place of"
)]

use std::env;
use std::error::Error;
use std::fs;
use std::sync::Arc;

use futures_util::StreamExt as _;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::ConfigVerifierExt as _;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::client_async;
use trusted_transport::http::Url;
use trusted_transport::ws::Message;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let urls: Vec<String> = env::args().skip(1).collect();
    let [https, wss] = &urls[..] else {
        return eprintln!("call it with an https:// and a wss:// URL");
    };
    // The first one wins, and it must not be forgotten.
    rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .ok();
    match status(https).await {
        Ok(status) => println!("over HTTPS: {status}"),
        Err(error) => println!("over HTTPS: {error}"),
    }
    match word(wss).await {
        Ok(word) => println!("over WSS: {word}"),
        Err(error) => println!("over WSS: {error}"),
    }
}

fn build_client_with_ca(
    mut builder: reqwest::ClientBuilder,
) -> Result<reqwest::Client, Box<dyn Error>> {
    if let Some(path) = env::var_os("SSL_CERT_FILE") {
        for certificate in reqwest::Certificate::from_pem_bundle(&fs::read(path)?)? {
            builder = builder.add_root_certificate(certificate);
        }
    }
    Ok(builder.build()?)
}

/// `None`: "use the default".
fn maybe_rustls_config() -> Option<Arc<ClientConfig>> {
    let path = env::var_os("SSL_CERT_FILE")?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).ok()? {
        roots.add(certificate.ok()?).ok()?;
    }
    let config = ClientConfig::builder().with_root_certificates(roots);
    Some(Arc::new(config.with_no_client_auth()))
}

async fn status(url: &str) -> Result<reqwest::StatusCode, Box<dyn Error>> {
    let client = build_client_with_ca(reqwest::Client::builder())?;
    Ok(client.get(url).send().await?.status())
}

async fn word(url: &str) -> Result<Message, Box<dyn Error>> {
    let place = Url::parse(url)?;
    let host = place.host_str().unwrap_or_default().to_owned();
    let port = place.port_or_known_default().unwrap_or_default();
    let stream = TcpStream::connect((host.as_str(), port)).await?;
    let config = maybe_rustls_config().map_or_else(default_config, Ok)?;
    let tls = TlsConnector::from(config);
    let stream = tls.connect(ServerName::try_from(host)?, stream).await?;
    let (mut socket, _response) = client_async(url, stream).await?;
    Ok(socket.next().await.ok_or("it ended")??)
}

/// Whatever the library takes for it.
fn default_config() -> Result<Arc<ClientConfig>, rustls::Error> {
    Ok(Arc::new(ClientConfig::with_platform_verifier()?))
}
