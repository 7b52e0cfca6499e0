//! Why there is no connection: the same kinds for HTTP and WebSocket, told apart by the
//! types in the error chain and never by their text.

use std::error::Error;
use std::io;
use std::time::Duration;

use tokio_tungstenite::tungstenite;

pub use super::tls_fault::TlsFault;

use super::failure::TrustFailure;
use super::identity_error::IdentityError;
use super::mishap::Mishap;
use super::route::Route;
use super::trace::Phase;
use crate::ca::CaError;

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
    /// A client identity could not be read, or its parts do not fit.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// No cryptography was compiled in, and none was given to the builder.
    #[error("there is no TLS crypto provider")]
    NoCryptoProvider,
    /// rustls does not accept the configuration.
    #[error("the TLS configuration is not possible")]
    #[non_exhaustive]
    Configuration {
        /// What rustls said.
        source: rustls::Error,
    },
    /// There is no thread for the connections of a program without async (the feature `blocking`).
    #[error("failed to start the thread that connections live on")]
    #[non_exhaustive]
    Runtime {
        /// What the operating system said.
        source: io::Error,
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
    /// A name has no address: the host's or the proxy's.
    #[error("failed to find the address of {}", searched(.name, .host))]
    #[non_exhaustive]
    Resolve {
        /// The host of the URL.
        host: String,
        /// The name that was looked up.
        name: String,
        /// The way that was taken.
        route: Route,
        /// What failed.
        source: Box<dyn Error + Send + Sync>,
    },
    /// There was no TCP connection.
    #[error("failed to connect to {host}:{port} {route}")]
    #[non_exhaustive]
    Connect {
        /// The host of the URL.
        host: String,
        /// The port of the URL, or of its scheme.
        port: u16,
        /// The way that was taken.
        route: Route,
        /// What failed.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The TLS handshake with the host failed, for another reason than its certificate.
    #[error("the TLS handshake with {host}:{port}, connected {route}, failed: {fault}")]
    #[non_exhaustive]
    Tls {
        /// The host of the URL.
        host: String,
        /// The port of the URL, or of its scheme.
        port: u16,
        /// The way that was taken.
        route: Route,
        /// Why it failed.
        fault: TlsFault,
        /// The client certificate that the server asked for and was shown, in words.
        shown: Option<String>,
        /// What failed.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The proxy could not be reached, or it refused to connect to the host.
    #[error("failed to reach {host}:{port}: {}", proxy_failed(.route, *.refused, *.fault))]
    #[non_exhaustive]
    Proxy {
        /// The host of the URL.
        host: String,
        /// The port of the URL, or of its scheme.
        port: u16,
        /// The way that was taken.
        route: Route,
        /// Whether the proxy answered, and what it said was no consent; else it was not reached, or
        /// the connection to it broke.
        refused: bool,
        /// What the client certificate, or the want of one, has to do with it.
        fault: Option<TlsFault>,
        /// The client certificate that the proxy asked for and was shown, in words.
        shown: Option<String>,
        /// What failed.
        source: Box<dyn Error + Send + Sync>,
    },
    /// There was no finished connection in time.
    #[error(
        "timed out connecting to {host}:{port} {route}, during {phase} (the limit is {} s)",
        deadline.as_secs_f32()
    )]
    #[non_exhaustive]
    ConnectTimeout {
        /// The host of the URL.
        host: String,
        /// The port of the URL, or of its scheme.
        port: u16,
        /// The way that was taken.
        route: Route,
        /// The time that was allowed, from name resolution to the end of the last handshake.
        deadline: Duration,
        /// What was going on when the time was over.
        phase: Phase,
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
    /// The connection was made, and then the WebSocket handshake failed.
    #[error("the WebSocket handshake with {host} failed{}", Mishap::of_websocket(.source))]
    #[non_exhaustive]
    UpgradeFailed {
        /// The host of the URL.
        host: String,
        /// What failed.
        source: tungstenite::Error,
    },
    /// A request failed on an established connection, or took too long.
    #[error("the HTTP request failed{}", Mishap::of_http(.0))]
    Http(#[source] reqwest::Error),
    /// The body of an answer was not read to its end, since it is longer than the program accepts.
    #[error("the answer of {host} is longer than {limit} bytes")]
    #[non_exhaustive]
    AnswerTooLarge {
        /// The host that answered.
        host: String,
        /// What the program accepts, in bytes.
        limit: usize,
    },
    /// An open WebSocket failed.
    #[error("the WebSocket failed{}", Mishap::of_websocket(.0))]
    WebSocket(#[from] tungstenite::Error),
}

impl TransportError {
    /// Whether the same attempt may succeed later without anybody changing anything.
    ///
    /// Never so for a failure of trust or of configuration, nor if a proxy refused: it does so
    /// for want of credentials or permission. What a SOCKS proxy says is not told apart, and
    /// counts as a refusal.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Resolve { .. }
            | Self::Connect { .. }
            | Self::ConnectTimeout { .. }
            | Self::Runtime { .. } => true,
            Self::Tls { fault, .. } => fault.may_pass(),
            Self::Proxy {
                fault: Some(fault), ..
            } => fault.may_pass(),
            Self::Proxy { refused, .. } => !refused,
            Self::UpgradeRefused { status, .. } => {
                status.is_server_error() || [408, 425, 429].contains(&status.as_u16())
            }
            Self::Http(error) => match Mishap::of_http(error) {
                Mishap::Other => error.is_request(),
                mishap => mishap.may_pass(),
            },
            Self::WebSocket(error) | Self::UpgradeFailed { source: error, .. } => {
                // The other errors of the system, too, end by themselves.
                Mishap::of_websocket(error).may_pass() || matches!(error, tungstenite::Error::Io(_))
            }
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
            Self::Identity(_) => "identity",
            Self::InvalidProxy { .. } => "invalid_proxy",
            Self::NoCryptoProvider => "no_crypto_provider",
            Self::Configuration { .. } => "configuration",
            Self::Runtime { .. } => "runtime",
            Self::InvalidRequest { .. } => "invalid_request",
            Self::InsecureScheme { .. } => "insecure_scheme",
            Self::Untrusted(_) => "untrusted",
            Self::Resolve { .. } => "resolve",
            Self::Connect { .. } => "connect",
            Self::Tls { .. } => "tls",
            Self::Proxy { .. } => "proxy",
            Self::ConnectTimeout { .. } => "connect_timeout",
            Self::UpgradeRefused { .. } => "upgrade_refused",
            Self::UpgradeFailed { .. } => "upgrade_failed",
            Self::Http(_) => "http",
            Self::AnswerTooLarge { .. } => "answer_too_large",
            Self::WebSocket(_) => "websocket",
        }
    }
}

/// For the errors of a response's body. The URL is left out: it may hold a token.
impl From<reqwest::Error> for TransportError {
    fn from(error: reqwest::Error) -> Self {
        Self::Http(error.without_url())
    }
}

impl From<TransportError> for io::Error {
    fn from(error: TransportError) -> Self {
        let kind = match error {
            TransportError::Ca(error) => return error.into(),
            TransportError::Identity(error) => return error.into(),
            TransportError::InvalidProxy { .. }
            | TransportError::NoCryptoProvider
            | TransportError::Configuration { .. }
            | TransportError::InvalidRequest { .. } => io::ErrorKind::InvalidInput,
            TransportError::Runtime { ref source } => source.kind(),
            TransportError::InsecureScheme { .. } => io::ErrorKind::PermissionDenied,
            TransportError::Untrusted(_) | TransportError::AnswerTooLarge { .. } => {
                io::ErrorKind::InvalidData
            }
            TransportError::Resolve { .. }
            | TransportError::Connect { .. }
            | TransportError::Tls { .. }
            | TransportError::Proxy { .. } => io::ErrorKind::NotConnected,
            TransportError::ConnectTimeout { .. } => io::ErrorKind::TimedOut,
            TransportError::UpgradeRefused { .. } => io::ErrorKind::ConnectionRefused,
            TransportError::Http(ref error) if error.is_timeout() => io::ErrorKind::TimedOut,
            TransportError::UpgradeFailed { .. }
            | TransportError::Http(_)
            | TransportError::WebSocket(_) => io::ErrorKind::Other,
        };
        Self::new(kind, error)
    }
}

fn searched(name: &str, host: &str) -> String {
    match name == host {
        true => host.to_owned(),
        false => format!("the proxy {name}, on the way to {host}"),
    }
}

fn proxy_failed(route: &Route, refused: bool, fault: Option<TlsFault>) -> String {
    let proxy = route.proxy().unwrap_or_default();
    match (fault, refused) {
        (Some(fault), _) => format!("the connection to the proxy {proxy} failed: {fault}"),
        (None, true) => format!("the proxy {proxy} did not let the connection through"),
        (None, false) => format!("the connection to the proxy {proxy} failed"),
    }
}

pub(crate) fn invalid_request(source: impl Into<Box<dyn Error + Send + Sync>>) -> TransportError {
    TransportError::InvalidRequest {
        source: source.into(),
    }
}

pub(crate) fn not_a_destination() -> TransportError {
    invalid_request("the URL has no host, or a scheme that is not known here")
}
