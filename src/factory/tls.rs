//! The only construction of `rustls::ClientConfig`: one verifier and one session store for
//! everything that a token makes under one trust, and the ALPN that each protocol needs (RFC 7301).

use std::sync::Arc;

use rustls::client::Resumption;
use rustls::crypto::CryptoProvider;
use rustls::{ClientConfig, Error, SupportedProtocolVersion};
use rustls_pki_types::ServerName;

use super::client_auth::Resolvers;
use super::live::Live;
use super::sessions::Sessions;

/// The oldest TLS version that is spoken; see
/// [`tls_min_version`](crate::TransportBuilder::tls_min_version).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsVersion {
    /// TLS 1.2, RFC 5246.
    #[default]
    Tls12,
    /// TLS 1.3, RFC 8446.
    Tls13,
}

/// The TLS side of a token, under one trust.
pub(crate) struct Tls {
    /// For others, who are not seen in a handshake; without ALPN, as the next.
    plain: Arc<ClientConfig>,
    proxy: Arc<ClientConfig>,
    websocket: Arc<ClientConfig>,
    sessions: Arc<Sessions>,
}

/// What stays the same whatever is trusted.
pub(crate) struct Profile {
    pub(crate) provider: Arc<CryptoProvider>,
    pub(crate) oldest: TlsVersion,
    pub(crate) resolvers: Resolvers,
    /// Peers whose sessions are not kept.
    pub(crate) never_resumed: Vec<ServerName<'static>>,
}

/// The versions of HTTP that a client offers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum HttpVersions {
    #[default]
    All,
    Http1,
    #[cfg(feature = "http2")]
    Http2,
}

impl Tls {
    /// Judged by `verifier`, and with no session that could be resumed.
    pub(crate) fn new(profile: &Profile, verifier: Arc<Live>) -> Result<Self, Error> {
        let Resolvers {
            own,
            others,
            shows_to_hosts,
        } = &profile.resolvers;
        let sessions = Arc::new(Sessions::new(
            *shows_to_hosts,
            profile.never_resumed.clone(),
        ));
        let mut plain = config(profile, verifier)?;
        plain.resumption = Resumption::store(Arc::clone(&sessions) as _);
        let mut proxy = plain.clone();
        plain.client_auth_cert_resolver = Arc::clone(others);
        proxy.client_auth_cert_resolver = Arc::clone(own);
        let mut websocket = proxy.clone();
        websocket.alpn_protocols = vec![HTTP_1_1.to_vec()];
        Ok(Self {
            plain: Arc::new(plain),
            proxy: Arc::new(proxy),
            websocket: Arc::new(websocket),
            sessions,
        })
    }

    /// Ends every session.
    pub(crate) fn retire(&self) {
        self.sessions.retire();
    }

    /// For protocols other than HTTP.
    pub(crate) fn plain(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.plain)
    }

    pub(crate) fn proxy(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.proxy)
    }

    /// A WebSocket upgrade exists in HTTP/1.1 only (RFC 6455, 4.1).
    pub(crate) fn websocket(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.websocket)
    }

    pub(crate) fn http(&self, versions: HttpVersions) -> ClientConfig {
        let mut config = ClientConfig::clone(&self.proxy);
        let offered: &[&[u8]] = match versions {
            HttpVersions::All if cfg!(feature = "http2") => &[HTTP_2, HTTP_1_1],
            HttpVersions::All | HttpVersions::Http1 => &[HTTP_1_1],
            #[cfg(feature = "http2")]
            HttpVersions::Http2 => &[HTTP_2],
        };
        config.alpn_protocols = offered.iter().map(|name| name.to_vec()).collect();
        config
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where a TLS configuration is made from a CA policy"
)]
fn config(profile: &Profile, verifier: Arc<Live>) -> Result<ClientConfig, Error> {
    let versions: &[&SupportedProtocolVersion] = match profile.oldest {
        TlsVersion::Tls12 => &[&rustls::version::TLS13, &rustls::version::TLS12],
        TlsVersion::Tls13 => &[&rustls::version::TLS13],
    };
    Ok(
        ClientConfig::builder_with_provider(Arc::clone(&profile.provider))
            .with_protocol_versions(versions)?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth(),
    )
}

const HTTP_1_1: &[u8] = b"http/1.1";
const HTTP_2: &[u8] = b"h2";
