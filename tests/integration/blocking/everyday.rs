//! Requests, responses and sockets in use.

use std::io::{self, BufRead, ErrorKind, Read, Write};
use std::net::TcpListener;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::{Duration, Instant};

use trusted_transport::TransportError;
use trusted_transport::blocking::HttpClient;
use trusted_transport::http::StatusCode;
use trusted_transport::ws::{Error, Message, WebSocketConfig};
use trusted_transport_lab::{Authority, Origin};

use super::Lab;
use crate::support::{self, HOST};

/// A client of an origin that it trusts.
fn client(lab: &Lab) -> (HttpClient, Origin) {
    let root = Authority::root("Root");
    let origin = lab.origin(&root);
    let client = lab.transport(&root, &origin).http().build_blocking();
    (client.expect("a client"), origin)
}

/// A server that answers each request of its one connection with the next of `answers`, and then
/// says when the client closes it.
fn one_connection(answers: &'static [&'static str]) -> (u16, thread::JoinHandle<Instant>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let mut request = [0; 4096];
        for answer in answers {
            let read = stream.read(&mut request).expect("a request");
            assert!(read > 0, "closed too early");
            stream.write_all(answer.as_bytes()).expect("an answer");
        }
        let limit = Some(Duration::from_secs(10));
        stream.set_read_timeout(limit).expect("a limit");
        match stream.read(&mut request) {
            Ok(0) => Instant::now(),
            // It may leave in the middle of an answer.
            Err(error) if error.kind() == ErrorKind::ConnectionReset => Instant::now(),
            more => panic!("the client stays: {more:?}"),
        }
    });
    (port, server)
}

/// A client of such a server.
fn plain(options: impl FnOnce(Builder) -> Builder) -> HttpClient {
    let transport = support::trusting(&[&Authority::root("Root")]).build();
    let builder = transport.expect("a transport").http();
    options(builder).build_blocking().expect("a client")
}

type Builder = trusted_transport::HttpClientBuilder;

#[test]
fn requests_carry_what_their_builder_was_given() {
    let lab = Lab::new();
    let root = Authority::root("Root");
    let origin = lab.origin(&root);
    let http = lab.transport(&root, &origin).http().user_agent("agent/1");
    let client = http.build_blocking().expect("a client");
    let request = client
        .post(origin.url("https", HOST, "/path"))
        .header("x-one", "1")
        .query(&[("q", "a b")])
        .json(&["body"]);
    let again = request.try_clone().expect("no stream");
    let text = request.send().expect("sent").text().expect("a body");
    assert_eq!(text, r#"["body"]"#);
    let again = again.build().expect("a request");
    client.execute(again).expect("sent again");
    let seen = origin.seen();
    assert_eq!(seen.len(), 2);
    for seen in seen {
        assert_eq!((&*seen.method, &*seen.path), ("POST", "/path?q=a+b"));
        assert_eq!(seen.headers["x-one"], "1");
        assert_eq!(seen.headers["user-agent"], "agent/1");
    }
    assert_eq!(origin.connections(), 1, "a connection is used again");
}

#[test]
fn a_body_is_had_whole_or_piece_by_piece() {
    let lab = Lab::new();
    let (client, origin) = client(&lab);
    let url = origin.url("https", HOST, "/");
    let posted = |body: &'static str| client.post(&url).body(body).send().expect("sent");
    assert_eq!(posted("a text").text().expect("a body"), "a text");
    assert_eq!(posted("bytes").bytes().expect("a body"), "bytes");
    let numbers: [u8; 2] = posted("[1, 2]").json().expect("JSON");
    assert_eq!(numbers, [1, 2]);
    let lines: io::Result<Vec<_>> = posted("one\ntwo\n").lines().collect();
    assert_eq!(lines.expect("a body"), ["one", "two"]);

    let large = vec![7; 1_000_000];
    let mut response = client.post(&url).body(large.clone()).send().expect("sent");
    assert_eq!(response.content_length(), Some(1_000_000));
    let mut copied = Vec::new();
    io::copy(&mut response, &mut copied).expect("a body");
    assert_eq!(copied, large);
    assert_eq!(response.read(&mut [0; 8]).expect("the end"), 0);
}

#[test]
fn the_head_of_a_response_is_there_and_its_status_may_be_an_error() {
    let lab = Lab::new();
    let (client, origin) = client(&lab);
    let from = origin.url("https", HOST, "/redirect?to=/status/404");
    let response = client.get(&from).send().expect("sent");
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    assert_eq!(response.url().path(), "/status/404");
    assert_eq!(response.remote_addr(), Some(origin.addr()));
    let error = response.error_for_status().expect_err("an error");
    assert!(
        matches!(&error, TransportError::Http(error) if error.status() == Some(StatusCode::NOT_FOUND)),
        "{error:?}"
    );
    let url = origin.url("https", HOST, "/status/204");
    let response = client.get(&url).send().expect("sent");
    response.error_for_status().expect("no error");
}

#[test]
fn the_time_for_a_request_is_kept_also_by_its_body() {
    let limit = Duration::from_millis(300);
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/", silent.local_addr().expect("an address"));
    let error = plain(|http| http.timeout(limit)).get(&url).send();
    let error = error.expect_err("no answer");
    assert!(matches!(&error, TransportError::Http(error) if error.is_timeout()));

    let (port, server) = one_connection(&["HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npiece"]);
    let url = format!("http://127.0.0.1:{port}/");
    let client = plain(|http| http.timeout(limit));
    let mut response = client.get(&url).send().expect("a head");
    let mut body = Vec::new();
    let error = response.read_to_end(&mut body).expect_err("half a body");
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert_eq!(body, b"piece");
    drop((response, client));
    server.join().expect("the server ends");
}

#[test]
fn connections_are_looked_after_between_two_calls() {
    const ANSWER: &str = "HTTP/1.1 204 No Content\r\n\r\n";
    let (port, server) = one_connection(&[ANSWER, ANSWER]);
    let client = plain(|http| http.pool_idle_timeout(Some(Duration::from_millis(200))));
    let url = format!("http://127.0.0.1:{port}/");
    for _ in 0..2 {
        client.get(&url).send().expect("sent");
    }
    let answered = Instant::now();
    // Nobody calls the client, and its idle connection is closed nevertheless.
    let closed = server.join().expect("closed");
    assert!(closed - answered > Duration::from_millis(100));
    drop(client);
}

#[test]
fn what_was_had_from_a_client_outlives_it() {
    let lab = Lab::new();
    let (client, origin) = client(&lab);
    let url = origin.url("https", HOST, "/");
    let response = client.clone().post(&url).body("body").send();
    let request = client.get(&url);
    drop(client);
    let text = response.expect("sent").text();
    assert_eq!(text.expect("a body"), "body");
    assert_eq!(request.send().expect("sent").status(), StatusCode::OK);
}

#[test]
fn threads_share_a_client() {
    let lab = Lab::new();
    let (client, origin) = client(&lab);
    thread::scope(|scope| {
        for number in 0..8 {
            let (client, url) = (&client, origin.url("https", HOST, "/"));
            scope.spawn(move || {
                for _ in 0..16 {
                    let sent = client.post(&url).body(number.to_string()).send();
                    let text = sent.expect("sent").text().expect("a body");
                    assert_eq!(text, number.to_string());
                }
            });
        }
    });
    assert_eq!(origin.seen().len(), 8 * 16);
}

#[test]
fn sockets_carry_what_their_builder_was_given() {
    let lab = Lab::new();
    let root = Authority::root("Root");
    let origin = lab.origin(&root);
    let (mut socket, response) = lab
        .transport(&root, &origin)
        .websocket(origin.url("wss", HOST, "/live"))
        .header("x-one", "1")
        .subprotocol("chat.v2")
        .config(WebSocketConfig::default().max_message_size(Some(16)))
        .connect_blocking()
        .expect("connected");
    assert_eq!(response.headers()["sec-websocket-protocol"], "chat.v2");
    assert_eq!(socket.config().max_message_size, Some(16));
    let seen = origin.seen().pop().expect("an upgrade");
    assert_eq!(seen.headers["x-one"], "1");
    socket.send(Message::binary(vec![0; 17])).expect("sent");
    assert!(socket.next().expect("an answer").is_err(), "too long");
}

#[test]
fn a_socket_is_an_iterator_whose_calls_may_have_a_limit() {
    let lab = Lab::new();
    let root = Authority::root("Root");
    let origin = lab.origin(&root);
    let socket = lab.transport(&root, &origin);
    let socket = socket.websocket(origin.url("wss", HOST, "/"));
    let (mut socket, _) = socket.connect_blocking().expect("connected");
    socket.set_timeout(Some(Duration::from_millis(100)));
    let silence = socket.next().expect("not the end").expect_err("silence");
    assert!(
        matches!(&silence, Error::Io(error) if error.kind() == ErrorKind::TimedOut),
        "{silence:?}"
    );
    socket.set_timeout(Some(Duration::from_secs(10)));
    for text in ["one", "two"] {
        socket.send(text).expect("sent");
    }
    let echoed: Result<Vec<_>, _> = socket.by_ref().take(2).collect();
    assert_eq!(echoed.expect("messages"), ["one", "two"].map(Message::text));
    socket.close(None).expect("closing");
    let farewell = socket.next().expect("an answer").expect("a Close");
    assert!(farewell.is_close());
    assert!(socket.next().is_none(), "the end");
}

#[test]
fn async_code_cannot_be_stopped_by_waiting() {
    let lab = Lab::new();
    let (client, origin) = client(&lab);
    let url = origin.url("https", HOST, "/");
    lab.wait(async {
        // The client can be made, cloned and dropped there, and its requests made.
        let request = client.clone().get(&url);
        let sent = catch_unwind(AssertUnwindSafe(|| request.send()));
        sent.expect_err("it panics");
        let waits = move || client.get(&url).send();
        let sent = tokio::task::spawn_blocking(waits).await.expect("no panic");
        assert_eq!(sent.expect("sent").status(), StatusCode::OK);
    });
    assert_eq!(origin.seen().len(), 1);
}

#[test]
#[cfg(unix)]
fn a_client_needs_a_thread_and_files() {
    let mut process = tokio::process::Command::new("sh");
    process
        .args(["-c", "ulimit -n 64 && exec \"$@\"", "sh"])
        .arg(std::env::current_exe().expect("this binary"))
        .args(["blocking::everyday::without_files", "--exact"])
        .args(["--ignored", "--nocapture"]);
    let outcomes = Lab::new().wait(support::outcomes(process));
    assert_eq!(
        outcomes,
        ["failed to start the thread that connections live on"]
    );
}

#[test]
#[cfg(unix)]
#[ignore = "run by the test above, in a process with few files"]
fn without_files() {
    let transport = support::trusting(&[&Authority::root("Root")]).build();
    let transport = transport.expect("a transport");
    let files: Vec<_> = std::iter::from_fn(|| std::fs::File::open("/dev/null").ok()).collect();
    let error = transport.http().build_blocking().expect_err("no files");
    println!("outcome: {error}");
    assert_eq!(error.kind(), "runtime");
    assert!(error.hint().is_some() && error.is_retryable());
    let socket = transport.websocket("wss://origin.test/").connect_blocking();
    assert_eq!(socket.expect_err("no files").kind(), "runtime");
    drop(files);
    transport.http().build_blocking().expect("a client");
}
