//! A refused certificate: whose it was, why it was refused, what was presented, and what the person
//! behind the program can do.

use std::error::Error;
use std::fmt;
use std::sync::{Arc, OnceLock};

use super::interception::{Interception, product};
use super::live::Refused;
use super::refusal::{Refusal, distrust};
use super::remedy::{Reason, Remedy};
use super::route::Route;
use crate::ca::{Chain, Distrust, End, PresentedCertificate, TrustReport};

/// A peer's certificate was refused.
#[derive(Clone)]
pub struct TrustFailure(Arc<Failure>);

struct Failure {
    host: String,
    route: Route,
    refused: Refused,
    /// What the TLS library said.
    error: rustls::Error,
    refusal: Refusal,
    chain: OnceLock<Vec<PresentedCertificate>>,
    end: OnceLock<Option<End>>,
}

/// Who presented the certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Peer {
    /// The host of the URL, or whoever intercepts connections to it.
    Host,
    /// The proxy itself, which is connected to with TLS.
    Proxy,
}

impl TrustFailure {
    pub(crate) fn new(host: String, route: Route, refused: Refused) -> Self {
        Self(Arc::new(Failure {
            host,
            route,
            refusal: refusal(&refused),
            error: rustls::Error::InvalidCertificate(refused.error.clone()),
            refused,
            chain: OnceLock::new(),
            end: OnceLock::new(),
        }))
    }

    /// The host of the URL.
    pub fn host(&self) -> &str {
        &self.0.host
    }

    /// Who presented the certificate.
    pub fn peer(&self) -> Peer {
        self.0.refused.peer
    }

    /// The way that was taken.
    pub fn route(&self) -> &Route {
        &self.0.route
    }

    /// Why it was refused.
    pub fn refusal(&self) -> Refusal {
        self.0.refusal
    }

    /// What was presented: the end-entity first, then the others in the order in which they came.
    pub fn chain(&self) -> &[PresentedCertificate] {
        let Failure { refused, chain, .. } = &*self.0;
        chain.get_or_init(|| {
            let presented = refused.presented.iter();
            presented.map(PresentedCertificate::of).collect()
        })
    }

    /// If no trust anchor is behind it: the name of the authority that would have to be one, or
    /// whose certificate the peer failed to send.
    pub fn missing_issuer(&self) -> Option<&str> {
        let unknown = self.0.refusal == Refusal::UnknownIssuer;
        let end = self.end().filter(|_| unknown)?;
        Some(&end.issuer)
    }

    /// Whether it looks as if the network had re-signed the connection. A guess: names in
    /// certificates prove nothing.
    pub fn interception(&self) -> Interception {
        let chain = self.chain().iter();
        let names = chain.flat_map(|it| [it.issuer.as_str(), it.subject.as_str()]);
        if let Some(product) = product(names) {
            return Interception::Product(product);
        }
        let anchors = &self.0.refused.anchors;
        match (self.0.refusal, self.end()) {
            (Refusal::UnknownIssuer, Some(end)) if anchors.is_public(&end.name) == Some(false) => {
                Interception::PrivateIssuer
            }
            _ => Interception::Unlikely,
        }
    }

    /// The policy that refused it.
    pub fn report(&self) -> &TrustReport {
        self.0.refused.anchors.report()
    }

    /// What to do about it.
    pub fn hint(&self) -> String {
        Remedy(self).to_string()
    }

    pub(crate) fn refused(&self) -> &Refused {
        &self.0.refused
    }

    /// Where the chain leads.
    pub(crate) fn end(&self) -> Option<&End> {
        let Failure { refused, end, .. } = &*self.0;
        let end = end.get_or_init(|| Chain(&refused.presented).end());
        end.as_ref()
    }

    pub(crate) fn distrust(&self) -> Option<&Distrust> {
        distrust(&self.0.refused.error)
    }

    pub(crate) fn peer_name(&self) -> String {
        match (self.peer(), self.0.route.proxy()) {
            (Peer::Proxy, Some(proxy)) => format!("the proxy {proxy}"),
            _ => self.0.host.clone(),
        }
    }
}

/// An anchor that has the right name and another key is not the issuer, whatever the verifier says
/// of the signature: an authority that was renewed, say.
fn refusal(refused: &Refused) -> Refusal {
    let refusal = Refusal::of(&refused.error);
    if refusal != Refusal::BadSignature || refused.unproven {
        return refusal;
    }
    let (chain, anchors) = (Chain(&refused.presented), &refused.anchors);
    let end = chain
        .end()
        .filter(|_| chain.weakness(anchors.all()).is_none());
    match end.is_some_and(|end| anchors.named(&end.name) > 0) {
        true => Refusal::UnknownIssuer,
        false => refusal,
    }
}

impl fmt::Display for TrustFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Failure { host, route, .. } = &*self.0;
        let way = match self.peer() {
            Peer::Proxy => format!("on the way to {host}"),
            Peer::Host => format!("connected {route}"),
        };
        let peer = self.peer_name();
        write!(f, "the certificate of {peer}, {way}, was refused: ")?;
        Reason(self).fmt(f)
    }
}

impl fmt::Debug for TrustFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrustFailure")
            .field("host", &self.0.host)
            .field("peer", &self.peer())
            .field("route", &self.0.route)
            .field("refusal", &self.0.refusal)
            .field("error", &self.0.error)
            .field("presented", &self.0.refused.presented.len())
            .field("fingerprint", &self.0.refused.anchors.fingerprint())
            .finish_non_exhaustive()
    }
}

impl Error for TrustFailure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self.0.refusal {
            // Says the same.
            Refusal::Distrusted => None,
            _ => Some(&self.0.error),
        }
    }
}
