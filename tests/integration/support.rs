//! What the tests share: policies for the lab's authorities, one attempt over each transport
//! with its outcome in comparable form, and processes of their own.

use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use trusted_transport::ws::Message;
use trusted_transport::{
    BaseRoots, CaPolicy, ProxyPolicy, Refusal, TransportBuilder, TransportError, TrustedTransport,
};
use trusted_transport_lab::{Authority, Origin};

/// The name of every origin; nothing but the token's own resolution knows it.
pub(crate) const HOST: &str = "origin.test";

/// How an attempt ended, as far as the transports must agree on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Connected,
    Refused(Refusal),
    Failed(&'static str),
}

impl From<&TransportError> for Outcome {
    fn from(error: &TransportError) -> Self {
        match error.trust_failure() {
            Some(failure) => Self::Refused(failure.refusal()),
            None => Self::Failed(error.kind()),
        }
    }
}

/// Trusts these authorities, and nothing else whatever the machine trusts.
pub(crate) fn trusting(authorities: &[&Authority]) -> TransportBuilder {
    let pem: String = authorities
        .iter()
        .map(|authority| authority.pem())
        .collect();
    let anchors = CaPolicy::platform()
        .base(BaseRoots::None)
        .bundle_pem("the lab's authorities", pem)
        .load()
        .expect("the lab's authorities load");
    TrustedTransport::builder(anchors)
        .proxy(ProxyPolicy::Direct)
        .connect_timeout(Duration::from_secs(10))
}

/// Connects `HOST` to `origin`, as far as the token resolves names itself.
pub(crate) fn built(builder: TransportBuilder, origin: &Origin) -> TrustedTransport {
    let transport = builder.resolve(HOST, [origin.addr()]).build();
    transport.expect("a transport with a valid configuration")
}

/// One GET request.
pub(crate) async fn get(transport: &TrustedTransport, url: &str) -> Result<u16, TransportError> {
    let client = transport.http().build()?;
    let response = client.get(url).send().await?;
    Ok(response.status().as_u16())
}

/// One WebSocket, and one message there and back.
pub(crate) async fn echo(transport: &TrustedTransport, url: &str) -> Result<(), TransportError> {
    let (mut socket, _) = transport.websocket(url).await?;
    socket
        .send("there and back")
        .await
        .expect("the message is sent");
    let answer = socket.next().await.expect("an answer").expect("a message");
    assert_eq!(answer, Message::text("there and back"));
    socket.close(None).await.expect("the socket closes");
    Ok(())
}

pub(crate) async fn https(transport: &TrustedTransport, url: &str) -> Outcome {
    match get(transport, url).await {
        Ok(status) => {
            assert_eq!(status, 200, "{url}");
            Outcome::Connected
        }
        Err(error) => Outcome::from(&error),
    }
}

pub(crate) async fn wss(transport: &TrustedTransport, url: &str) -> Outcome {
    match echo(transport, url).await {
        Ok(()) => Outcome::Connected,
        Err(error) => Outcome::from(&error),
    }
}

/// The same attempt over both transports, which must agree on how it ends. `scheme` is that
/// of HTTP.
pub(crate) async fn both(transport: &TrustedTransport, origin: &Origin, scheme: &str) -> Outcome {
    let http = https(transport, &origin.url(scheme, HOST, "/")).await;
    let scheme = scheme.replace("http", "ws");
    let websocket = wss(transport, &origin.url(&scheme, HOST, "/")).await;
    assert_eq!(http, websocket, "HTTP and WebSocket disagree");
    http
}

/// The error of the same attempt at this port of `HOST` over both transports.
pub(crate) async fn both_errors(transport: &TrustedTransport, port: u16) -> [TransportError; 2] {
    let url = |scheme| format!("{scheme}://{HOST}:{port}/");
    let https = get(transport, &url("https")).await;
    let wss = echo(transport, &url("wss")).await;
    [https.expect_err("HTTPS fails"), wss.expect_err("WSS fails")]
}

/// This binary once more, to run this one of its ignored tests, with nothing in its environment.
pub(crate) fn process(test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this binary"));
    command
        .args([test, "--exact", "--ignored", "--nocapture"])
        .env_clear()
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

/// What the process prints behind `outcome: `, line by line.
pub(crate) async fn outcomes(mut command: Command) -> Vec<String> {
    let output = tokio::time::timeout(Duration::from_secs(60), command.output());
    let output = output.await.expect("in time").expect("the process runs");
    assert!(output.status.success(), "{output:?}");
    let outcomes: Vec<String> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| Some(line.split_once("outcome: ")?.1.to_owned()))
        .collect();
    assert!(!outcomes.is_empty(), "{output:?}");
    outcomes
}

/// An address that nobody listens at, and that nobody else gets while the socket lives.
pub(crate) fn dead_address() -> (socket2::Socket, std::net::SocketAddr) {
    use socket2::{Domain, Socket, Type};
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    let any: std::net::SocketAddr = ([127, 0, 0, 1], 0).into();
    socket.bind(&any.into()).expect("a port");
    let address = socket.local_addr().ok();
    let address = address.and_then(|address| address.as_socket());
    (socket, address.expect("an address"))
}

/// An address that takes no more connections: its queue is full, and whoever tries waits.
#[cfg(target_os = "linux")]
pub(crate) struct BlackHole {
    socket: socket2::Socket,
    _queued: Vec<socket2::Socket>,
}

#[cfg(target_os = "linux")]
impl BlackHole {
    pub(crate) fn at(address: std::net::SocketAddr) -> Self {
        use socket2::{Domain, Socket, Type};
        let new = || Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        let socket = new();
        socket.bind(&address.into()).expect("a free port");
        socket.listen(0).expect("it listens");
        let address = socket.local_addr().expect("an address");
        let queued = (0..4).map(|_| {
            let queued = new();
            queued.set_nonblocking(true).expect("a socket option");
            // Those that find room are connected, the others are in progress for ever.
            queued.connect(&address).ok();
            queued
        });
        let _queued = queued.collect();
        Self { socket, _queued }
    }

    pub(crate) fn port(&self) -> u16 {
        let address = self.socket.local_addr().ok();
        let address = address.and_then(|address| address.as_socket());
        address.expect("an address").port()
    }
}
