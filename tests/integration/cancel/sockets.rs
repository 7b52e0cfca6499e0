//! WebSockets: while they connect, and each of their calls.

use std::time::Duration;

use futures_util::StreamExt;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use trusted_transport::WebSocket;
use trusted_transport::ws::Message;
use trusted_transport_lab::Authority;

use super::stage::{PIECE, Stage, Way, on_every_way};
use super::{cut, everywhere, nothing_runs, soon};
use crate::support::{self, HOST};

async fn connected(stage: &Stage) -> WebSocket {
    let socket = stage.transport.websocket(stage.url("wss")).await;
    socket.expect("a socket").0
}

async fn next(socket: &mut WebSocket) -> Message {
    let limit = Duration::from_secs(10);
    let next = tokio::time::timeout(limit, socket.next()).await;
    next.expect("in time")
        .expect("one more")
        .expect("a message")
}

/// The rest of the closing handshake, and the echoes before it.
async fn ends(mut socket: WebSocket) {
    while !matches!(next(&mut socket).await, Message::Close(_)) {}
    let end = tokio::time::timeout(Duration::from_secs(10), socket.next()).await;
    assert!(end.expect("in time").is_none());
}

#[tokio::test]
async fn while_it_connects() {
    on_every_way(async |way| {
        let stage = Stage::new(way, PIECE).await;
        let points = everywhere(async |polls| {
            let connecting = stage.transport.websocket(stage.url("wss"));
            let cut = cut(polls, connecting.into_future()).await;
            let ended = cut.is_some();
            drop(cut.map(|it| it.expect("a socket")));
            stage.is_left().await;
            ended
        });
        let points = points.await;
        assert!(points >= 5, "{way:?}: only {points} points");
        let mut socket = connected(&stage).await;
        socket.send("kept").await.expect("sent");
        assert_eq!(next(&mut socket).await, Message::text("kept"));
        drop(socket);
        stage.is_left().await;
    })
    .await;
    nothing_runs().await;
}

/// A message that was dropped on the way goes whole or not at all, and before the next.
#[tokio::test]
async fn while_it_sends() {
    for size in [10, 3_000_000] {
        let stage = Stage::new(Way::Direct, 64 * 1024).await;
        let mut socket = connected(&stage).await;
        let mut sent = 0;
        let points = everywhere(async |polls| {
            let dropped = Message::binary(vec![polls as u8; size]);
            stage.relay.hold(true);
            let waiting = cut(polls, socket.send(dropped.clone()));
            let cut = tokio::time::timeout(SHORT, waiting).await;
            stage.relay.hold(false);
            socket.send("next").await.expect("sent");
            let mut echo = next(&mut socket).await;
            if echo == dropped {
                sent += 1;
                echo = next(&mut socket).await;
            }
            assert_eq!(echo, Message::text("next"), "{size}, {polls}");
            // What waits for a server that does not read would wait for ever.
            matches!(cut, Ok(Some(_)) | Err(_))
        });
        let points = points.await;
        assert!(points >= 1 && sent >= 1, "{size}: {points} points, {sent}");
        socket.close(None).await.expect("closed");
        ends(socket).await;
    }
    nothing_runs().await;
}

/// No message is lost, and none comes twice.
#[tokio::test]
async fn while_it_waits_for_a_message() {
    let stage = Stage::new(Way::Direct, PIECE).await;
    let mut socket = connected(&stage).await;
    let messages: Vec<_> = [3, 1000, 0, 5000]
        .map(|size| Message::binary(vec![7; size]))
        .into();
    for message in &messages {
        socket.send(message.clone()).await.expect("sent");
    }
    socket.close(None).await.expect("closed");
    let (mut heard, mut dropped) = (Vec::new(), 0);
    loop {
        match cut(1, socket.next()).await {
            Some(Some(message)) => heard.push(message.expect("a message")),
            Some(None) => break,
            None => dropped += 1,
        }
        assert!(dropped < MANY, "{} messages, and no more", heard.len());
        tokio::task::yield_now().await;
    }
    assert!(matches!(heard.pop(), Some(Message::Close(_))));
    assert_eq!(heard, messages);
    assert!(dropped >= 10, "{dropped}");
    stage.is_left().await;
    drop(stage);
    nothing_runs().await;
}

/// Whoever gave up closing can go on with it.
#[tokio::test]
async fn while_it_closes() {
    let stage = Stage::new(Way::Direct, 64 * 1024).await;
    for full in [false, true] {
        let points = everywhere(async |polls| {
            let mut socket = connected(&stage).await;
            stage.relay.hold(full);
            if full {
                fill(&mut socket).await;
            }
            let waiting = cut(polls, socket.close(None));
            let cut = tokio::time::timeout(SHORT, waiting).await;
            stage.relay.hold(false);
            if !matches!(cut, Ok(Some(Ok(())))) {
                socket.close(None).await.expect("it goes on");
            }
            ends(socket).await;
            stage.is_left().await;
            // What waits for a server that does not read would wait for ever.
            matches!(cut, Ok(Some(_)) | Err(_))
        });
        assert!(points.await >= 1);
    }
    drop(stage);
    nothing_runs().await;
}

/// Sends until the connection takes no more.
async fn fill(socket: &mut WebSocket) {
    let message = Message::binary(vec![0; 10_000]);
    while tokio::time::timeout(SHORT, socket.send(message.clone()))
        .await
        .is_ok()
    {}
}

/// The same call answers a server that closes.
#[tokio::test]
async fn closing_what_the_server_is_closing() {
    let root = Authority::root("Root");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let acceptor = TlsAcceptor::from(root.issue(&[HOST]).server_config(&[]));
    let server = async {
        let (stream, _) = listener.accept().await.expect("a connection");
        let stream = acceptor.accept(stream).await.expect("TLS");
        let socket = tokio_tungstenite::accept_async(stream).await;
        let mut socket = socket.expect("a socket");
        socket.close(None).await.expect("closing");
        StreamExt::next(&mut socket).await
    };
    let client = async {
        let transport = support::trusting(&[&root]).resolve(HOST, [address]).build();
        let url = format!("wss://{HOST}:{}/", address.port());
        let connecting = transport.expect("a token").websocket(url);
        let (mut socket, _) = connecting.await.expect("a socket");
        assert!(matches!(next(&mut socket).await, Message::Close(_)));
        socket.close(None).await.expect("it goes on");
        assert!(socket.next().await.is_none());
    };
    let both = async { tokio::join!(server, client) };
    let both = tokio::time::timeout(Duration::from_secs(10), both).await;
    let (heard, ()) = both.expect("in time");
    assert!(matches!(heard, Some(Ok(Message::Close(_)))), "{heard:?}");
}

/// Dropped at any time, it closes the connection.
#[tokio::test]
async fn a_dropped_socket_leaves_nothing_open() {
    let stage = Stage::new(Way::Connect, PIECE).await;
    let mut sockets = Vec::new();
    for _ in 0..10 {
        sockets.push(connected(&stage).await);
    }
    for socket in &mut sockets {
        socket.send("unanswered").await.expect("sent");
    }
    assert_eq!(stage.relay.open(), 10);
    drop(sockets);
    assert!(soon(|| stage.relay.open() == 0).await);
}

/// For what does not come.
const SHORT: Duration = Duration::from_millis(50);

/// More often than anything has to be waited for.
const MANY: usize = 1_000_000;
