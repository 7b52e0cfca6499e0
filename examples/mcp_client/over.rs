//! `rmcp` over an `HttpClient`: its answers and its streams bounded, its errors with their reasons.
//!
//! The other way is `rmcp`'s own, over a `reqwest::Client` from `into_reqwest()`. It is shorter, and
//! worse: a refused certificate does not explain itself, a stream is tried again for ever, also from a
//! server that is not trusted any more, and the fence needs an exception.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{BoxStream, Stream, StreamExt as _};
use rmcp::model::{ClientJsonRpcMessage, ServerJsonRpcMessage};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::common::client_side_sse::ExponentialBackoff;
use rmcp::transport::streamable_http_client::{
    AuthRequiredError, HttpStatusError, InsufficientScopeError, SseError, StreamableHttpClient,
    StreamableHttpClientTransportConfig, StreamableHttpError, StreamableHttpPostResponse,
    StreamableHttpResponseLimits,
};
use sse_stream::{Sse, SseStream};
use trusted_transport::http::header::{self, AsHeaderName, HeaderName, HeaderValue};
use trusted_transport::http::{self, Method, Response, StatusCode};
use trusted_transport::{HttpClient, RequestBuilder, TransportError, TrustedTransport};

/// How `rmcp` reaches a server.
#[derive(Clone)]
pub(crate) struct Mcp {
    client: HttpClient,
    /// The next stream would end as the last one did.
    hopeless: Arc<AtomicBool>,
}

impl Mcp {
    /// Streams are open for long, but not silent: servers keep them alive.
    pub(crate) fn over(transport: &TrustedTransport) -> Result<Self, TransportError> {
        let client = transport.http().read_timeout(SILENCE).build()?;
        let hopeless = Arc::default();
        Ok(Self { client, hopeless })
    }

    /// What a handler is served with.
    pub(crate) fn to(self, url: &str, token: &str) -> StreamableHttpClientTransport<Self> {
        let mut pace = ExponentialBackoff::default();
        pace.max_times = Some(5);
        let mut config = StreamableHttpClientTransportConfig::with_uri(url)
            .auth_header(token)
            .max_json_response_size(LARGEST)
            .max_sse_event_size(LARGEST);
        config.retry_config = Arc::new(pace);
        StreamableHttpClientTransport::with_client(self, config)
    }

    fn request(
        &self,
        method: Method,
        url: &str,
        session: Option<&str>,
        token: Option<String>,
        headers: Headers,
    ) -> RequestBuilder {
        let mut request = self.client.request(method, url);
        request = request.headers(headers.into_iter().collect());
        if let Some(session) = session {
            request = request.header(SESSION, session);
        }
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        request.header(header::ACCEPT, "application/json, text/event-stream")
    }

    fn events(&self, response: Response, limit: usize) -> Events {
        let body = bounded(response.bytes_stream(), limit, self.hopeless.clone());
        SseStream::from_bytes_stream(body).boxed()
    }

    async fn stream(
        &self,
        request: RequestBuilder,
        last: Option<String>,
        limit: usize,
    ) -> Result<Events, Failed> {
        let request = match last {
            Some(last) => request.header("last-event-id", last),
            None => request,
        };
        let response = request.send().await.map_err(failed)?;
        match refusal(&response) {
            _ if response.status() == StatusCode::METHOD_NOT_ALLOWED => {
                Err(Failed::ServerDoesNotSupportSse)
            }
            Some(refusal) => Err(refusal),
            None => Ok(self.events(response, limit)),
        }
    }
}

type Events = BoxStream<'static, Result<Sse, SseError>>;
type Failed = StreamableHttpError<TransportError>;
type Headers = HashMap<HeaderName, HeaderValue>;

impl StreamableHttpClient for Mcp {
    type Error = TransportError;

    async fn post_message(
        &self,
        url: Arc<str>,
        message: ClientJsonRpcMessage,
        session: Option<Arc<str>>,
        token: Option<String>,
        headers: Headers,
    ) -> Result<StreamableHttpPostResponse, Failed> {
        let limits = StreamableHttpResponseLimits::default();
        self.post_message_with_response_limits(url, message, session, token, headers, limits)
            .await
    }

    async fn post_message_with_response_limits(
        &self,
        url: Arc<str>,
        message: ClientJsonRpcMessage,
        session: Option<Arc<str>>,
        token: Option<String>,
        headers: Headers,
        limits: StreamableHttpResponseLimits,
    ) -> Result<StreamableHttpPostResponse, Failed> {
        let request = self.request(Method::POST, &url, session.as_deref(), token, headers);
        let response = request.json(&message).send().await.map_err(failed)?;
        if session.is_some() && response.status() == StatusCode::NOT_FOUND {
            return Err(Failed::SessionExpired);
        }
        let is_request = matches!(message, ClientJsonRpcMessage::Request(_));
        let content = text(&response, header::CONTENT_TYPE).unwrap_or_default();
        let session = text(&response, SESSION);
        match (
            refusal(&response),
            content.split(';').next().unwrap_or("").trim(),
        ) {
            (None, _) if !is_request => Ok(StreamableHttpPostResponse::Accepted),
            (None, "text/event-stream") => {
                let events = self.events(response, limits.max_sse_event_size);
                Ok(StreamableHttpPostResponse::Sse(events, session))
            }
            (None, "application/json") => {
                let body = whole(response, limits.max_json_response_size).await?;
                let message = serde_json::from_slice(&body)?;
                Ok(StreamableHttpPostResponse::Json(message, session))
            }
            (None, _) => Err(Failed::UnexpectedContentType(Some(content))),
            // It may say why, in the words of the protocol.
            (Some(Failed::HttpStatus(status)), "application/json") => {
                let body = whole(response, limits.max_json_response_size).await?;
                match serde_json::from_slice(&body) {
                    Ok(why @ ServerJsonRpcMessage::Error(_)) => {
                        Ok(StreamableHttpPostResponse::Json(why, session))
                    }
                    _ => Err(status.into()),
                }
            }
            (Some(refusal), _) => Err(refusal),
        }
    }

    async fn delete_session(
        &self,
        url: Arc<str>,
        session: Arc<str>,
        token: Option<String>,
        headers: Headers,
    ) -> Result<(), Failed> {
        let request = self.request(Method::DELETE, &url, Some(&session), token, headers);
        let response = request.send().await.map_err(failed)?;
        match refusal(&response) {
            Some(refusal) if response.status() != StatusCode::METHOD_NOT_ALLOWED => Err(refusal),
            _ => Ok(()),
        }
    }

    async fn get_stream(
        &self,
        url: Arc<str>,
        session: Option<Arc<str>>,
        last: Option<String>,
        token: Option<String>,
        headers: Headers,
    ) -> Result<Events, Failed> {
        self.get_stream_with_max_sse_event_size(url, session, last, token, headers, LARGEST)
            .await
    }

    async fn get_stream_with_max_sse_event_size(
        &self,
        url: Arc<str>,
        session: Option<Arc<str>>,
        last: Option<String>,
        token: Option<String>,
        headers: Headers,
        limit: usize,
    ) -> Result<Events, Failed> {
        // The one answer that ends `rmcp`'s tries.
        if self.hopeless.load(Ordering::Relaxed) {
            return Err(Failed::ServerDoesNotSupportSse);
        }
        let request = self.request(Method::GET, &url, session.as_deref(), token, headers);
        let stream = self.stream(request, last, limit).await;
        if let Err(Failed::Io(error)) = &stream {
            let error = error.get_ref().and_then(|it| it.downcast_ref());
            if !error.is_none_or(TransportError::is_retryable) {
                self.hopeless.store(true, Ordering::Relaxed);
            }
        }
        stream
    }
}

/// `Client` would be the variant for it, had it a source.
fn failed(error: TransportError) -> Failed {
    Failed::Io(error.into())
}

fn refusal(response: &Response) -> Option<Failed> {
    let challenge = || text(response, header::WWW_AUTHENTICATE).unwrap_or_default();
    match response.status() {
        status if status.is_success() => None,
        StatusCode::UNAUTHORIZED => {
            let error = AuthRequiredError::new(challenge());
            Some(Failed::AuthRequired(error))
        }
        StatusCode::FORBIDDEN => {
            let error = InsufficientScopeError::new(challenge(), None);
            Some(Failed::InsufficientScope(error))
        }
        status => {
            let later = text(response, header::RETRY_AFTER);
            Some(HttpStatusError::new(status.as_u16(), later).into())
        }
    }
}

fn text(response: &Response, name: impl AsHeaderName) -> Option<String> {
    let value = response.headers().get(name)?;
    value.to_str().ok().map(str::to_owned)
}

async fn whole(mut response: Response, limit: usize) -> Result<Vec<u8>, Failed> {
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

/// Fails behind an event of more than `limit` bytes. An empty line ends an event.
fn bounded(
    body: impl Stream<Item = Result<Bytes, http::Error>>,
    limit: usize,
    hopeless: Arc<AtomicBool>,
) -> impl Stream<Item = Result<Bytes, io::Error>> {
    let (mut event, mut line) = (0, 0);
    body.map(move |chunk| {
        let chunk = chunk.map_err(TransportError::from)?;
        for byte in &chunk {
            (event, line) = match byte {
                b'\n' if line == 0 => (0, 0),
                b'\n' => (event + 1, 0),
                b'\r' => (event + 1, line),
                _ => (event + 1, line + 1),
            };
            if event > limit {
                hopeless.store(true, Ordering::Relaxed);
                return Err(io::Error::other("an event of the server is too large"));
            }
        }
        Ok(chunk)
    })
}

const SESSION: &str = "mcp-session-id";
const SILENCE: Duration = Duration::from_secs(60);
const LARGEST: usize = 1 << 20;
