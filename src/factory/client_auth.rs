//! Which identity a peer is shown: the destination's or the proxy's, and never the one for the
//! other. reqwest takes one TLS configuration for both, so the choice is made in each handshake.

use std::sync::Arc;

use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::crypto::CryptoProvider;
use rustls::sign::CertifiedKey;

use super::failure::Peer;
use super::identity::ClientIdentity;
use super::identity_error::IdentityError;
use super::trace;

/// The identities that the program gave to the token.
#[derive(Clone, Debug, Default)]
pub(crate) struct Identities {
    pub(crate) host: Option<ClientIdentity>,
    pub(crate) proxy: Option<ClientIdentity>,
}

impl Identities {
    pub(crate) fn is_empty(&self) -> bool {
        self.host.is_none() && self.proxy.is_none()
    }

    /// What rustls asks for them.
    pub(crate) fn resolvers(&self, provider: &CryptoProvider) -> Result<Resolvers, IdentityError> {
        let certified = |identity: &Option<ClientIdentity>| {
            let certified = identity.as_ref().map(|it| it.certified(provider));
            certified.transpose()
        };
        let (host, proxy) = (certified(&self.host)?, certified(&self.proxy)?);
        let shows_to_hosts = host.is_some();
        let own = Arc::new(PerHandshake {
            host: host.clone(),
            proxy,
        });
        Ok(Resolvers {
            others: match host {
                Some(host) => Arc::new(ForHosts(host)),
                None => own.clone(),
            },
            own,
            shows_to_hosts,
        })
    }
}

/// One of each for a token: rustls resumes a session only under the resolver it began with. There
/// are some without an identity too, to notice who asks for one.
pub(crate) struct Resolvers {
    /// For the token's own connections.
    pub(crate) own: Arc<dyn ResolvesClientCert>,
    /// For connections that others make with the token's configuration.
    pub(crate) others: Arc<dyn ResolvesClientCert>,
    /// Whether there is an identity for hosts.
    pub(crate) shows_to_hosts: bool,
}

/// Knows who is being shaken hands with, or shows nothing.
#[derive(Debug)]
struct PerHandshake {
    host: Option<Arc<CertifiedKey>>,
    proxy: Option<Arc<CertifiedKey>>,
}

impl PerHandshake {
    fn shown_to(&self, peer: Option<Peer>) -> Option<Arc<CertifiedKey>> {
        match peer? {
            Peer::Host => self.host.clone(),
            Peer::Proxy => self.proxy.clone(),
        }
    }
}

impl ResolvesClientCert for PerHandshake {
    fn resolve(&self, _: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let certified = self.shown_to(trace::peer());
        // rustls shows nothing that it cannot sign for.
        let shown = certified.filter(|it| it.key.choose_scheme(schemes).is_some());
        trace::asked(shown.as_deref());
        shown
    }

    fn has_certs(&self) -> bool {
        self.host.is_some() || self.proxy.is_some()
    }
}

/// Nothing here sees the connections of others, which are to a host as far as one can tell.
#[derive(Debug)]
struct ForHosts(Arc<CertifiedKey>);

impl ResolvesClientCert for ForHosts {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::factory::identity::tests::{PROVIDER, identity};

    #[test]
    fn each_peer_is_shown_its_own_identity_and_nobody_else_is_shown_any() {
        let certified = |name| identity(name).certified(&PROVIDER).expect("they fit");
        let (host, proxy) = (certified("host"), certified("proxy"));
        let shown = |host: Option<&Arc<CertifiedKey>>, proxy: Option<&Arc<CertifiedKey>>, peer| {
            let (host, proxy) = (host.cloned(), proxy.cloned());
            let resolver = PerHandshake { host, proxy };
            resolver
                .shown_to(peer)
                .map(|certified| certified.cert.clone())
        };
        let (of_host, of_proxy) = (Some(host.cert.clone()), Some(proxy.cert.clone()));
        for (peer, with_both, with_host, with_proxy) in [
            (Some(Peer::Host), of_host.clone(), of_host, None),
            (Some(Peer::Proxy), of_proxy.clone(), None, of_proxy),
            (None, None, None, None),
        ] {
            assert_eq!(shown(Some(&host), Some(&proxy), peer), with_both);
            assert_eq!(shown(Some(&host), None, peer), with_host);
            assert_eq!(shown(None, Some(&proxy), peer), with_proxy);
        }
    }

    #[test]
    fn connections_of_others_are_not_to_a_proxy() {
        let identities = Identities {
            proxy: Some(identity("proxy")),
            host: None,
        };
        let others = identities.resolvers(&PROVIDER).expect("they fit").others;
        assert!(others.resolve(&[], &[]).is_none());
    }
}
