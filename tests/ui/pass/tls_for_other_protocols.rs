//! The token's TLS configuration serves protocols of which it knows nothing.
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use trusted_transport::TrustedTransport;

async fn mail(transport: TrustedTransport) -> std::io::Result<TlsStream<TcpStream>> {
    let name = "mail.example.com".try_into().map_err(std::io::Error::other)?;
    let stream = TcpStream::connect(("mail.example.com", 993)).await?;
    TlsConnector::from(transport.rustls_config()).connect(name, stream).await
}

/// A copy may offer another protocol (RFC 7301).
fn with_alpn(transport: &TrustedTransport) -> Arc<rustls::ClientConfig> {
    let mut config = rustls::ClientConfig::clone(&transport.rustls_config());
    config.alpn_protocols = vec![b"h2".to_vec()];
    Arc::new(config)
}

fn main() {
    let _ = (mail, with_alpn);
}
