//! The service of `responses_stream`: an answer that comes word by word, over a WebSocket or as
//! server-sent events, and ends as the scene says.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _, stream};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};
use trusted_transport::ws::{CloseCode, CloseFrame, Message};
use trusted_transport_lab::{AcceptedSocket, accept_websocket};

use crate::Scene;

/// How a transport brings the answer.
#[derive(Clone, Debug)]
pub enum Ending {
    /// To its end.
    Whole,
    /// Not at all: an answer with this status instead.
    Refused(u16),
    /// Cut off after so many events.
    CutOff(usize),
    /// The WebSocket is closed with this code after so many events.
    Closed(usize, u16),
    /// Nothing any more after so many events.
    Silent(usize),
    /// An event of two megabytes after so many.
    Large(usize),
    /// One event is left out.
    Without(usize),
    /// To its end, and from the beginning, whatever `Last-Event-ID` says.
    Again,
    /// To its end, in events that are small, and together two megabytes.
    Long,
    /// To its end, each event by the name of the next.
    Misnamed,
    /// Comments without end after so many events.
    Comments(usize),
    /// This as a word, and then as the message of an error.
    Failed(&'static str),
    /// A page for people.
    Page,
    /// The same elsewhere.
    Moved,
}

/// What the service was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// `WSS`, or the method.
    pub how: String,
    /// `Idempotency-Key`.
    pub key: String,
    /// `Last-Event-ID`.
    pub last: Option<usize>,
}

/// Everything that the service was asked.
pub type Log = Arc<Mutex<Vec<Asked>>>;

/// The text of the answer.
pub const TEXT: &str = "Tea came first, and the water was hot before anybody had asked for it.";

/// The WebSocket is cut off in the middle, and the rest comes over HTTPS.
pub fn scene() -> Scene {
    played(Ending::CutOff(6), vec![Ending::Whole]).0
}

/// WebSockets end like this; requests over HTTPS one after the other like that, the last again and
/// again.
pub fn played(wss: Ending, https: Vec<Ending>) -> (Scene, Log) {
    within(wss, https, "60")
}

/// As [`played`], and the program is told how many seconds it has.
pub fn within(wss: Ending, https: Vec<Ending>, seconds: &str) -> (Scene, Log) {
    let service = Service {
        wss,
        https,
        log: Log::default(),
    };
    let log = Arc::clone(&service.log);
    let router = Router::new()
        .route("/v1/responses", any(answer))
        .route("/v1/responses/resp_1", any(answer))
        .with_state(Arc::new(service));
    let scene = Scene::of(router).url("https", "/v1/");
    let scene = scene.argument("Why tea?").argument(seconds);
    (scene.variable("RESPONSES_TOKEN", "secret"), log)
}

struct Service {
    wss: Ending,
    https: Vec<Ending>,
    log: Log,
}

async fn answer(State(service): State<Arc<Service>>, request: Request) -> Response {
    let allowed = request.headers().get(header::AUTHORIZATION);
    if allowed.is_none_or(|it| it != "Bearer secret") {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let upgrade = request.headers().contains_key(header::UPGRADE);
    let ending = match (service.note(&request, upgrade), upgrade) {
        (_, true) => &service.wss,
        (before, false) => &service.https[before.min(service.https.len() - 1)],
    };
    if let Ending::Refused(status) = ending {
        let status = StatusCode::from_u16(*status);
        return status.unwrap_or(StatusCode::IM_A_TEAPOT).into_response();
    }
    match upgrade {
        true => over_wss(request, ending.clone()),
        false => over_https(&request, ending),
    }
}

impl Service {
    /// How many requests there were before over HTTPS.
    fn note(&self, request: &Request, upgrade: bool) -> usize {
        let text = |name| request.headers().get(name)?.to_str().ok();
        let asked = Asked {
            how: match upgrade {
                true => "WSS".to_owned(),
                false => request.method().to_string(),
            },
            key: text("idempotency-key").unwrap_or_default().to_owned(),
            last: text("last-event-id").and_then(|last| last.parse().ok()),
        };
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let before = log.iter().filter(|before| before.how != "WSS").count();
        log.push(asked);
        before
    }
}

fn over_wss(request: Request, ending: Ending) -> Response {
    let Some((response, accepting)) = accept_websocket(request) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    tokio::spawn(async move {
        if let Some(mut socket) = accepting.await {
            // What is left of it is the program's to notice.
            tell(&mut socket, ending).await.ok();
        }
    });
    response.map(|()| Body::empty())
}

/// The events, after the question.
async fn tell(socket: &mut AcceptedSocket, ending: Ending) -> Result<(), Failed> {
    let asked = timeout(PATIENCE, socket.next()).await?.ok_or("nothing")??;
    let asked: Value = serde_json::from_slice(&asked.into_data())?;
    if asked["type"] != "response.create" || asked["input"] != "Why tea?" {
        return Err("another question".into());
    }
    for (_, event) in played_events(0, &ending) {
        socket.send(Message::text(event)).await?;
        sleep(BEAT).await;
    }
    match ending {
        Ending::Closed(_, code) => {
            let (code, reason) = (CloseCode::from(code), "".into());
            socket.close(Some(CloseFrame { code, reason })).await?;
        }
        Ending::CutOff(_) => return Ok(()),
        _ => {}
    }
    while let Some(Ok(_)) = timeout(PATIENCE, socket.next()).await? {}
    Ok(())
}

fn over_https(request: &Request, ending: &Ending) -> Response {
    let resumes = request.uri().path() != "/v1/responses";
    if resumes != (request.method() == Method::GET) {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    if let Ending::Page = ending {
        return ([(header::CONTENT_TYPE, "text/html")], "<p>Log in.</p>").into_response();
    }
    if let Ending::Moved = ending {
        let elsewhere = [(header::LOCATION, "/v1/elsewhere")];
        return (StatusCode::TEMPORARY_REDIRECT, elsewhere).into_response();
    }
    let last = request.headers().get("last-event-id");
    let last: Option<usize> = last.and_then(|last| last.to_str().ok()?.parse().ok());
    let begins = match ending {
        Ending::Again => 0,
        _ => last.map_or(0, |last| last + 1),
    };
    let wrong = usize::from(matches!(ending, Ending::Misnamed));
    let events =
        stream::iter(played_events(begins, ending)).then(move |(number, event)| async move {
            sleep(BEAT).await;
            let id = number + wrong;
            Ok(Bytes::from(format!(
                ": a comment\nid: {id}\ndata: {event}\n\n"
            )))
        });
    let body = match ending {
        Ending::CutOff(_) => Body::from_stream(events.chain(stream::once(cut_off()))),
        Ending::Silent(_) => Body::from_stream(events.chain(stream::pending())),
        Ending::Comments(_) => {
            let comment = || Ok(Bytes::from(":\n\n".repeat(4096)));
            Body::from_stream(events.chain(stream::repeat_with(comment)))
        }
        _ => Body::from_stream(events.map(|event: Result<_, &str>| event)),
    };
    let kind = "Text/Event-Stream;charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], body).into_response()
}

/// A moment after the last event, which would be lost otherwise.
async fn cut_off() -> Result<Bytes, &'static str> {
    sleep(BEAT).await;
    Err("cut off")
}

/// As many events as there are before the end, each as its number and JSON.
fn played_events(begins: usize, ending: &Ending) -> Vec<(usize, String)> {
    let mut left: Vec<(usize, String)> = events().into_iter().skip(begins).collect();
    match *ending {
        Ending::CutOff(after)
        | Ending::Closed(after, _)
        | Ending::Silent(after)
        | Ending::Comments(after) => left.truncate(after),
        Ending::Failed(text) => {
            left.truncate(4);
            let word = json!({"type": "response.output_text.delta", "delta": text});
            let error = json!({"type": "error", "message": text});
            for (at, event) in [(2, word), (3, error)] {
                left[at].1 = numbered(at, event);
            }
        }
        Ending::Large(after) => left[after].1 = json!({"large": "x".repeat(2 << 20)}).to_string(),
        Ending::Without(which) => drop(left.remove(which)),
        Ending::Long => {
            // JSON may end with blanks.
            let blanks = " ".repeat(120_000);
            left.iter_mut().for_each(|event| event.1 += &blanks);
        }
        _ => {}
    }
    left
}

fn events() -> Vec<(usize, String)> {
    let mut events = vec![json!({"type": "response.created", "response": {"id": "resp_1"}})];
    events.push(json!({"type": "response.in_progress"}));
    for word in TEXT.split_inclusive(' ') {
        events.push(json!({"type": "response.output_text.delta", "delta": word}));
    }
    events.push(json!({"type": "response.completed"}));
    let events = events.into_iter().enumerate();
    events
        .map(|(at, event)| (at, numbered(at, event)))
        .collect()
}

fn numbered(number: usize, mut event: Value) -> String {
    event["sequence_number"] = number.into();
    event.to_string()
}

type Failed = Box<dyn std::error::Error + Send + Sync>;

const BEAT: Duration = Duration::from_millis(20);
const PATIENCE: Duration = Duration::from_secs(30);
