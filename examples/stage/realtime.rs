//! The service of `realtime_socket`: it says again what is said to it, numbers its messages, and knows
//! a session again whose connection was lost, which happens as often as the scene says.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::time::{sleep, timeout};
use trusted_transport::ws::{CloseCode, CloseFrame, Message};
use trusted_transport_lab::{AcceptedSocket, accept_websocket};

use crate::Scene;

/// What becomes of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The program ends it.
    Lasts,
    /// The upgrade is answered with this status.
    Refused(u16),
    /// Cut off after so many messages, when the next has been heard.
    CutOff(usize),
    /// Cut off after so many messages, when the next is under way.
    Missed(usize),
    /// Closed with this code after so many messages.
    Closed(usize, u16),
    /// After so many messages nothing is read any more.
    Dead(usize),
    /// Pings are answered, and messages are not.
    Deaf,
    /// What is said is said again when so many pings have been answered.
    Slow(usize),
    /// What is said is said again, and never confirmed.
    Unsure,
    /// A farewell is not answered.
    Rude,
    /// The session is not known any more.
    Forgetful,
}

/// What the service has seen.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    /// What every connection began with: the session, and the last message that was seen.
    pub hellos: Vec<(Option<String>, u64)>,
    /// The messages, each once.
    pub messages: Vec<String>,
    /// How many came again.
    pub doubles: usize,
    /// How many pings came.
    pub pings: usize,
    /// The codes that connections were closed with.
    pub closes: Vec<u16>,
}

/// What the service has seen so far.
pub type Log = Arc<Mutex<Heard>>;

/// Two connections are cut off.
pub fn scene() -> Scene {
    let fates = [Fate::CutOff(1), Fate::Missed(1), Fate::Lasts];
    played(&fates).0.typed("one\ntwo\nthree\nfour\n")
}

/// The connections come to this, one after the other, the last again and again.
pub fn played(fates: &[Fate]) -> (Scene, Log) {
    let service = Arc::new(Service {
        fates: fates.to_vec(),
        log: Log::default(),
    });
    let log = Arc::clone(&service.log);
    let router = Router::new().route("/talk", any(talk)).with_state(service);
    let scene = Scene::of(router).url("wss", "/talk");
    let scene = scene.variable("REALTIME_TOKEN", "secret");
    (scene.argument("1"), log)
}

struct Service {
    fates: Vec<Fate>,
    log: Log,
}

async fn talk(State(service): State<Arc<Service>>, request: Request) -> Response {
    let allowed = request.headers().get(header::AUTHORIZATION);
    if allowed.is_none_or(|it| it != "Bearer secret") {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let before = service.log().hellos.len();
    let fate = service.fates[before.min(service.fates.len() - 1)];
    if let Fate::Refused(status) = fate {
        service.log().hellos.push((None, 0));
        let status = StatusCode::from_u16(status);
        return status.unwrap_or(StatusCode::IM_A_TEAPOT).into_response();
    }
    let Some((response, accepting)) = accept_websocket(request) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    tokio::spawn(async move {
        if let Some(mut socket) = accepting.await {
            // How it ended is for the program to notice.
            service.converse(&mut socket, fate).await.ok();
        }
    });
    response.map(|()| Body::empty())
}

impl Service {
    async fn converse(&self, socket: &mut AcceptedSocket, fate: Fate) -> Result<(), Failed> {
        let seen = self.welcome(socket, fate).await?;
        // The last message once more, since nobody knows what was cut off.
        let messages = self.log().messages.clone();
        for (at, text) in messages.iter().enumerate().skip(seen.saturating_sub(1)) {
            socket.send(echo(at + 1, text)).await?;
        }
        let mut count = 0;
        while let Some(message) = timeout(PATIENCE, socket.next()).await? {
            match message? {
                Message::Ping(_) => self.log().pings += 1,
                Message::Close(frame) => {
                    self.log().closes.extend(frame.map(|it| u16::from(it.code)));
                    if fate == Fate::Rude {
                        sleep(PATIENCE).await;
                    }
                }
                Message::Text(text) => {
                    let message: Value = serde_json::from_str(&text)?;
                    if message["type"] != "say" {
                        continue;
                    }
                    if self.strikes(socket, fate, count, &message).await? {
                        return Ok(());
                    }
                    count += 1;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The last message of ours that the program has seen.
    async fn welcome(&self, socket: &mut AcceptedSocket, fate: Fate) -> Result<usize, Failed> {
        let hello = timeout(PATIENCE, socket.next()).await?.ok_or("nothing")??;
        let hello: Value = serde_json::from_slice(&hello.into_data())?;
        let session = hello["session"].as_str().map(str::to_owned);
        let seen = hello["seen"].as_u64().ok_or("not a hello")?;
        let heard = {
            let mut log = self.log();
            log.hellos.push((session, seen));
            log.messages.len()
        };
        let session = match fate {
            Fate::Forgetful => "another",
            _ => "session",
        };
        let welcome = json!({"type": "welcome", "session": session, "seen": heard});
        socket.send(Message::text(welcome.to_string())).await?;
        Ok(usize::try_from(seen)?)
    }

    /// Whether the connection has come to its end with this message, the one after so many.
    async fn strikes(
        &self,
        socket: &mut AcceptedSocket,
        fate: Fate,
        count: usize,
        message: &Value,
    ) -> Result<bool, Failed> {
        match fate {
            Fate::Missed(after) if after == count => {
                cut_off(socket).await?;
                return Ok(true);
            }
            Fate::Dead(after) if after == count => {
                sleep(PATIENCE).await;
                return Ok(true);
            }
            Fate::Closed(after, code) if after == count => {
                let (code, reason) = (CloseCode::from(code), "".into());
                socket.close(Some(CloseFrame { code, reason })).await?;
                while let Some(Ok(_)) = timeout(PATIENCE, socket.next()).await? {}
                return Ok(true);
            }
            Fate::Deaf => return Ok(false),
            _ => {}
        }
        let number = message["number"].as_u64().ok_or("no number")?;
        let text = message["text"].as_str().ok_or("no text")?;
        let number = usize::try_from(number)?;
        let new = self.hear(number, text)?;
        if matches!(fate, Fate::CutOff(after) if after == count) {
            cut_off(socket).await?;
            return Ok(true);
        }
        let seen = json!({"type": "seen", "seen": number}).to_string();
        let mut answers = vec![Message::text(seen)];
        if new {
            answers.insert(0, echo(number, text));
        }
        self.answer(socket, fate, answers).await?;
        Ok(false)
    }

    /// The echo, and that the message was seen.
    async fn answer(
        &self,
        socket: &mut AcceptedSocket,
        fate: Fate,
        mut answers: Vec<Message>,
    ) -> Result<(), Failed> {
        match fate {
            Fate::Slow(_) => answers.reverse(),
            Fate::Unsure => answers.truncate(1),
            _ => {}
        }
        for answer in answers {
            socket.send(answer).await?;
            if let Fate::Slow(pings) = fate {
                self.hear_pings(socket, pings).await?;
            }
        }
        Ok(())
    }

    /// Whether it is new.
    fn hear(&self, number: usize, text: &str) -> Result<bool, Failed> {
        let mut log = self.log();
        let heard = log.messages.len();
        if number > heard + 1 {
            return Err("a message is missing".into());
        }
        match number > heard {
            true => log.messages.push(text.to_owned()),
            false => log.doubles += 1,
        }
        Ok(number > heard)
    }

    /// Pings are answered where they are read.
    async fn hear_pings(&self, socket: &mut AcceptedSocket, count: usize) -> Result<(), Failed> {
        let all = self.log().pings + count;
        while self.log().pings < all {
            let message = timeout(PATIENCE, socket.next()).await?.ok_or("nothing")??;
            self.log().pings += usize::from(message.is_ping());
        }
        Ok(())
    }

    fn log(&self) -> MutexGuard<'_, Heard> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Without a farewell. What is unread on this side would take with it what the other has not read yet.
async fn cut_off(socket: &mut AcceptedSocket) -> Result<(), Failed> {
    socket.get_mut().shutdown().await?;
    while let Some(Ok(_)) = timeout(PATIENCE, socket.next()).await? {}
    Ok(())
}

/// One message of ours for each of the program's.
fn echo(number: usize, text: &str) -> Message {
    let text = format!("you said: {text}");
    Message::text(json!({"type": "say", "number": number, "text": text}).to_string())
}

type Failed = Box<dyn std::error::Error + Send + Sync>;

const PATIENCE: Duration = Duration::from_secs(30);
