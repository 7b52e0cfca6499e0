//! Without async there is no future to drop, but there are answers that are not read to their end,
//! and clients that go while somebody waits.

use std::io::Read;
use std::time::Duration;

use super::soon;
use super::stage::{PIECE, Stage, Way};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_is_not_read_and_a_client_that_goes() {
    let stage = Stage::new(Way::Direct, PIECE).await;
    let (transport, url) = (stage.transport.clone(), stage.url("https"));
    let waited = tokio::task::spawn_blocking(move || {
        let client = transport.http().build_blocking().expect("a client");
        for read in [0, 1, 3000] {
            let body = "0123456789".repeat(5000);
            let response = client.post(&url).body(body).send();
            let mut response = response.expect("a response");
            response.read_exact(&mut vec![0; read]).expect("a body");
            drop(response);
            let next = client.post(&url).body("next").send().expect("a response");
            assert_eq!(next.text().expect("a body"), "next", "{read}");
        }
        let slow = client
            .get(url.clone() + "slow")
            .timeout(Duration::from_millis(200));
        let waiting = std::thread::spawn(move || slow.send().map(drop));
        drop(client);
        waiting.join().expect("no panic")
    });
    let ended = waited.await.expect("no panic");
    assert_eq!(ended.expect_err("too slow").kind(), "http");
    stage.is_left().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_socket_that_gave_up_waiting() {
    let stage = Stage::new(Way::Direct, PIECE).await;
    let connecting = stage.transport.websocket(stage.url("wss"));
    let waited = tokio::task::spawn_blocking(move || {
        let (mut socket, _) = connecting.connect_blocking().expect("a socket");
        socket.set_timeout(Some(Duration::from_millis(50)));
        let nothing = socket.next().expect("an item");
        assert!(nothing.is_err(), "{nothing:?}");
        socket.set_timeout(Some(Duration::from_secs(10)));
        socket.send("still good").expect("sent");
        let echo = socket.next().expect("an item").expect("a message");
        assert_eq!(echo.to_text().expect("a text"), "still good");
        socket
    });
    let socket = waited.await.expect("no panic");
    assert_eq!(stage.relay.open(), 1);
    drop(socket);
    assert!(soon(|| stage.relay.open() == 0).await);
}
