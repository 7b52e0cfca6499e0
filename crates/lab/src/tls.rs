//! What the lab's servers and clients share about TLS: the explicit provider, bounded handshakes
//! and their record. The process-wide default provider is neither read nor set.

use std::io;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, HandshakeKind, RootCertStore};
use tokio_rustls::server::TlsStream;

use crate::server::{Log, bounded};

/// What a server learnt from a completed TLS handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsSeen {
    /// The name that the client asked for, if it sent one.
    pub sni: Option<String>,
    /// The application protocol that was agreed on.
    pub alpn: Option<String>,
    /// The protocol version as rustls writes it: `TLSv1_2` or `TLSv1_3`.
    pub version: String,
    /// Whether the client resumed an earlier session.
    pub resumed: bool,
}

pub(crate) type Handshakes = Log<Result<TlsSeen, String>>;

/// Awaits the server side of a handshake for a bounded time and records how it went.
pub(crate) async fn accept<S>(
    handshake: impl Future<Output = io::Result<TlsStream<S>>>,
    log: &Handshakes,
) -> Option<(TlsStream<S>, TlsSeen)> {
    match bounded(handshake).await {
        Ok(stream) => {
            let seen = TlsSeen::of(&stream);
            log.push(Ok(seen.clone()));
            Some((stream, seen))
        }
        Err(error) => {
            log.push(Err(error.to_string()));
            None
        }
    }
}

impl TlsSeen {
    fn of<S>(stream: &TlsStream<S>) -> Self {
        let connection = stream.get_ref().1;
        let version = connection.protocol_version();
        Self {
            sni: connection.server_name().map(str::to_owned),
            alpn: connection
                .alpn_protocol()
                .map(|protocol| String::from_utf8_lossy(protocol).into_owned()),
            version: version.map_or_else(String::new, |version| format!("{version:?}")),
            resumed: connection.handshake_kind() == Some(HandshakeKind::Resumed),
        }
    }
}

pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// A client configuration that trusts exactly these roots.
#[expect(
    clippy::disallowed_methods,
    reason = "the lab plays the intercepting proxy and the programs without a token"
)]
pub(crate) fn client_config(roots: &[CertificateDer<'static>]) -> ClientConfig {
    let mut store = RootCertStore::empty();
    for root in roots {
        store
            .add(root.clone())
            .expect("a root of the lab is a certificate");
    }
    ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .expect("the provider has suites for TLS 1.2 and 1.3")
        .with_root_certificates(store)
        .with_no_client_auth()
}
