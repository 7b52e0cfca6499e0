//! A question, asked over a WebSocket and over HTTPS: the service makes one answer to it.

use std::cell::Cell;
use std::error::Error;
use std::process;
use std::time::{Duration, SystemTime};

use futures_util::StreamExt as _;
use serde_json::json;
use sse_stream::SseStream;
use tokio::time::{sleep, timeout};
use trusted_transport::http::{Response, Url, header, redirect};
use trusted_transport::ws::{Message, WebSocketConfig};
use trusted_transport::{HttpClient, TransportError, TrustedTransport, in_full};

use crate::answer::Answer;
use crate::error::StreamError;

pub(crate) struct Question {
    transport: TrustedTransport,
    client: HttpClient,
    /// Where answers are made: `https`.
    endpoint: Url,
    token: String,
    text: String,
    /// By it the service knows the question again, and does not answer it twice.
    key: String,
}

impl Question {
    pub(crate) fn of(
        transport: &TrustedTransport,
        url: &str,
        token: &str,
        text: &str,
    ) -> Result<Self, Box<dyn Error>> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
        // Wherever a redirect led, it would be shown the question.
        let client = transport.http().redirect(redirect::Policy::none());
        Ok(Self {
            transport: transport.clone(),
            client: client.read_timeout(IDLE).build()?,
            endpoint: Url::parse(url)?.join("responses")?,
            token: token.to_owned(),
            text: text.to_owned(),
            key: format!("{}-{}", process::id(), now.as_nanos()),
        })
    }

    pub(crate) async fn ask(&self, answer: &mut Answer) -> Result<(), StreamError> {
        let wss = match self.over_wss(answer).await {
            Err(error) if error.is_of_the_transport() => error,
            outcome => return outcome,
        };
        eprintln!("\n(over HTTPS from here on: {:#})", in_full(&wss));
        loop {
            let before = answer.last;
            match self.over_https(answer).await {
                // It gets on, and begins again where it stopped.
                Err(error) if error.is_of_the_transport() && answer.last > before => {
                    eprintln!("\n(again: {:#})", in_full(&error));
                    sleep(PAUSE).await;
                }
                Err(https) => return Err(StreamError::both(wss, https)),
                Ok(()) => return Ok(()),
            }
        }
    }

    async fn over_wss(&self, answer: &mut Answer) -> Result<(), StreamError> {
        let url = self.endpoint.as_str().replacen("http", "ws", 1);
        let config = WebSocketConfig::default().max_message_size(Some(LARGEST));
        let connecting = self.transport.websocket(url).config(config);
        let connecting = connecting.header(header::AUTHORIZATION, format!("Bearer {}", self.token));
        let connecting = connecting.header(KEY, self.key.as_str());
        let (mut socket, _) = connecting.connect_timeout(IDLE).await?;
        let create = json!({"type": "response.create", "input": self.text}).to_string();
        let sent = timeout(IDLE, socket.send(create)).await;
        sent.map_err(|_| StreamError::Silent)?
            .map_err(TransportError::from)?;
        loop {
            let next = timeout(IDLE, socket.next()).await;
            let next = next.map_err(|_| StreamError::Silent)?.transpose();
            match next.map_err(TransportError::from)? {
                Some(Message::Text(event)) if answer.take(event.as_str(), None)? => break,
                Some(Message::Close(frame)) => {
                    return Err(StreamError::Ended(frame.map(|it| it.code)));
                }
                None => return Err(StreamError::Ended(None)),
                // A ping is answered by the socket, and a sign of life.
                Some(_) => {}
            }
        }
        // The answer is there; whether the service hears the farewell does not matter.
        let _ = timeout(PAUSE, socket.close(None)).await;
        Ok(())
    }

    async fn over_https(&self, answer: &mut Answer) -> Result<(), StreamError> {
        let response = self.stream(answer).await?;
        let unread = Cell::new(0);
        let bytes = response.bytes_stream().map(|chunk| {
            let chunk = chunk.map_err(TransportError::from)?;
            unread.set(unread.get() + chunk.len());
            let fits = unread.get() <= LARGEST;
            fits.then_some(chunk).ok_or(StreamError::Large)
        });
        let mut events = SseStream::from_bytes_stream(bytes);
        while let Some(event) = events.next().await {
            let event = event.map_err(of_events)?;
            // More is read when all events of a chunk have been taken.
            unread.set(0);
            if let Some(data) = event.data
                && answer.take(&data, Some(&event.id.unwrap_or_default()))?
            {
                return Ok(());
            }
        }
        Err(StreamError::Ended(None))
    }

    /// The same answer, if one was begun, from behind the last event.
    async fn stream(&self, answer: &Answer) -> Result<Response, StreamError> {
        let request = match &answer.id {
            Some(id) => {
                let mut url = self.endpoint.clone();
                if let Ok(mut path) = url.path_segments_mut() {
                    path.push(id);
                }
                self.client.get(url).query(&[("stream", true)])
            }
            None => {
                let create = json!({"stream": true, "input": self.text});
                self.client.post(self.endpoint.clone()).json(&create)
            }
        };
        let mut request = request
            .bearer_auth(&self.token)
            .header(KEY, self.key.as_str());
        if let Some(last) = answer.last {
            request = request.header("Last-Event-ID", last);
        }
        let response = request.header(header::ACCEPT, EVENTS).send().await?;
        let of = response.headers().get(header::CONTENT_TYPE);
        if !response.status().is_success() {
            Err(StreamError::Status(response.status()))
        } else if !of.and_then(|of| of.to_str().ok()).is_some_and(is_events) {
            Err(StreamError::NotAStream)
        } else {
            Ok(response)
        }
    }
}

/// Whatever its parameters.
fn is_events(content: &str) -> bool {
    let kind = content.split(';').next().unwrap_or_default();
    kind.trim().eq_ignore_ascii_case(EVENTS)
}

fn of_events(error: sse_stream::Error) -> StreamError {
    match error {
        sse_stream::Error::Body(error) => match error.downcast() {
            Ok(error) => *error,
            Err(error) => StreamError::Strange(error),
        },
        error => StreamError::Strange(error.into()),
    }
}

const KEY: &str = "Idempotency-Key";
const EVENTS: &str = "text/event-stream";
pub(crate) const LARGEST: usize = 1024 * 1024;
pub(crate) const IDLE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(500);
