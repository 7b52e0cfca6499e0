//! What a token is to be, before it is built.

use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::CryptoProvider;

use super::client_auth::Identities;
use super::crypto::{self, KeyExchange};
use super::error::TransportError;
use super::identity::ClientIdentity;
use super::proxy::ProxyPolicy;
use super::resolve::Resolver;
use super::route::Routes;
use super::tls::{Profile, TlsVersion};
use super::transport::{Settings, TrustedTransport};
use crate::ca::TrustAnchors;

/// What a [`TrustedTransport`] is to be; from [`TrustedTransport::builder`].
#[must_use = "a transport is not built until `build` is called"]
pub struct TransportBuilder {
    anchors: TrustAnchors,
    proxy: ProxyPolicy,
    provider: Option<Arc<CryptoProvider>>,
    tls_min_version: TlsVersion,
    key_exchange: KeyExchange,
    https_only: bool,
    identities: Identities,
    connect_timeout: Duration,
    resolve: HashMap<String, Vec<SocketAddr>>,
}

impl TransportBuilder {
    pub(crate) fn of(anchors: TrustAnchors) -> Self {
        Self {
            anchors,
            proxy: ProxyPolicy::default(),
            provider: None,
            tls_min_version: TlsVersion::default(),
            key_exchange: KeyExchange::default(),
            https_only: false,
            identities: Identities::default(),
            connect_timeout: CONNECT_TIMEOUT,
            resolve: HashMap::new(),
        }
    }

    /// Which proxies are used; the environment's unless this says otherwise.
    pub fn proxy(mut self, proxy: ProxyPolicy) -> Self {
        self.proxy = proxy;
        self
    }

    /// The cryptography of TLS, the check of signatures included; that of the enabled feature
    /// unless this says otherwise.
    pub fn crypto_provider(mut self, provider: Arc<CryptoProvider>) -> Self {
        self.provider = Some(provider);
        self
    }

    /// The oldest version of TLS that is spoken; 1.2 unless this says otherwise.
    pub fn tls_min_version(mut self, oldest: TlsVersion) -> Self {
        self.tls_min_version = oldest;
        self
    }

    /// Which key exchanges are offered, by whatever this token makes; all of the provider's
    /// unless this says otherwise.
    pub fn key_exchange(mut self, key_exchange: KeyExchange) -> Self {
        self.key_exchange = key_exchange;
        self
    }

    /// Refuses `http` and `ws` URLs, and redirects to them.
    pub fn https_only(mut self, only: bool) -> Self {
        self.https_only = only;
        self
    }

    /// Who the client is, for destinations that ask; nobody unless this says otherwise. It is
    /// part of [`rustls_config`](TrustedTransport::rustls_config), and never shown to a proxy. Every
    /// trusted host that asks learns of it, also one that a redirect leads to.
    pub fn identity(mut self, identity: ClientIdentity) -> Self {
        self.identities.host = Some(identity);
        self
    }

    /// Who the client is, for `https://` proxies that ask; nobody unless this says otherwise.
    /// It is never shown to a destination.
    pub fn proxy_identity(mut self, identity: ClientIdentity) -> Self {
        self.identities.proxy = Some(identity);
        self
    }

    /// The time from name resolution to the end of the last handshake, on every connection;
    /// 30 s unless this says otherwise.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Gives the addresses of `host` in place of the system's resolver, to both transports.
    /// A port in the URL beats the port of an address. Names that a proxy resolves are not
    /// affected.
    pub fn resolve(mut self, host: impl AsRef<str>, addresses: impl AsRef<[SocketAddr]>) -> Self {
        self.resolve.insert(
            host.as_ref().to_ascii_lowercase(),
            addresses.as_ref().to_vec(),
        );
        self
    }

    /// Builds the token.
    ///
    /// # Errors
    /// [`TransportError::InvalidProxy`] if the proxy, or a variable that names one, is not
    /// valid; [`TransportError::NoCryptoProvider`] and [`TransportError::Configuration`] if
    /// TLS is not possible with the provider; [`TransportError::Identity`] if the key of an
    /// identity is not its certificate's, or is of no use to the provider.
    pub fn build(self) -> Result<TrustedTransport, TransportError> {
        let (provider, name) = match self.provider {
            Some(provider) => (provider, "the program's own"),
            None => crypto::default_provider()?,
        };
        let provider = self.key_exchange.of(provider);
        let routes = Routes::new(&self.proxy)?;
        let resolver = Resolver::new(self.resolve, routes.needs_ipv4());
        tracing::info!(
            target: crate::LOG_TARGET,
            routes = %routes,
            crypto_provider = name,
            fips = provider.fips(),
            key_exchange = ?self.key_exchange,
            fingerprint = self.anchors.fingerprint(),
            "transport built"
        );
        let resolvers = self.identities.resolvers(&provider)?;
        let profile = Profile {
            provider,
            oldest: self.tls_min_version,
            resolvers,
            never_resumed: match self.identities.is_empty() {
                true => Vec::new(),
                false => routes.names_of_tls_proxies(),
            },
        };
        let settings = Settings {
            profile,
            routes: Arc::new(routes),
            resolver,
            https_only: self.https_only,
            connect_timeout: self.connect_timeout,
        };
        TrustedTransport::with(self.anchors, settings)
            .map_err(|source| TransportError::Configuration { source })
    }
}

impl fmt::Debug for TransportBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransportBuilder")
            .field("anchors", &self.anchors)
            .field("proxy", &self.proxy)
            .field("https_only", &self.https_only)
            .field("identities", &self.identities)
            .field("connect_timeout", &self.connect_timeout)
            .finish_non_exhaustive()
    }
}

const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
