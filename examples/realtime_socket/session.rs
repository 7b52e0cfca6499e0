//! A session that outlives its connections. Both sides number their messages, keep them until the other
//! side has seen them, and begin each connection with what they have seen.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};
use trusted_transport::ws::{self, Bytes, CloseCode, CloseFrame, Message, WebSocketConfig};
use trusted_transport::{TransportError, TrustedTransport, WebSocket};

use crate::lost::Lost;
use crate::shown;

/// What has been said on either side, and who has to know of it.
pub(crate) struct Session {
    transport: TrustedTransport,
    url: String,
    token: String,
    ping: Duration,
    typed: mpsc::Receiver<io::Result<String>>,
    /// Nothing more will be typed.
    ended: bool,
    /// As the server calls it.
    id: Option<String>,
    /// The last message of the server's.
    seen: u64,
    /// The last message of ours.
    said: u64,
    /// Those that the server has not seen yet, as far as we know.
    unseen: VecDeque<Say>,
    /// How many could not be read.
    unread: usize,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Ours<'a> {
    Hello { session: Option<&'a str>, seen: u64 },
    Say(&'a Say),
    Seen { seen: u64 },
}

#[derive(Serialize)]
struct Say {
    number: u64,
    text: String,
    #[serde(skip)]
    sent: Instant,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Theirs {
    /// The answer to `Hello`.
    Welcome {
        session: String,
        seen: u64,
    },
    Say {
        number: u64,
        text: String,
    },
    Seen {
        seen: u64,
    },
}

impl Session {
    pub(crate) fn of(
        transport: TrustedTransport,
        url: &str,
        token: &str,
        ping: Duration,
        typed: mpsc::Receiver<io::Result<String>>,
    ) -> Self {
        Self {
            transport,
            url: url.to_owned(),
            token: token.to_owned(),
            ping,
            typed,
            ended: false,
            id: None,
            seen: 0,
            said: 0,
            unseen: VecDeque::new(),
            unread: 0,
        }
    }

    /// What has arrived on either side. Who tries again without end has to see it grow.
    pub(crate) fn progress(&self) -> (u64, u64) {
        (self.seen, self.said - self.unseen.len() as u64)
    }

    /// Whether everything has arrived.
    pub(crate) fn confirmed(&self) -> Result<(), Lost> {
        match self.unseen.len() + self.unread {
            0 => Ok(()),
            count => Err(Lost::Unconfirmed(count)),
        }
    }

    /// One connection, until it is lost, or all is said, or the user stops it.
    pub(crate) async fn connection(&mut self, mut stop: Pin<&mut impl Future>) -> Result<(), Lost> {
        tokio::select! {
            socket = self.resumed() => {
                let mut socket = socket?;
                self.converse(&mut socket, stop).await?;
                self.farewell(&mut socket).await;
            }
            _ = stop.as_mut() => {}
        }
        self.confirmed()
    }

    /// A connection on which everything has been said again that the server has not seen.
    async fn resumed(&mut self) -> Result<WebSocket, Lost> {
        let config = WebSocketConfig::default().max_message_size(Some(LARGEST));
        let connecting = self.transport.websocket(self.url.as_str()).config(config);
        let connecting = connecting.header("Authorization", format!("Bearer {}", self.token));
        let (mut socket, _) = connecting.await?;
        let (session, seen) = (self.id.as_deref(), self.seen);
        self.send(&mut socket, json(&Ours::Hello { session, seen })?)
            .await?;
        let (session, seen) = timeout(self.patience(), welcome(&mut socket))
            .await
            .unwrap_or(Err(Lost::Silent(self.patience())))?;
        if self.id.as_ref().is_some_and(|id| *id != session) || seen < self.progress().1 {
            return Err(Lost::Forgotten);
        }
        self.id = Some(session);
        self.confirm(seen);
        for number in 0..self.unseen.len() {
            self.unseen[number].sent = Instant::now();
            self.send(&mut socket, json(&Ours::Say(&self.unseen[number]))?)
                .await?;
        }
        Ok(socket)
    }

    async fn converse(
        &mut self,
        socket: &mut WebSocket,
        mut stop: Pin<&mut impl Future>,
    ) -> Result<(), Lost> {
        let mut ping = interval(self.ping);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard = Instant::now();
        while !(self.ended && self.unseen.is_empty()) {
            // Who does not answer is left, and so is who answers pings and sees no message.
            let patience = self.patience();
            let since = self
                .unseen
                .front()
                .map_or(heard, |oldest| oldest.sent.min(heard));
            tokio::select! {
                message = socket.next() => {
                    heard = Instant::now();
                    if let Some(message) = read(message)? {
                        let before = self.seen;
                        self.take(message)?;
                        if self.seen > before {
                            self.send(socket, json(&Ours::Seen { seen: self.seen })?).await?;
                        }
                    }
                }
                line = self.typed.recv(), if !self.ended && self.unseen.len() < UNSEEN => match line {
                    Some(Ok(line)) => self.say(socket, line).await?,
                    Some(Err(error)) => {
                        eprintln!("(not sent: {error})");
                        self.unread += 1;
                    }
                    None => self.ended = true,
                },
                _ = ping.tick() => self.send(socket, Message::Ping(Bytes::new())).await?,
                () = sleep_until(since + patience) => return Err(Lost::Silent(patience)),
                _ = stop.as_mut() => return Ok(()),
            }
        }
        Ok(())
    }

    /// Whatever comes of it, everything that could be said has been said.
    async fn farewell(&mut self, socket: &mut WebSocket) {
        let (code, reason) = (CloseCode::Normal, "".into());
        let answered = timeout(self.patience(), async {
            socket.close(Some(CloseFrame { code, reason })).await.ok();
            while let Some(Ok(message)) = socket.next().await {
                if let Ok(Some(message)) = read(Some(Ok(message))) {
                    self.take(message).ok();
                }
            }
        });
        if answered.await.is_err() {
            eprintln!("(the server has not answered the farewell)");
        }
    }

    /// Prints what is new.
    fn take(&mut self, message: Theirs) -> Result<(), Lost> {
        match message {
            // The server cannot know exactly where it was cut off.
            Theirs::Say { number, .. } if number <= self.seen => {}
            Theirs::Say { number, .. } if number > self.seen + 1 => return Err(Lost::Gap(number)),
            Theirs::Say { number, text } => {
                println!("{}", shown(&text));
                self.seen = number;
            }
            Theirs::Seen { seen } | Theirs::Welcome { seen, .. } => self.confirm(seen),
        }
        Ok(())
    }

    fn confirm(&mut self, seen: u64) {
        while self
            .unseen
            .front()
            .is_some_and(|oldest| oldest.number <= seen)
        {
            self.unseen.pop_front();
        }
    }

    async fn say(&mut self, socket: &mut WebSocket, text: String) -> Result<(), Lost> {
        self.said += 1;
        let (number, sent) = (self.said, Instant::now());
        // It is kept before it is sent: a connection may be lost in between.
        let say = Say { number, text, sent };
        let message = json(&Ours::Say(&say))?;
        self.unseen.push_back(say);
        self.send(socket, message).await
    }

    /// To its end, while nothing else is waited for: half a message is none.
    async fn send(&self, socket: &mut WebSocket, message: Message) -> Result<(), Lost> {
        let sent = timeout(self.patience(), socket.send(message)).await;
        let sent = sent.map_err(|_| Lost::Silent(self.patience()))?;
        Ok(sent.map_err(TransportError::from)?)
    }

    fn patience(&self) -> Duration {
        3 * self.ping
    }
}

async fn welcome(socket: &mut WebSocket) -> Result<(String, u64), Lost> {
    loop {
        match read(socket.next().await)? {
            Some(Theirs::Welcome { session, seen }) => return Ok((session, seen)),
            Some(_) => return Err(Lost::Unwelcome),
            None => {}
        }
    }
}

fn json(message: &Ours<'_>) -> Result<Message, Lost> {
    let message = serde_json::to_string(message).map_err(Lost::Strange)?;
    Ok(message.into())
}

/// `None` is a sign of life.
fn read(message: Option<Result<Message, ws::Error>>) -> Result<Option<Theirs>, Lost> {
    match message.transpose().map_err(TransportError::from)? {
        Some(Message::Text(text)) => serde_json::from_str(&text).map(Some).map_err(Lost::Strange),
        Some(Message::Close(frame)) => Err(Lost::Closed(frame.map(|it| it.code))),
        None => Err(Lost::Closed(None)),
        Some(_) => Ok(None),
    }
}

const UNSEEN: usize = 16;
const LARGEST: usize = 64 * 1024;
