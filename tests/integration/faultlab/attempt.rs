//! One attempt over one transport, in a runtime of its own: how it ended, how long that took, and
//! whether anything of it was left.

use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};
use tokio::time::{sleep, timeout};
use trusted_transport::ws::{CloseCode, Message, WebSocketConfig};
use trusted_transport::{TransportBuilder, TransportError, TrustedTransport};

use crate::support::HOST;
use crate::told::Told;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    Https,
    Wss,
}

/// What the client is to do.
pub(crate) struct Visit {
    pub(crate) name: String,
    pub(crate) port: u16,
    pub(crate) limit: Duration,
    /// Whether it begins the closing handshake of a WebSocket.
    pub(crate) farewell: bool,
}

/// How an attempt ended.
#[derive(Debug, PartialEq)]
pub(crate) enum Ended {
    Well(String),
    Badly(Told),
    /// Nothing came, and the program has not waited any longer.
    Waiting,
}

impl Ended {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Well(_) => "well",
            Self::Badly(told) => told.kind,
            Self::Waiting => "waiting",
        }
    }

    pub(crate) fn text(&self) -> String {
        match self {
            Self::Well(what) => format!("  succeeds: {what}\n"),
            Self::Badly(told) => told.to_string(),
            Self::Waiting => "  is quiet until the program's own limit\n".to_owned(),
        }
    }
}

impl Visit {
    /// `open` is how many connections the server has.
    pub(crate) fn attempt(
        &self,
        over: Over,
        builder: TransportBuilder,
        open: &dyn Fn() -> usize,
    ) -> (Ended, Duration) {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime for the client");
        let began = Instant::now();
        let most = self.limit * 2 + SLACK;
        let visit = async { timeout(most, self.visit(over, builder)).await };
        let ended = runtime.block_on(visit);
        let took = began.elapsed();
        let ended = ended.unwrap_or_else(|_| panic!("{} {over:?} hangs", self.name));
        // A future that does not let others run is not ended by its time either.
        assert!(took < most, "{} {over:?} took {took:?}", self.name);
        self.assert_nothing_is_left(over, &runtime, open);
        (ended, took)
    }

    /// Everything that the client held is gone by now. What it had open ends by itself, soon.
    fn assert_nothing_is_left(&self, over: Over, runtime: &Runtime, open: &dyn Fn() -> usize) {
        let left = || (runtime.metrics().num_alive_tasks(), open());
        let none = async {
            while left() != (0, 0) {
                sleep(Duration::from_millis(2)).await;
            }
        };
        let gone = runtime.block_on(async { timeout(PATIENCE, none).await });
        let (tasks, connections) = left();
        assert!(
            gone.is_ok(),
            "{} {over:?} left {tasks} tasks and {connections} connections",
            self.name
        );
    }

    async fn visit(&self, over: Over, builder: TransportBuilder) -> Ended {
        let transport = builder.connect_timeout(self.limit).build();
        let transport = transport.expect("a transport");
        let ended = match over {
            Over::Https => self.get(&transport).await,
            Over::Wss => self.listen(&transport).await,
        };
        ended.unwrap_or_else(|error| Ended::Badly(Told::of(&error)))
    }

    async fn get(&self, transport: &TrustedTransport) -> Result<Ended, TransportError> {
        let client = transport.http().timeout(self.limit * 2);
        // What a server does not read is given up after this time; after 30 s by default.
        #[cfg(target_os = "linux")]
        let client = client.tcp_user_timeout(Some(self.limit));
        let client = client.build()?;
        let url = format!("https://{HOST}:{}/", self.port);
        let response = client.get(url).send().await?;
        let status = response.status();
        let body = response.bytes().await?;
        let body = String::from_utf8_lossy(&body);
        Ok(Ended::Well(format!("{} {}", status.as_u16(), body.trim())))
    }

    async fn listen(&self, transport: &TrustedTransport) -> Result<Ended, TransportError> {
        let config = WebSocketConfig::default()
            .max_frame_size(Some(LARGEST / 2))
            .max_message_size(Some(LARGEST));
        let url = format!("wss://{HOST}:{}/", self.port);
        let (mut socket, _) = transport.websocket(url).config(config).await?;
        if self.farewell {
            socket.close(None).await?;
        }
        let mut seen = vec!["open".to_owned()];
        let listening = async {
            while let Some(message) = socket.next().await {
                match message? {
                    Message::Text(text) => seen.push(format!("`{text}`")),
                    Message::Close(frame) => {
                        let code = frame.map_or(CloseCode::Status, |frame| frame.code);
                        seen.push(format!("closed with {code}"));
                    }
                    _ => {}
                }
            }
            Ok(Ended::Well(seen.join(", ")))
        };
        timeout(self.limit, listening)
            .await
            .unwrap_or(Ok(Ended::Waiting))
    }
}

/// Of a WebSocket message.
const LARGEST: usize = 128 * 1024;
/// What a busy machine may add to a limit.
const SLACK: Duration = Duration::from_secs(6);
/// For what ends by itself.
const PATIENCE: Duration = Duration::from_secs(5);
