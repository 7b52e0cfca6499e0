//! What a server has answered: whether it refuses, of which kind it is, and as much of it as is wanted.

use rmcp::transport::streamable_http_client::{
    AuthRequiredError, HttpStatusError, InsufficientScopeError, StreamableHttpError,
};
use trusted_transport::TransportError;
use trusted_transport::http::header::{self, AsHeaderName};
use trusted_transport::http::{self, Response, StatusCode};

pub(crate) type Failed = StreamableHttpError<TransportError>;

/// `Client` would be the variant for it, had it a source.
pub(crate) fn failed(error: TransportError) -> Failed {
    Failed::Io(error.into())
}

pub(crate) fn refusal(response: &Response) -> Option<Failed> {
    let challenge = || text(response, header::WWW_AUTHENTICATE).unwrap_or_default();
    match response.status() {
        status if status.is_success() => None,
        StatusCode::UNAUTHORIZED => {
            let error = AuthRequiredError::new(challenge());
            Some(Failed::AuthRequired(error))
        }
        StatusCode::FORBIDDEN if is_of_scope(&challenge()) => {
            let error = InsufficientScopeError::new(challenge(), None);
            Some(Failed::InsufficientScope(error))
        }
        status => {
            let later = text(response, header::RETRY_AFTER);
            Some(HttpStatusError::new(status.as_u16(), later).into())
        }
    }
}

pub(crate) fn text(response: &Response, name: impl AsHeaderName) -> Option<String> {
    let value = response.headers().get(name)?;
    value.to_str().ok().map(str::to_owned)
}

/// RFC 6750, 3.1.
fn is_of_scope(challenge: &str) -> bool {
    let mut parameters = challenge.split([' ', ',']);
    parameters.any(|it| {
        matches!(
            it,
            "error=\"insufficient_scope\"" | "error=insufficient_scope"
        )
    })
}

/// In small letters, and without its parameters.
pub(crate) fn media_type(response: &Response) -> Option<String> {
    let content = text(response, header::CONTENT_TYPE)?;
    let kind = content.split(';').next()?;
    Some(kind.trim().to_ascii_lowercase())
}

pub(crate) async fn whole(mut response: Response, limit: usize) -> Result<Vec<u8>, Failed> {
    let mut body = Vec::new();
    let broken = |error: http::Error| failed(error.into());
    while let Some(chunk) = response.chunk().await.map_err(broken)? {
        if chunk.len() > limit - body.len() {
            return Err(Failed::ResponseBodyTooLarge { max_size: limit });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
