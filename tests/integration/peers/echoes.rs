//! npm's `ws` and Python's `websockets` as WSS servers: what RFC 6455 lets a server do, by
//! implementations that are not ours.

use std::path::Path;

use trusted_transport::ws::{CloseCode, CloseFrame, Message, Response};
use trusted_transport::{TrustedTransport, WebSocket};
use trusted_transport_lab::EndEntity;

use super::ends::{self, HOST, direct, through};
use super::mitmproxy::Mitmproxy;
use super::process::{Peer, command, file, free_port, home, installed, version};
use super::squid::squid;
use super::world::{Behind, Served, World};

/// Which of them.
#[derive(Clone, Copy)]
pub(super) enum Server {
    Ws,
    Websockets,
}

/// Runs the server, with TLS if there is an identity. It takes messages up to this many bytes.
pub(super) async fn started(server: Server, identity: Option<&EndEntity>, limit: usize) -> Peer {
    let (home, port) = (home(), free_port());
    let (interpreter, program) = match server {
        Server::Ws => ("node", "echo.js"),
        Server::Websockets => (PYTHON, "echo.py"),
    };
    let mut echo = command(interpreter);
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    echo.arg(here.join("tests/integration/peers").join(program));
    echo.arg(port.to_string()).arg(limit.to_string());
    echo.env("NODE_PATH", installed(NODE_MODULES));
    if let Some(identity) = identity {
        echo.arg(file(&home, "chain.pem", &identity.chain_pem()));
        echo.arg(file(&home, "key.pem", &identity.key_pem()));
    }
    Peer::start(home, port, echo).await
}

impl Server {
    fn name(self) -> &'static str {
        match self {
            Self::Ws => "ws (npm)",
            Self::Websockets => "websockets (Python)",
        }
    }

    fn version(self) -> String {
        match self {
            Self::Ws => {
                let manifest = installed(NODE_MODULES).join("ws/package.json");
                let text = std::fs::read_to_string(manifest).expect(".ci/peers installs ws");
                let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
                json["version"].as_str().expect("a version").to_owned()
            }
            Self::Websockets => {
                let program = "import websockets; print(websockets.__version__)";
                version(PYTHON, &["-c", program])
            }
        }
    }
}

/// A server with TLS, and who finds and trusts it.
struct Echo {
    server: Server,
    peer: Peer,
    transport: TrustedTransport,
}

impl Echo {
    async fn new(server: Server, limit: usize, world: &World) -> Self {
        let identity = world.root.issue(&[HOST]);
        Self {
            server,
            peer: started(server, Some(&identity), limit).await,
            transport: direct(&world.root.pem()),
        }
    }

    fn url(&self, path: &str) -> String {
        format!("wss://{HOST}:{}{path}", self.peer.port())
    }

    async fn open(&self, path: &str) -> (WebSocket, Response) {
        self.transport
            .websocket(self.url(path))
            .await
            .expect("a WebSocket")
    }

    async fn logs(&self, line: &str) {
        let so = || self.peer.log().lines().any(|it| it == line);
        ends::until(so, &format!("{line:?}\n{}", self.peer.log())).await;
    }

    async fn row(&self, world: &World, setup: &'static str) {
        let served = Served {
            setup,
            ..world.served(self.server.name(), self.server.version(), self.peer.port())
        };
        world.try_origin(served, direct).await;
    }

    /// Through an interceptor that signs with this authority.
    async fn row_behind(&self, world: &World, setup: &'static str, way: &Behind) {
        let served = Served {
            setup,
            bundles: [way.bundle.clone(), world.root.pem()],
            issuer: way.issuer,
            ..world.served(self.server.name(), self.server.version(), self.peer.port())
        };
        world
            .try_origin(served, |bundle| through(bundle, &way.url))
            .await;
    }

    async fn everything(&self) {
        self.compression_is_not_offered_and_not_missed().await;
        self.the_common_subprotocol_is_spoken().await;
        self.pings_are_answered().await;
        self.fragments_are_put_together().await;
        self.each_close_is_told_with_its_reason().await;
    }

    /// Both servers compress where they are asked to.
    async fn compression_is_not_offered_and_not_missed(&self) {
        let (mut socket, response) = self.open("/plain").await;
        self.logs("open /plain, offers nothing").await;
        assert_eq!(response.headers().get(EXTENSIONS), None);
        let text = Message::text("compressible ".repeat(10_000));
        socket.send(text.clone()).await.expect("sent");
        assert!(heard(&mut socket).await == text);
    }

    async fn the_common_subprotocol_is_spoken(&self) {
        let offer = |names: &[&str]| {
            let builder = self.transport.websocket(self.url("/"));
            names.iter().fold(builder, |it, name| it.subprotocol(name))
        };
        let (_socket, response) = offer(&["v1.lab", "v2.lab"]).await.expect("a WebSocket");
        assert_eq!(response.headers()["sec-websocket-protocol"], "v2.lab");
        let (_socket, response) = offer(&[]).await.expect("a WebSocket");
        assert_eq!(response.headers().get("sec-websocket-protocol"), None);
        let error = offer(&["v1.lab"]).await.expect_err("nothing in common");
        assert_eq!(error.kind(), "upgrade_failed", "{error:?}");
    }

    async fn pings_are_answered(&self) {
        let (mut socket, _) = self.open("/ping").await;
        let pong = Message::text("pong: are you there");
        assert_eq!(heard(&mut socket).await, pong);
    }

    /// 16 MiB, then a text with its characters torn apart.
    async fn fragments_are_put_together(&self) {
        let (mut socket, _) = self.open("/fragments").await;
        let data = heard(&mut socket).await.into_data();
        assert_eq!(data.len(), 256 * 65536);
        let mut parts = data.chunks(65536).zip(0..=255);
        assert!(parts.all(|(part, n)| part.iter().all(|byte| *byte == n)));
        let text = Message::text("gr\u{fc}\u{df} dich, \u{1f30d}");
        assert_eq!(heard(&mut socket).await, text);
    }

    async fn each_close_is_told_with_its_reason(&self) {
        for code in [1000, 1001, 1008, 1011, 4000] {
            let (mut socket, _) = self.open(&format!("/close/{code}")).await;
            let reason = format!("because {code}");
            let frame = CloseFrame {
                code: CloseCode::from(code),
                reason: reason.clone().into(),
            };
            assert_eq!(heard(&mut socket).await, Message::Close(Some(frame)));
            assert!(socket.next().await.is_none(), "{code}");
            drop(socket);
            self.logs(&format!("closed {code} {reason}")).await;
        }
        for (code, reason) in [(1000, "done"), (4321, "enough")] {
            let (mut socket, _) = self.open("/").await;
            let frame = CloseFrame {
                code: CloseCode::from(code),
                reason: reason.into(),
            };
            socket.close(Some(frame)).await.expect("closed");
            while socket.next().await.is_some() {}
            drop(socket);
            self.logs(&format!("closed {code} {reason}")).await;
        }
    }

    /// With a limit so low that the server has read all of it before it closes: a connection that
    /// is closed with something unread is reset, and takes the reason with it.
    async fn a_message_beyond_the_limit_is_told_as_such(server: Server) {
        let echo = Self::new(server, 1000, &World::new().await).await;
        let (mut socket, _) = echo.open("/").await;
        let message = Message::binary(vec![0; 1000]);
        socket.send(message.clone()).await.expect("sent");
        assert!(heard(&mut socket).await == message);
        socket.send(vec![0; 1001]).await.expect("sent");
        match heard(&mut socket).await {
            Message::Close(Some(frame)) => assert_eq!(frame.code, CloseCode::Size),
            other => panic!("{other:.80?}"),
        }
    }
}

/// The next message that is no ping; those are answered while this waits.
async fn heard(socket: &mut WebSocket) -> Message {
    loop {
        let message = tokio::time::timeout(ends::LIMIT, socket.next());
        let message = message.await.expect("in time").expect("a message");
        let message = message.expect("a sound message");
        if !message.is_ping() {
            return message;
        }
    }
}

async fn serves(server: Server) {
    let world = World::new().await;
    let echo = Echo::new(server, LIMIT, &world).await;
    echo.row(&world, "origin").await;
    echo.everything().await;
    Echo::a_message_beyond_the_limit_is_told_as_such(server).await;
}

/// An interceptor reads what is said and says it again, and that must not change it.
async fn serves_behind(server: Server, setup: &'static str, world: &World, way: &Behind) {
    let mut echo = Echo::new(server, LIMIT, world).await;
    echo.row_behind(world, setup, way).await;
    echo.transport = through(&way.bundle, &way.url);
    echo.everything().await;
}

#[tokio::test]
#[ignore = "needs npm's ws; .ci/peers installs and runs it"]
async fn ws() {
    serves(Server::Ws).await;
}

#[tokio::test]
#[ignore = "needs Python's websockets; .ci/peers installs and runs it"]
async fn websockets() {
    serves(Server::Websockets).await;
}

#[tokio::test]
#[ignore = "needs mitmproxy and npm's ws; .ci/peers installs and runs them"]
async fn ws_behind_mitmproxy() {
    let world = World::new().await;
    let mitmproxy = Mitmproxy::start(&world, &[]).await;
    let way = mitmproxy.way();
    serves_behind(Server::Ws, "origin, through mitmproxy", &world, &way).await;
}

#[tokio::test]
#[ignore = "needs squid and Python's websockets; .ci/peers installs and runs them"]
async fn websockets_behind_squid() {
    let world = World::new().await;
    let (squid, way) = squid(&world).await;
    serves_behind(Server::Websockets, "origin, through squid", &world, &way).await;
    drop(squid);
}

const EXTENSIONS: &str = "sec-websocket-extensions";
/// The one of the folder that `.ci/peers` fills, before any other.
const PYTHON: &str = "python";
const NODE_MODULES: &str = "node/node_modules";
/// Twice the largest message of a conversation.
pub(super) const LIMIT: usize = 2 << 20;
