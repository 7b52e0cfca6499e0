//! `rmcp` over an `HttpClient`: its answers and its streams bounded, its errors with their reasons.
//!
//! The other way is `rmcp`'s own, over a `reqwest::Client` from `into_reqwest()`. It is shorter, and
//! worse: a refused certificate does not explain itself, a stream is tried again for ever, also from a
//! server that is not trusted any more, and the fence needs an exception.

use std::collections::{HashMap, HashSet};
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::stream::{BoxStream, StreamExt as _};
use rmcp::model::{ClientJsonRpcMessage, ServerJsonRpcMessage};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::common::client_side_sse::ExponentialBackoff;
use rmcp::transport::streamable_http_client::{
    SseError, StreamableHttpClient, StreamableHttpClientTransportConfig,
    StreamableHttpPostResponse, StreamableHttpResponseLimits,
};
use sse_stream::{Sse, SseStream};
use trusted_transport::http::header::{self, HeaderName, HeaderValue};
use trusted_transport::http::{Method, Response, StatusCode, redirect};
use trusted_transport::{HttpClient, RequestBuilder, TransportBuilder, TransportError};

use crate::answer::{Failed, failed, media_type, refusal, text, whole};

/// How `rmcp` reaches a server.
#[derive(Clone)]
pub(crate) struct Mcp {
    client: HttpClient,
    /// From where a stream would end as the last one did.
    hopeless: Arc<Mutex<HashSet<Place>>>,
}

/// Where `rmcp` begins a stream: the session, and the last event.
type Place = (Option<Arc<str>>, Option<String>);

impl Mcp {
    /// The token is never sent without TLS, nor where a redirect leads. Streams are open for long,
    /// but not silent: servers keep them alive.
    pub(crate) fn over(transport: TransportBuilder) -> Result<Self, TransportError> {
        let client = transport.https_only(true).build()?.http();
        let client = client.redirect(redirect::Policy::none());
        Ok(Self {
            client: client.read_timeout(SILENCE).build()?,
            hopeless: Arc::default(),
        })
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
        request.header(header::ACCEPT, format!("{JSON}, {EVENTS}"))
    }

    /// The events, until one is larger than `limit`, with the comments before it: who sends nothing
    /// else is not listened to for ever. `place` is where a broken stream begins again; without one,
    /// behind the first event that has an id.
    fn events(
        &self,
        response: Response,
        session: Option<Arc<str>>,
        mut place: Option<Place>,
        limit: usize,
    ) -> Events {
        let unread = Arc::new(AtomicUsize::new(0));
        let read = unread.clone();
        let body = response.bytes_stream().map(move |chunk| {
            let chunk = chunk.map_err(TransportError::from)?;
            match unread.fetch_add(chunk.len(), Ordering::Relaxed) + chunk.len() {
                unread if unread > limit => Err(io::Error::other("an event is too large")),
                _ => Ok(chunk),
            }
        });
        let mcp = self.clone();
        let events = SseStream::from_bytes_stream(body).inspect(move |event| match event {
            Ok(event) => {
                // More is read when all events of a chunk have been taken.
                read.store(0, Ordering::Relaxed);
                if event.id.is_some() {
                    place = Some((session.clone(), event.id.clone()));
                }
            }
            Err(SseError::Body(_)) if read.load(Ordering::Relaxed) <= limit => {}
            Err(_) => mcp.hopeless().extend(place.clone()),
        });
        events.boxed()
    }

    async fn stream(
        &self,
        request: RequestBuilder,
        (session, last): Place,
        limit: usize,
    ) -> Result<Events, Failed> {
        let request = match &last {
            Some(last) => request.header("last-event-id", last),
            None => request,
        };
        let response = request.send().await.map_err(failed)?;
        match (refusal(&response), media_type(&response)) {
            _ if response.status() == StatusCode::METHOD_NOT_ALLOWED => {
                Err(Failed::ServerDoesNotSupportSse)
            }
            (Some(refusal), _) => Err(refusal),
            (None, Some(content)) if content == EVENTS => {
                let place = (session.clone(), last);
                Ok(self.events(response, session, Some(place), limit))
            }
            (None, content) => Err(Failed::UnexpectedContentType(content)),
        }
    }

    fn hopeless(&self) -> MutexGuard<'_, HashSet<Place>> {
        let places = self.hopeless.lock();
        places.unwrap_or_else(PoisonError::into_inner)
    }
}

type Events = BoxStream<'static, Result<Sse, SseError>>;
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
        let content = media_type(&response);
        let begun = text(&response, SESSION);
        match (refusal(&response), content.as_deref()) {
            (None, _) if !is_request => Ok(StreamableHttpPostResponse::Accepted),
            (None, Some(EVENTS)) => {
                let session = begun.as_deref().map(Arc::from).or(session);
                let events = self.events(response, session, None, limits.max_sse_event_size);
                Ok(StreamableHttpPostResponse::Sse(events, begun))
            }
            (None, Some(JSON)) => {
                let body = whole(response, limits.max_json_response_size).await?;
                let message = serde_json::from_slice(&body)?;
                Ok(StreamableHttpPostResponse::Json(message, begun))
            }
            (None, _) => Err(Failed::UnexpectedContentType(content)),
            // It may say why, in the words of the protocol.
            (Some(Failed::HttpStatus(status)), Some(JSON)) => {
                let body = whole(response, limits.max_json_response_size).await?;
                match serde_json::from_slice(&body) {
                    Ok(why @ ServerJsonRpcMessage::Error(_)) => {
                        Ok(StreamableHttpPostResponse::Json(why, begun))
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
        let place = (session, last);
        // The one answer that ends `rmcp`'s tries.
        if self.hopeless().remove(&place) {
            return Err(Failed::ServerDoesNotSupportSse);
        }
        let request = self.request(Method::GET, &url, place.0.as_deref(), token, headers);
        let stream = self.stream(request, place.clone(), limit).await;
        if let Err(Failed::Io(error)) = &stream {
            let error = error.get_ref().and_then(|it| it.downcast_ref());
            if !error.is_none_or(TransportError::is_retryable) {
                self.hopeless().insert(place);
            }
        }
        stream
    }
}

const JSON: &str = "application/json";
const EVENTS: &str = "text/event-stream";
const SESSION: &str = "mcp-session-id";
const SILENCE: Duration = Duration::from_secs(60);
const LARGEST: usize = 1 << 20;
