//! Why there is no connection: the same kinds for HTTP and WebSocket, told apart by the
//! types in the error chain and never by their text.

use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::CertificateError;

use super::route::Route;
use crate::ca::{CaError, SourceKind, TrustReport};

/// A transport could not be built, or a connection, request or socket failed.
///
/// `Display` is one sentence; [`hint`](Self::hint) says what to do about it, and
/// [`source`](Error::source) has the cause. No variant ever holds a credential.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// The CA policy could not be loaded.
    #[error(transparent)]
    Ca(#[from] CaError),
    /// A proxy was named that cannot be used. Its text is not repeated: it may hold a
    /// password.
    #[error("the proxy in {} is not valid: {reason}", variable.unwrap_or("the program's proxy policy"))]
    #[non_exhaustive]
    InvalidProxy {
        /// The environment variable that named it, if one did.
        variable: Option<&'static str>,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// No cryptography was compiled in, and none was given to the builder.
    #[error("there is no TLS crypto provider")]
    NoCryptoProvider,
    /// rustls or reqwest does not accept the configuration.
    #[error("the TLS configuration is not possible")]
    #[non_exhaustive]
    Configuration {
        /// What rustls said.
        source: rustls::Error,
    },
    /// The URL, or a header, is not one that can be sent.
    #[error("the request is not valid")]
    #[non_exhaustive]
    InvalidRequest {
        /// What is wrong with it.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The transport is `https_only`, and the URL is `http` or `ws`.
    #[error("a connection to {host} without TLS was refused")]
    #[non_exhaustive]
    InsecureScheme {
        /// The host of the URL.
        host: String,
    },
    /// The peer's certificate was refused.
    #[error(transparent)]
    Untrusted(TrustFailure),
    /// There was no TCP connection, or the TLS handshake failed for another reason than the
    /// certificate.
    #[error("failed to connect to {host} {route}")]
    #[non_exhaustive]
    Connect {
        /// The host of the URL.
        host: String,
        /// The way that was taken.
        route: Route,
        /// What failed.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The proxy could not be reached, or it refused to connect to the host.
    #[error("failed to reach {host}: no way {route}")]
    #[non_exhaustive]
    Proxy {
        /// The host of the URL.
        host: String,
        /// The way that was taken.
        route: Route,
        /// What failed.
        source: Box<dyn Error + Send + Sync>,
    },
    /// There was no finished connection in time.
    #[error("failed to connect to {host} {route} within {} s", deadline.as_secs_f32())]
    #[non_exhaustive]
    ConnectTimeout {
        /// The host of the URL.
        host: String,
        /// The way that was taken.
        route: Route,
        /// The time that was allowed, from name resolution to the end of the last handshake.
        deadline: Duration,
    },
    /// The server answered the WebSocket upgrade with something else than status 101.
    #[error("the server at {host} answered the WebSocket upgrade with status {status}")]
    #[non_exhaustive]
    UpgradeRefused {
        /// The host of the URL.
        host: String,
        /// The status of the answer.
        status: http::StatusCode,
    },
    /// A request failed on an established connection, or took too long.
    #[error("the HTTP request failed")]
    Http(#[source] reqwest::Error),
    /// The WebSocket handshake failed on an established connection.
    #[error("the WebSocket handshake failed")]
    WebSocket(#[source] tokio_tungstenite::tungstenite::Error),
}

/// A peer's certificate was refused.
#[derive(Clone)]
pub struct TrustFailure(Arc<Failure>);

struct Failure {
    host: String,
    peer: Peer,
    route: Route,
    error: rustls::Error,
    refusal: Refusal,
    report: Arc<TrustReport>,
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

impl TransportError {
    /// What to do about it, as a sentence for the person who runs the program, if there is
    /// something they could do.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Ca(error) => error.hint(),
            Self::InvalidProxy { variable, .. } => format!(
                "write {} as http://HOST:PORT, https://HOST:PORT or socks5h://HOST:PORT, or unset it",
                variable.unwrap_or("the proxy")
            ),
            Self::NoCryptoProvider => {
                "enable the feature `aws-lc-rs` or `ring`, or give the builder a provider"
                    .to_owned()
            }
            Self::InsecureScheme { host } => {
                format!("use https or wss for {host}; this program connects with TLS only")
            }
            Self::Untrusted(failure) => failure.hint(),
            Self::Connect { host, route, .. } if route.is_direct() => {
                format!(
                    "check that {host} is right and can be reached from here; where only a proxy may connect, set HTTPS_PROXY"
                )
            }
            Self::Connect { host, route, .. } => {
                format!("check that {host} is right and speaks TLS; the connection went {route}")
            }
            Self::Proxy { route, .. } => format!(
                "check that the proxy in {} is right, can be reached, allows this host and gets the credentials it wants",
                named_by(route)
            ),
            Self::ConnectTimeout { host, route, .. } if route.is_direct() => {
                format!(
                    "check the network to {host}; where only a proxy may connect, set HTTPS_PROXY"
                )
            }
            Self::ConnectTimeout { host, route, .. } => format!(
                "check that the proxy in {} answers, and that it can reach {host}",
                named_by(route)
            ),
            Self::Configuration { .. }
            | Self::InvalidRequest { .. }
            | Self::UpgradeRefused { .. }
            | Self::Http(_)
            | Self::WebSocket(_) => return None,
        })
    }

    /// Whether the same attempt may succeed later without anybody changing anything. Never
    /// so for a failure of trust or of configuration.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Connect { .. } | Self::Proxy { .. } | Self::ConnectTimeout { .. } => true,
            Self::UpgradeRefused { status, .. } => status.is_server_error(),
            Self::Http(error) => error.is_timeout() || error.is_request(),
            _ => false,
        }
    }

    /// The failure of trust, if it is one.
    pub fn trust_failure(&self) -> Option<&TrustFailure> {
        match self {
            Self::Untrusted(failure) => Some(failure),
            _ => None,
        }
    }

    /// A stable word for the kind of error, as in the JSON of the command line.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Ca(error) => error.kind(),
            Self::InvalidProxy { .. } => "invalid_proxy",
            Self::NoCryptoProvider => "no_crypto_provider",
            Self::Configuration { .. } => "configuration",
            Self::InvalidRequest { .. } => "invalid_request",
            Self::InsecureScheme { .. } => "insecure_scheme",
            Self::Untrusted(_) => "untrusted",
            Self::Connect { .. } => "connect",
            Self::Proxy { .. } => "proxy",
            Self::ConnectTimeout { .. } => "connect_timeout",
            Self::UpgradeRefused { .. } => "upgrade_refused",
            Self::Http(_) => "http",
            Self::WebSocket(_) => "websocket",
        }
    }
}

impl From<TransportError> for io::Error {
    fn from(error: TransportError) -> Self {
        let kind = match error {
            TransportError::Ca(error) => return error.into(),
            TransportError::InvalidProxy { .. }
            | TransportError::NoCryptoProvider
            | TransportError::Configuration { .. }
            | TransportError::InvalidRequest { .. } => io::ErrorKind::InvalidInput,
            TransportError::InsecureScheme { .. } => io::ErrorKind::PermissionDenied,
            TransportError::Untrusted(_) => io::ErrorKind::InvalidData,
            TransportError::Connect { .. } | TransportError::Proxy { .. } => {
                io::ErrorKind::NotConnected
            }
            TransportError::ConnectTimeout { .. } => io::ErrorKind::TimedOut,
            TransportError::UpgradeRefused { .. } => io::ErrorKind::ConnectionRefused,
            TransportError::Http(ref error) if error.is_timeout() => io::ErrorKind::TimedOut,
            TransportError::Http(_) | TransportError::WebSocket(_) => io::ErrorKind::Other,
        };
        Self::new(kind, error)
    }
}

impl TrustFailure {
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
        &self.0.report
    }

    /// What to do about it.
    pub fn hint(&self) -> String {
        let Failure { host, report, .. } = &*self.0;
        match self.0.refusal {
            Refusal::UnknownIssuer => match (report.source.kind, &report.source.path) {
                (SourceKind::Platform, _) => {
                    "if your network inspects TLS, set CODEX_CA_CERTIFICATE \
                    to a PEM file with your company's CA certificates"
                        .to_owned()
                }
                (_, Some(path)) => format!(
                    "if your network inspects TLS, add its CA certificate to {}, which {} names",
                    path.display(),
                    report.source.name.as_deref().unwrap_or("the program")
                ),
                (_, None) => "if your network inspects TLS, its CA certificate is missing in the \
                    bundle that the program brings along"
                    .to_owned(),
            },
            Refusal::Expired => {
                format!(
                    "check this computer's clock; if it is right, {host} needs a new certificate"
                )
            }
            Refusal::NotYetValid => "check this computer's clock".to_owned(),
            Refusal::WrongHost => format!("check that {host} is the name that its operator uses"),
            Refusal::Revoked | Refusal::Other => {
                format!("tell the operator of {host}; nothing here should work around it")
            }
        }
    }

    /// The anchors that were searched, in words.
    fn anchors(&self) -> String {
        let report = &self.0.report;
        match report.anchors {
            Some(count) => format!("{count} trust anchors from {}", report.source),
            None => format!("the operating system's roots and {}", report.source),
        }
    }
}

impl fmt::Display for TrustFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Failure {
            host,
            route,
            refusal,
            ..
        } = &*self.0;
        let whose = match (self.0.peer, route.proxy()) {
            (Peer::Proxy, Some(proxy)) => format!("the proxy {proxy}, on the way to {host},"),
            _ => format!("{host}, connected {route},"),
        };
        write!(f, "the certificate of {whose} was refused: {refusal}")?;
        if *refusal == Refusal::UnknownIssuer {
            write!(f, " among {}", self.anchors())?;
        }
        Ok(())
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
            .field("fingerprint", &self.0.report.fingerprint)
            .finish_non_exhaustive()
    }
}

impl Error for TrustFailure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0.error)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownIssuer => "no issuer of it is",
            Self::Expired => "it has expired",
            Self::NotYetValid => "it is not valid yet",
            Self::WrongHost => "it is for other host names",
            Self::Revoked => "it was revoked",
            Self::Other => "it is not acceptable",
        })
    }
}

impl From<&CertificateError> for Refusal {
    fn from(error: &CertificateError) -> Self {
        match error {
            CertificateError::UnknownIssuer => Self::UnknownIssuer,
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

/// A connection that was tried: what its failure is put into words with.
pub(crate) struct Attempt {
    pub(crate) host: String,
    pub(crate) route: Route,
    pub(crate) report: Arc<TrustReport>,
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
        let Self { host, route, .. } = self;
        match phase {
            Phase::Proxy => TransportError::Proxy {
                host,
                route,
                source,
            },
            Phase::Host => TransportError::Connect {
                host,
                route,
                source,
            },
        }
    }

    pub(crate) fn timed_out(self, deadline: Duration) -> TransportError {
        TransportError::ConnectTimeout {
            host: self.host,
            route: self.route,
            deadline,
        }
    }

    fn untrusted(self, phase: Phase, error: CertificateError) -> TrustFailure {
        let refusal = Refusal::from(&error);
        TrustFailure(Arc::new(Failure {
            host: self.host,
            peer: match phase {
                Phase::Proxy => Peer::Proxy,
                Phase::Host => Peer::Host,
            },
            route: self.route,
            error: rustls::Error::InvalidCertificate(error),
            refusal,
            report: self.report,
        }))
    }
}

/// Finds what the verifier said. `io::Error` hides what it wraps from `source()`.
fn certificate_error(error: &(dyn Error + 'static)) -> Option<CertificateError> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(rustls::Error::InvalidCertificate(error)) = error.downcast_ref() {
            return Some(error.clone());
        }
        next = match error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
        {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

fn named_by(route: &Route) -> &str {
    route.variable().unwrap_or("the program's proxy policy")
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
