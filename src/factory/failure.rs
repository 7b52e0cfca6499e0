//! A refused certificate, put into words: whose it was, why it was refused, and what the
//! person behind the program can do.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use rustls::{CertificateError, OtherError};

use super::route::Route;
use crate::ca::{Distrust, SourceKind, TrustAnchors, TrustReport, counted};

/// A peer's certificate was refused.
#[derive(Clone)]
pub struct TrustFailure(Arc<Failure>);

struct Failure {
    host: String,
    peer: Peer,
    route: Route,
    error: rustls::Error,
    refusal: Refusal,
    anchors: TrustAnchors,
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

/// Why a certificate was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// No trust anchor stands behind it.
    UnknownIssuer,
    /// It is, or is signed by, a certificate that the bundle or the base roots say not to trust.
    Distrusted,
    /// Its time is over.
    Expired,
    /// Its time has not come, or the clock is wrong.
    NotYetValid,
    /// It is for other names.
    WrongHost,
    /// Its issuer took it back.
    Revoked,
    /// See the error's source.
    Other,
}

impl TrustFailure {
    pub(crate) fn new(
        host: String,
        peer: Peer,
        route: Route,
        error: CertificateError,
        anchors: TrustAnchors,
    ) -> Self {
        Self(Arc::new(Failure {
            host,
            peer,
            route,
            refusal: Refusal::of(&error),
            error: rustls::Error::InvalidCertificate(error),
            anchors,
        }))
    }

    /// The host of the URL.
    pub fn host(&self) -> &str {
        &self.0.host
    }

    /// Who presented the certificate.
    pub fn peer(&self) -> Peer {
        self.0.peer
    }

    /// The way that was taken.
    pub fn route(&self) -> &Route {
        &self.0.route
    }

    /// Why it was refused.
    pub fn refusal(&self) -> Refusal {
        self.0.refusal
    }

    /// The policy that refused it.
    pub fn report(&self) -> &TrustReport {
        self.0.anchors.report()
    }

    /// What to do about it.
    pub fn hint(&self) -> String {
        let peer = self.peer_name();
        match self.0.refusal {
            Refusal::UnknownIssuer => self.where_to_add_the_issuer(),
            Refusal::Distrusted => self.how_to_trust_it_again(),
            Refusal::Expired => {
                format!(
                    "check this computer's clock; if it is right, {peer} needs a new certificate"
                )
            }
            Refusal::NotYetValid => "check this computer's clock".to_owned(),
            Refusal::WrongHost => format!("check that {peer} is the name that its operator uses"),
            Refusal::Revoked | Refusal::Other => {
                format!("tell the operator of {peer}; nothing here should work around it")
            }
        }
    }

    fn where_to_add_the_issuer(&self) -> String {
        let TrustReport {
            source, variables, ..
        } = self.report();
        let add = match (&source.path, variables.first()) {
            (Some(path), _) => format!(
                "add its CA certificate to {}, which {} names",
                path.display(),
                source.name.as_deref().unwrap_or("the program")
            ),
            (None, Some(variable)) if source.kind == SourceKind::Platform => {
                format!("set {variable} to a PEM file with your company's CA certificates")
            }
            _ => "its CA certificate has to be given to the program, which consults no variable"
                .to_owned(),
        };
        format!("if your network inspects TLS, {add}")
    }

    fn how_to_trust_it_again(&self) -> String {
        let decided = match self.distrust() {
            Some(distrust) => format!("was decided in {}", distrust.file.display()),
            None => "is part of the policy".to_owned(),
        };
        format!(
            "the distrust {decided}; ask whoever wrote that, and only if it is a mistake replace \
             the block by the certificate alone (`openssl x509 -in .. -out ..` drops the settings)"
        )
    }

    fn distrust(&self) -> Option<&Distrust> {
        match &self.0.error {
            rustls::Error::InvalidCertificate(error) => distrust(error),
            _ => None,
        }
    }

    fn peer_name(&self) -> String {
        match (self.0.peer, self.0.route.proxy()) {
            (Peer::Proxy, Some(proxy)) => format!("the proxy {proxy}"),
            _ => self.0.host.clone(),
        }
    }

    /// The anchors that were searched, in words.
    fn anchors(&self) -> String {
        let report = self.report();
        match report.anchors {
            Some(count) => format!("{} ({})", counted(count, "trust anchor"), report.source),
            None => format!("the operating system's roots ({})", report.source),
        }
    }
}

impl fmt::Display for TrustFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Failure { host, route, .. } = &*self.0;
        let way = match self.0.peer {
            Peer::Proxy => format!("on the way to {host}"),
            Peer::Host => format!("connected {route}"),
        };
        let peer = self.peer_name();
        write!(f, "the certificate of {peer}, {way}, was refused: ")?;
        match self.0.refusal {
            Refusal::UnknownIssuer => write!(f, "none of {} has signed it", self.anchors()),
            Refusal::Distrusted => match self.distrust() {
                Some(distrust) => distrust.fmt(f),
                None => Refusal::Distrusted.fmt(f),
            },
            refusal => refusal.fmt(f),
        }
    }
}

impl fmt::Debug for TrustFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrustFailure")
            .field("host", &self.0.host)
            .field("peer", &self.0.peer)
            .field("route", &self.0.route)
            .field("refusal", &self.0.refusal)
            .field("error", &self.0.error)
            .field("fingerprint", &self.0.anchors.fingerprint())
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

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownIssuer => "no trust anchor has signed it",
            Self::Distrusted => "it is distrusted",
            Self::Expired => "it has expired",
            Self::NotYetValid => "it is not valid yet",
            Self::WrongHost => "it is for other host names",
            Self::Revoked => "it was revoked",
            Self::Other => "it is not acceptable",
        })
    }
}

/// What the verifier of this crate says, and no other.
fn distrust(error: &CertificateError) -> Option<&Distrust> {
    match error {
        CertificateError::Other(OtherError(error)) => error.downcast_ref(),
        _ => None,
    }
}

impl Refusal {
    fn of(error: &CertificateError) -> Self {
        match error {
            CertificateError::UnknownIssuer => Self::UnknownIssuer,
            error if distrust(error).is_some() => Self::Distrusted,
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Self::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                Self::NotYetValid
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Self::WrongHost
            }
            CertificateError::Revoked => Self::Revoked,
            _ => Self::Other,
        }
    }
}
