//! Why a connection ended, or the session; and whether another connection may do better.

use std::time::Duration;

use trusted_transport::TransportError;
use trusted_transport::ws::CloseCode;

/// Why a connection ended, or the session.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Lost {
    #[error("the connection failed")]
    Transport(#[from] TransportError),
    #[error("the server closed the connection{}", code(*.0))]
    Closed(Option<CloseCode>),
    #[error("the server has not answered for {} s", .0.as_secs())]
    Silent(Duration),
    #[error("the server does not know the session any more")]
    Forgotten,
    #[error("the server has not said first what it has seen")]
    Unwelcome,
    #[error("a message is missing before number {0}")]
    Gap(u64),
    #[error("a message is not what was expected")]
    Strange(#[source] serde_json::Error),
    #[error("{0} of the messages may not have arrived")]
    Unconfirmed(usize),
}

impl Lost {
    /// Whether another connection may do better. A certificate that is refused now is refused the
    /// next time, too; and a server that closes for a reason of its own means it.
    pub(crate) fn may_pass(&self) -> bool {
        use CloseCode::{Again, Away, Error, Restart};
        match self {
            Self::Transport(error) => error.is_retryable(),
            Self::Closed(code) => matches!(code, None | Some(Again | Away | Error | Restart)),
            Self::Silent(_) | Self::Gap(_) => true,
            Self::Forgotten | Self::Unwelcome | Self::Strange(_) | Self::Unconfirmed(_) => false,
        }
    }
}

fn code(code: Option<CloseCode>) -> String {
    code.map(|code| format!(" with code {code}"))
        .unwrap_or_default()
}
