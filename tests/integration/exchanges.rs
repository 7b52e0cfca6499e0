//! What fails behind a connection that was made, beyond the table of the fault lab.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::time::timeout;
use trusted_transport::TransportError;
use trusted_transport::ws::Message;
use trusted_transport_lab::{Authority, FrameFault, Origin, Scripted, UpgradeFault};

use crate::support::{self, HOST};

#[tokio::test]
async fn an_extension_is_refused_unless_the_program_has_offered_it() {
    let root = Authority::root("Root");
    let steps = UpgradeFault::Extension.steps();
    let server = Scripted::https(root.issue(&[HOST]), steps).await;
    let server = server.expect("a server");
    let builder = support::trusting(&[&root]).resolve(HOST, [server.addr()]);
    let transport = builder.build().expect("built");
    let url = server.url("wss", HOST, "/");
    let error = transport.websocket(&url).await.expect_err("RFC 6455, 4.1");
    assert_eq!(error.kind(), "upgrade_failed", "{error:?}");
    let offered = transport.websocket(&url);
    let offered = offered.header("sec-websocket-extensions", "permessage-deflate");
    offered.await.expect("an answer to what was offered");
}

#[tokio::test]
async fn a_body_that_is_not_what_was_expected_and_a_circle_are_final() {
    let root = Authority::root("Root");
    let origin = Origin::https(root.issue(&[HOST])).await.expect("an origin");
    let transport = support::built(support::trusting(&[&root]), &origin);
    let client = transport.http().build().expect("a client");
    let page = client.get(origin.url("https", HOST, "/")).send().await;
    let content = page.expect("a response").json::<u8>().await;
    let content = TransportError::from(content.expect_err("no JSON"));
    let circle = origin.url("https", HOST, "/redirect?to=/redirect%3Fto%3D/");
    let none = trusted_transport::http::redirect::Policy::limited(1);
    let client = transport.http().redirect(none).build().expect("a client");
    let circle = client.get(circle).send().await.expect_err("two redirects");
    for (error, words) in [(content, "not what was expected"), (circle, "one too many")] {
        assert_eq!(error.kind(), "http", "{error:?}");
        assert!(error.to_string().ends_with(words), "{error}");
        assert!(!error.is_retryable() && error.hint().is_some(), "{error:?}");
    }
}

/// Their answers wait in memory: a server could fill it with them.
#[tokio::test]
async fn nobody_is_read_from_who_pings_without_end_and_reads_no_answer() {
    let root = Authority::root("Root");
    let steps = FrameFault::EndlessPings.steps();
    let server = Scripted::https(root.issue(&[HOST]), steps).await;
    let server = server.expect("a server");
    let builder = support::trusting(&[&root]).resolve(HOST, [server.addr()]);
    let transport = builder.build().expect("built");
    let (mut socket, _) = transport
        .websocket(server.url("wss", HOST, "/"))
        .await
        .expect("a WebSocket");
    let mut pings = 0;
    while let Ok(ping) = timeout(Duration::from_secs(1), socket.next()).await {
        ping.expect("no end").expect("a ping");
        pings += 1;
        // The system's buffers take some 30000 answers.
        assert!(pings < 300_000, "{} bytes", server.said());
    }
    assert!(pings > 4096, "{pings}");
}

/// Both wait for the same socket to take something, and one of them must not take the other's place.
#[tokio::test]
async fn both_halves_of_a_split_socket_end_with_a_peer_that_pings_and_reads_nothing() {
    let root = Authority::root("Root");
    let steps = FrameFault::EndlessPings.steps();
    let server = Scripted::https(root.issue(&[HOST]), steps).await;
    let server = server.expect("a server");
    let builder = support::trusting(&[&root]).resolve(HOST, [server.addr()]);
    let transport = builder.build().expect("built");
    let (socket, _) = transport
        .websocket(server.url("wss", HOST, "/"))
        .await
        .expect("a WebSocket");
    let (mut sink, mut stream) = socket.split();
    let reading = tokio::spawn(async move { while let Some(Ok(_)) = stream.next().await {} });
    let message = Message::Binary(vec![0; 1 << 20].into());
    let writing = tokio::spawn(async move { while sink.send(message.clone()).await.is_ok() {} });
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!writing.is_finished() && !reading.is_finished());
    drop(server);
    for half in [reading, writing] {
        let ended = timeout(Duration::from_secs(10), half).await;
        ended.expect("it was told").expect("no panic");
    }
}
