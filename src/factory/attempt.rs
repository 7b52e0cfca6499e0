//! A connection that was tried and failed: which kind of error it is, told by how far it came and
//! by the types in the chain of causes.

use std::error::Error;
use std::io;
use std::time::Duration;

use rustls::AlertDescription;

use super::error::{TlsFault, TransportError};
use super::failure::{Peer, TrustFailure};
use super::route::{Destination, Route};
use super::trace::{Broken, Cause, Phase, Progress};

/// A connection that was tried: what its failure is put into words with.
pub(crate) struct Attempt {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) route: Route,
    pub(crate) deadline: Duration,
}

impl Attempt {
    pub(crate) fn at(destination: &Destination, route: Route, deadline: Duration) -> Self {
        Self {
            host: destination.host.to_string(),
            port: destination.port(),
            route,
            deadline,
        }
    }

    /// In place of what was expected, where the connection really led.
    pub(crate) fn of(progress: &Progress, expected: Self) -> Self {
        match &progress.way {
            Some((destination, route)) => Self::at(destination, route.clone(), expected.deadline),
            None => expected,
        }
    }

    pub(crate) fn failed(self, broken: &Broken) -> TransportError {
        let Broken { progress, why } = broken;
        if let Some(refused) = &progress.refused {
            let failure = TrustFailure::new(self.host, self.route, refused.clone());
            return TransportError::Untrusted(failure);
        }
        match causes(why).any(timed_out) {
            true => self.timed_out(progress.phase()),
            false => self.failed_in(progress, why),
        }
    }

    fn failed_in(self, progress: &Progress, why: &Cause) -> TransportError {
        let client = TlsFault::of_client(progress, why);
        let source = Box::new(why.clone());
        let Self {
            host, port, route, ..
        } = self;
        match progress.phase() {
            Phase::Resolve => TransportError::Resolve {
                name: match route.server() {
                    Some(proxy) => proxy.url.host_str().unwrap_or_default().to_owned(),
                    None => host.clone(),
                },
                host,
                route,
                source,
            },
            Phase::Proxy => TransportError::Proxy {
                refused: !causes(why).any(|cause| cause.is::<io::Error>()),
                host,
                port,
                route,
                fault: client,
                shown: progress.shown(),
                source,
            },
            Phase::Tls => TransportError::Tls {
                fault: client.unwrap_or_else(|| TlsFault::of(why)),
                host,
                port,
                route,
                shown: progress.shown(),
                source,
            },
            Phase::Connect | Phase::Upgrade => TransportError::Connect {
                host,
                port,
                route,
                source,
            },
        }
    }

    pub(crate) fn timed_out(self, phase: Phase) -> TransportError {
        TransportError::ConnectTimeout {
            host: self.host,
            port: self.port,
            route: self.route,
            deadline: self.deadline,
            phase,
        }
    }

    /// As a failure of the handshake, which it would have been before TLS 1.3.
    pub(crate) fn closed(self, progress: &Progress, fault: TlsFault, why: Cause) -> TransportError {
        let Self {
            host, port, route, ..
        } = self;
        let source = Box::new(why);
        let shown = progress.shown();
        match progress.peer() {
            Peer::Host => TransportError::Tls {
                host,
                port,
                route,
                fault,
                shown,
                source,
            },
            Peer::Proxy => TransportError::Proxy {
                host,
                port,
                route,
                refused: true,
                fault: Some(fault),
                shown,
                source,
            },
        }
    }
}

/// An error and what it comes from, outermost first. `io::Error` hides what it wraps from
/// `source()`, and so does what is shared.
pub(crate) fn causes<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| {
        if let Some(shared) = error.downcast_ref::<Cause>() {
            return Some(&**shared);
        }
        let wrapped = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        match wrapped {
            Some(inner) => Some(inner),
            None => error.source(),
        }
    })
}

/// The alert that ended the connection, if the other side sent one.
pub(crate) fn alert(error: &(dyn Error + 'static)) -> Option<AlertDescription> {
    causes(error).find_map(|cause| match cause.downcast_ref() {
        Some(rustls::Error::AlertReceived(alert)) => Some(*alert),
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
    use std::sync::Arc;

    #[test]
    fn an_alert_is_found_through_nested_and_shared_errors() {
        let error = rustls::Error::AlertReceived(AlertDescription::ProtocolVersion);
        let nested = io::Error::other(io::Error::new(io::ErrorKind::InvalidData, error));
        let shared: Cause = Arc::new(nested);
        let shared = io::Error::other(shared);
        assert_eq!(alert(&shared), Some(AlertDescription::ProtocolVersion));
        let other = io::Error::other(rustls::Error::DecryptError);
        assert_eq!(alert(&other), None);
    }
}
