//! Requests: while they connect, while they are sent, and while they are answered.

use trusted_transport::{HttpClient, HttpClientBuilder};

use super::stage::{PIECE, Stage, Way, on_every_way};
use super::{cut, everywhere, nothing_runs, soon};

fn http1(builder: HttpClientBuilder) -> HttpClient {
    builder.http1_only().build().expect("a client")
}

fn http2(builder: HttpClientBuilder) -> HttpClient {
    builder.http2_prior_knowledge().build().expect("a client")
}

const VERSIONS: [fn(HttpClientBuilder) -> HttpClient; 2] = [http1, http2];

/// The first request of a client, which has to connect.
#[tokio::test]
async fn while_it_connects() {
    on_every_way(async |way| {
        let stage = Stage::new(way, PIECE).await;
        for version in VERSIONS {
            let points = everywhere(async |polls| {
                let client = version(stage.transport.http());
                let url = stage.url("https");
                let sent = cut(polls, client.post(url).body("dropped").send()).await;
                let ended = sent.is_some();
                sent.into_iter()
                    .for_each(|it| drop(it.expect("a response")));
                assert_eq!(stage.post(&client, "kept").await, "kept", "{way:?} {polls}");
                drop(client);
                stage.is_left().await;
                ended
            });
            let points = points.await;
            assert!(points >= 5, "{way:?}: only {points} points");
        }
    })
    .await;
    nothing_runs().await;
}

/// Requests of a client that is connected: they share its connections with others.
#[tokio::test]
async fn while_it_is_sent_and_answered() {
    on_every_way(async |way| {
        let stage = Stage::new(way, PIECE).await;
        for version in VERSIONS {
            let client = version(stage.transport.http());
            let points = everywhere(async |polls| {
                let (url, dropped) = (stage.url("https"), format!("dropped {polls}"));
                let request = async {
                    let response = client.post(url).body(dropped).send().await;
                    response.expect("a response").text().await.expect("a body")
                };
                let neighbour = format!("neighbour {polls}");
                let (cut, neighbour_says) =
                    tokio::join!(cut(polls, request), stage.post(&client, &neighbour));
                assert_eq!(neighbour_says, neighbour, "{way:?}");
                let next = format!("next {polls}");
                assert_eq!(stage.post(&client, &next).await, next, "{way:?}");
                cut.is_some()
            });
            let points = points.await;
            assert!(points >= 2, "{way:?}: only {points} points");
            drop(client);
            stage.is_left().await;
        }
    })
    .await;
    nothing_runs().await;
}

/// What has come of a body is not lost by waiting for its next piece in vain.
#[tokio::test]
async fn while_its_body_is_read() {
    let body = "0123456789".repeat(20_000);
    for version in VERSIONS {
        let stage = Stage::new(Way::Direct, 8 * 1024).await;
        let client = version(stage.transport.http());
        let points = everywhere(async |polls| {
            let request = client.post(stage.url("https")).body(body.clone());
            let response = request.send().await.expect("a response");
            let text = cut(polls, response.text()).await;
            assert_eq!(stage.post(&client, "next").await, "next");
            text.is_some_and(|it| it.expect("a body") == body)
        });
        assert!(points.await >= 3);

        let request = client.post(stage.url("https")).body(body.clone());
        let mut response = request.send().await.expect("a response");
        let (mut read, mut dropped) = (Vec::new(), 0);
        loop {
            match cut(1, response.chunk()).await {
                Some(Ok(Some(piece))) => read.extend_from_slice(&piece),
                Some(end) => break assert_eq!(end.expect("a body"), None),
                None => dropped += 1,
            }
            tokio::task::yield_now().await;
        }
        assert!(read == body.as_bytes() && dropped >= 3, "{dropped}");
        drop((client, response));
        stage.is_left().await;
    }
    nothing_runs().await;
}

/// With HTTP/1 a connection whose answer was not read to its end is of no more use; with HTTP/2 it
/// is as good as before.
#[tokio::test]
async fn a_dropped_request_costs_a_connection_of_http1_and_none_of_http2() {
    for (version, connections) in VERSIONS.into_iter().zip([2, 1]) {
        let stage = Stage::new(Way::Direct, PIECE).await;
        let client = version(stage.transport.http());
        assert_eq!(stage.post(&client, "first").await, "first");
        let slow = stage.url("https") + "slow";
        let dropped = client.get(slow).send();
        let limit = std::time::Duration::from_millis(100);
        assert!(tokio::time::timeout(limit, dropped).await.is_err());
        assert_eq!(stage.post(&client, "next").await, "next");
        assert_eq!(stage.relay.made(), connections);
        assert_eq!(stage.origin.seen().len(), 3, "the server had it");
        // The server would take a minute to answer.
        assert!(soon(|| stage.relay.open() == 1).await);
        assert!(soon(|| stage.origin.open() == 1).await);
        drop(client);
        stage.is_left().await;
    }
}
