//! One question to the queue, asked until there is an answer or there is no hope.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable as _};
use bytes::Bytes;
use http::Response;
use tokio::time::timeout;
use trusted_transport::http::StatusCode;
use trusted_transport::http::header::{self, HeaderName, HeaderValue};
use trusted_transport::{RequestBuilder, TransportError};

pub(crate) type Answer = Response<Bytes>;

/// What asks for something only if it has changed.
pub(crate) type Validator = Option<(HeaderName, HeaderValue)>;

#[derive(Debug, thiserror::Error)]
pub(crate) enum QueueError {
    #[error("the queue was not reached")]
    Transport(#[from] TransportError),
    #[error("the queue is busy, with status {0}")]
    Busy(StatusCode),
    #[error("the queue did not accept {what}, with status {status}")]
    Refused {
        what: &'static str,
        status: StatusCode,
    },
    #[error("the queue has not answered within {0:?}")]
    Late(Duration),
    #[error("the queue's list of tasks cannot be read")]
    List(#[from] serde_json::Error),
}

impl QueueError {
    /// A certificate that is refused now is refused the next time, too: that is never tried again.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Transport(error) => error.is_retryable(),
            Self::Busy(_) | Self::Late(_) => true,
            Self::Refused { .. } | Self::List(_) => false,
        }
    }
}

/// Asks until there is an answer; who waits for it sets the limit.
pub(crate) async fn ask(request: impl Fn() -> RequestBuilder) -> Result<Answer, QueueError> {
    (|| once(request()))
        .retry(pace())
        .when(QueueError::may_pass)
        .notify(|error, delay| eprintln!("again in {delay:.1?}: {error}"))
        .await
}

pub(crate) async fn once(request: RequestBuilder) -> Result<Answer, QueueError> {
    let answer = request.exchange(LARGEST).await?;
    match answer.status() {
        busy if matches!(busy.as_u16(), 429 | 500 | 502 | 503 | 504) => Err(QueueError::Busy(busy)),
        _ => Ok(answer),
    }
}

pub(crate) async fn within<T>(
    limit: Duration,
    asked: impl Future<Output = Result<T, QueueError>>,
) -> Result<T, QueueError> {
    let late = |_| Err(QueueError::Late(limit));
    timeout(limit, asked).await.unwrap_or_else(late)
}

pub(crate) fn accepted(answer: Answer, what: &'static str) -> Result<Answer, QueueError> {
    let status = answer.status();
    match status.is_success() {
        true => Ok(answer),
        false => Err(QueueError::Refused { what, status }),
    }
}

/// The entity tag; where there is none, the date (RFC 9110, 13.1.3).
pub(crate) fn validator(answer: &Answer) -> Validator {
    let tag = answer.headers().get(header::ETAG);
    let date = || answer.headers().get(header::LAST_MODIFIED);
    tag.map(|it| (header::IF_NONE_MATCH, it.clone()))
        .or_else(|| date().map(|it| (header::IF_MODIFIED_SINCE, it.clone())))
}

fn pace() -> ExponentialBuilder {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(200))
        .with_max_delay(Duration::from_secs(30))
        .without_max_times()
        .with_jitter()
}

/// In bytes.
const LARGEST: usize = 1 << 20;
