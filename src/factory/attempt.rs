//! A connection that was tried and failed: which kind of error it is, told by the types in
//! the chain of causes.

use std::error::Error;
use std::io;
use std::time::Duration;

use rustls::CertificateError;

use super::error::TransportError;
use super::failure::{Peer, TrustFailure};
use super::route::Route;
use crate::ca::TrustAnchors;

/// A connection that was tried: what its failure is put into words with.
pub(crate) struct Attempt {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) route: Route,
    pub(crate) deadline: Duration,
    pub(crate) anchors: TrustAnchors,
}

/// How far an attempt came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Not beyond the proxy.
    Proxy,
    /// Towards the host itself.
    Host,
}

impl Attempt {
    pub(crate) fn failed(
        self,
        phase: Phase,
        source: Box<dyn Error + Send + Sync>,
    ) -> TransportError {
        if let Some(error) = certificate_error(&*source) {
            return TransportError::Untrusted(self.untrusted(phase, error));
        }
        if causes(&*source).any(timed_out) {
            return self.timed_out();
        }
        let Self {
            host, port, route, ..
        } = self;
        match phase {
            Phase::Proxy => TransportError::Proxy {
                host,
                port,
                route,
                source,
            },
            Phase::Host => TransportError::Connect {
                host,
                port,
                route,
                source,
            },
        }
    }

    pub(crate) fn timed_out(self) -> TransportError {
        TransportError::ConnectTimeout {
            host: self.host,
            port: self.port,
            route: self.route,
            deadline: self.deadline,
        }
    }

    fn untrusted(self, phase: Phase, error: CertificateError) -> TrustFailure {
        let peer = match phase {
            Phase::Proxy => Peer::Proxy,
            Phase::Host => Peer::Host,
        };
        TrustFailure::new(self.host, peer, self.route, error, self.anchors)
    }
}

/// An error and what it comes from, outermost first. `io::Error` hides what it wraps from
/// `source()`.
pub(crate) fn causes<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| {
        let wrapped = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        match wrapped {
            Some(inner) => Some(inner),
            None => error.source(),
        }
    })
}

/// What the verifier said.
fn certificate_error(error: &(dyn Error + 'static)) -> Option<CertificateError> {
    causes(error).find_map(|error| match error.downcast_ref() {
        Some(rustls::Error::InvalidCertificate(error)) => Some(error.clone()),
        _ => None,
    })
}

fn timed_out(error: &(dyn Error + 'static)) -> bool {
    error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::TimedOut)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_certificate_is_found_through_nested_io_errors() {
        let error = rustls::Error::InvalidCertificate(CertificateError::Expired);
        let nested = io::Error::other(io::Error::new(io::ErrorKind::InvalidData, error));
        assert_eq!(certificate_error(&nested), Some(CertificateError::Expired));
        let other = io::Error::other(rustls::Error::DecryptError);
        assert_eq!(certificate_error(&other), None);
    }
}
