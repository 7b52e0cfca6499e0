//! What went wrong behind a connection that was made: in a request, an upgrade or an open WebSocket.
//! Told by the types of the libraries' errors, for both transports in the same words.

use std::error::Error;
use std::fmt;
use std::io;

use tokio_tungstenite::tungstenite;
use tokio_tungstenite::tungstenite::error::{CapacityError, ProtocolError};

use super::attempt::causes;

/// Why an exchange failed on a connection that stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mishap {
    /// The program has set a limit, and it is over.
    Late,
    CutOff,
    /// In HTTP/2, by either side.
    Ended,
    NotHttp,
    /// Of a response.
    LargeHead,
    Redirects,
    /// A body that is not what the program takes it for.
    Content,
    /// What came is HTTP, and no consent to a WebSocket.
    NoUpgrade,
    /// The other side broke the rules of WebSocket.
    Rules,
    LongMessage,
    Other,
}

impl Mishap {
    pub(crate) fn of_http(error: &reqwest::Error) -> Self {
        if error.is_timeout() {
            return Self::Late;
        }
        if error.is_redirect() {
            return Self::Redirects;
        }
        let known = causes(error).find_map(|cause| match cause.downcast_ref::<hyper::Error>() {
            Some(error) => Self::of_hyper(error),
            None => Self::of_io(cause.downcast_ref()?),
        });
        known.unwrap_or_else(|| {
            let of_hyper = causes(error).any(|cause| cause.is::<hyper::Error>());
            match (of_hyper, error.is_decode()) {
                // What hyper cannot read behind the head of a response has no type of its own.
                (true, _) if is_unreadable(error) => Self::NotHttp,
                (true, _) => Self::Ended,
                (false, true) => Self::Content,
                _ => Self::Other,
            }
        })
    }

    pub(crate) fn of_websocket(error: &tungstenite::Error) -> Self {
        use tungstenite::Error as Failed;
        match error {
            Failed::ConnectionClosed => Self::CutOff,
            Failed::Io(error) => causes(error)
                .find_map(|cause| Self::of_io(cause.downcast_ref()?))
                .unwrap_or(Self::Other),
            Failed::Capacity(CapacityError::MessageTooLong { .. }) => Self::LongMessage,
            Failed::Capacity(CapacityError::TooManyHeaders) | Failed::AttackAttempt => {
                Self::LargeHead
            }
            Failed::Utf8(_) => Self::Rules,
            Failed::Protocol(error) => Self::of_protocol(error),
            _ => Self::Other,
        }
    }

    fn of_protocol(error: &ProtocolError) -> Self {
        match error {
            ProtocolError::ResetWithoutClosingHandshake | ProtocolError::HandshakeIncomplete => {
                Self::CutOff
            }
            ProtocolError::HttparseError(_) => Self::NotHttp,
            ProtocolError::WrongHttpVersion
            | ProtocolError::MissingUpgradeWebSocketHeader
            | ProtocolError::MissingConnectionUpgradeHeader
            | ProtocolError::SecWebSocketAcceptKeyMismatch
            | ProtocolError::SecWebSocketSubProtocolError(_)
            | ProtocolError::InvalidHeader(_) => Self::NoUpgrade,
            // The program's own.
            ProtocolError::SendAfterClosing => Self::Other,
            _ => Self::Rules,
        }
    }

    fn of_hyper(error: &hyper::Error) -> Option<Self> {
        if error.is_user() {
            // The request's body has failed: that is nobody else's.
            Some(Self::Other)
        } else if error.is_parse_too_large() {
            Some(Self::LargeHead)
        } else if error.is_parse() {
            Some(Self::NotHttp)
        } else if error.is_incomplete_message() || error.is_closed() {
            Some(Self::CutOff)
        } else {
            None
        }
    }

    fn of_io(error: &io::Error) -> Option<Self> {
        use io::ErrorKind as Kind;
        match error.kind() {
            Kind::UnexpectedEof
            | Kind::ConnectionReset
            | Kind::ConnectionAborted
            | Kind::BrokenPipe
            | Kind::NotConnected => Some(Self::CutOff),
            _ => None,
        }
    }

    /// Whether the same may go well another time.
    pub(crate) fn may_pass(self) -> bool {
        matches!(self, Self::Late | Self::CutOff | Self::Ended)
    }

    /// What to do about it, if there is something.
    pub(crate) fn hint(self) -> Option<&'static str> {
        Some(match self {
            Self::Late => {
                "the server was reached, and did not answer in time: try again later, or give the \
                 request more time"
            }
            Self::CutOff => {
                "try again; if it goes on like this, ask the server's operator, or whether a proxy \
                 or firewall on the way ends what it does not allow or what takes long"
            }
            Self::Ended => {
                "try again later; if it goes on like this, tell the server's operator what the cause \
                 says"
            }
            Self::NotHttp => {
                "check that the URL and its port are those of an HTTP server; behind a proxy, see \
                 what it says in its log"
            }
            Self::LargeHead => {
                "tell the server's operator: it sends more, or longer, headers than programs accept"
            }
            Self::Redirects => {
                "check that the URL is right: the server leads in a circle, or further than the \
                 program follows"
            }
            Self::Content => {
                "check that the URL is right: what is there is not what the program expects; a \
                 login page may have taken its place"
            }
            Self::NoUpgrade => {
                "check that the server speaks WebSocket at this path; a proxy on the way that does \
                 not know it may have changed the answer"
            }
            Self::Rules => {
                "tell the server's operator; a proxy on the way that does not know WebSocket may \
                 have changed what it sent"
            }
            Self::LongMessage => {
                "the program accepts no message or frame of that size; its limits are those of \
                 `WebSocketConfig`"
            }
            Self::Other => return None,
        })
    }
}

/// Bytes that nobody understands, and not those of TLS.
fn is_unreadable(error: &(dyn Error + 'static)) -> bool {
    use io::ErrorKind as Kind;
    let strange =
        |cause: &io::Error| matches!(cause.kind(), Kind::InvalidInput | Kind::InvalidData);
    causes(error).any(|cause| cause.downcast_ref().is_some_and(strange))
        && !causes(error).any(|cause| cause.is::<rustls::Error>())
}

impl fmt::Display for Mishap {
    /// Follows the words for what failed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Late => ": it took too long",
            Self::CutOff => ": the connection was cut off",
            Self::Ended => ": it broke off before the answer was complete",
            Self::NotHttp => ": what came is not HTTP",
            Self::LargeHead => ": the head of the answer is too large",
            Self::Redirects => ": a redirect was one too many",
            Self::Content => ": the body is not what was expected",
            Self::NoUpgrade => ": the answer does not agree to a WebSocket",
            Self::Rules => ": the other side broke the rules of the protocol",
            Self::LongMessage => ": a message is too long",
            Self::Other => "",
        })
    }
}
