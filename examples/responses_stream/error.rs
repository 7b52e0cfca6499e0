//! Why there is no answer, or not all of it; and whether the other transport may bring it.

use std::error::Error;
use std::time::Duration;

use trusted_transport::http::StatusCode;
use trusted_transport::ws::{self, CloseCode};
use trusted_transport::{TransportError, in_full};

use crate::question::{IDLE, LARGEST};

#[derive(Debug, thiserror::Error)]
pub(crate) enum StreamError {
    #[error("the stream of the answer failed")]
    Transport(#[from] TransportError),
    #[error("the service answered with status {0}")]
    Status(StatusCode),
    #[error("what the service answered is not a stream of events")]
    NotAStream,
    #[error("the stream ended before the answer{}", code(*.0))]
    Ended(Option<CloseCode>),
    #[error("nothing came for {} s", IDLE.as_secs())]
    Silent,
    #[error("the answer took longer than {} s", .0.as_secs())]
    Late(Duration),
    #[error("an event, with the comments before it, is larger than {LARGEST} bytes")]
    Large,
    #[error("an event is missing before number {0}")]
    Gap(u64),
    #[error("the id of event number {0} is another one")]
    Misnamed(u64),
    #[error("an event is not what was expected")]
    Strange(#[source] Box<dyn Error + Send + Sync>),
    #[error("the service gave up: {0}")]
    Failed(String),
    #[error("HTTPS did not bring the answer, nor did a WebSocket ({:#})", in_full(&**.wss))]
    Both {
        wss: Box<StreamError>,
        #[source]
        https: Box<StreamError>,
    },
}

impl StreamError {
    pub(crate) fn both(wss: Self, https: Self) -> Self {
        let [wss, https] = [wss, https].map(Box::new);
        Self::Both { wss, https }
    }

    /// Whether the rest may come over HTTPS. What is no matter of the transport would be the same
    /// there; and who is not trusted gets no second connection, by whatever way.
    pub(crate) fn is_of_the_transport(&self) -> bool {
        match self {
            // The service does not know the token; whatever else it says may be a proxy's word.
            Self::Transport(TransportError::UpgradeRefused { status, .. }) => {
                *status != StatusCode::UNAUTHORIZED
            }
            Self::Transport(TransportError::UpgradeFailed { .. }) => true,
            // A large event is as large over HTTPS.
            Self::Transport(TransportError::WebSocket(error)) => {
                !matches!(error, ws::Error::Capacity(_))
            }
            // Never so for a failure of trust.
            Self::Transport(error) => error.is_retryable(),
            // The service means it: 1008, and what it has defined itself.
            Self::Ended(code) => !matches!(code, Some(CloseCode::Policy | CloseCode::Library(_))),
            Self::Silent | Self::Gap(_) => true,
            _ => false,
        }
    }
}

fn code(code: Option<CloseCode>) -> String {
    code.map(|code| format!(", with code {code}"))
        .unwrap_or_default()
}
