//! Connections and sessions from before a reload, at the origin: a client makes no request over
//! them any more.

use std::time::{Duration, Instant};

use rustls::SupportedProtocolVersion;
use rustls::version::{TLS12, TLS13};
use trusted_transport::http::retry;
use trusted_transport::{HttpClient, HttpClientBuilder};
use trusted_transport_lab::{Authority, Origin};

use super::{Bundle, UNKNOWN, get};
use crate::support::{self, HOST, Outcome};

const ALPN: &[&[u8]] = &[b"h2", b"http/1.1"];

async fn speaking(authority: &Authority, version: &'static SupportedProtocolVersion) -> Origin {
    let config = authority.issue(&[HOST]).server_config_for(&[version], ALPN);
    Origin::with_tls(config).await.expect("an origin")
}

/// Once this many connections are open, or what there is after 10 seconds.
async fn open(origin: &Origin, count: usize) -> usize {
    let until = Instant::now() + Duration::from_secs(10);
    while origin.open() != count && Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    origin.open()
}

/// One that is idle, in the client's pool, and was used more than once.
async fn pooled(client: &HttpClient, origin: &Origin, version: &str) {
    for _ in 0..3 {
        assert_eq!(get(client, origin).await, Outcome::Connected);
    }
    assert_eq!((origin.connections(), origin.open()), (1, 1));
    let seen = origin.seen().pop().expect("a request");
    assert_eq!(seen.http_version, version);
}

type Options = fn(HttpClientBuilder) -> HttpClientBuilder;

fn http1(client: HttpClientBuilder) -> HttpClientBuilder {
    client.http1_only()
}

fn any(client: HttpClientBuilder) -> HttpClientBuilder {
    client
}

#[tokio::test]
async fn no_request_goes_over_a_connection_that_was_judged_by_another_trust() {
    let [old, new, more] = ["Old", "New", "More"].map(Authority::root);
    let options: [(Options, &str); 2] = [(http1, "HTTP/1.1"), (any, "HTTP/2.0")];
    for version in [&TLS12, &TLS13] {
        for (option, http) in options {
            let bundle = Bundle::of(&[&old]);
            let origin = speaking(&old, version).await;
            let transport = bundle.built(&origin);
            let client = option(transport.http()).build().expect("a client");
            pooled(&client, &origin, http).await;

            // Still trusted, but nobody has looked at it under this trust.
            bundle.holds(&[&old, &more]);
            transport.reload().expect("it loads");
            assert_eq!(get(&client.clone(), &origin).await, Outcome::Connected);
            assert_eq!(origin.connections(), 2, "{http}");
            assert_eq!(open(&origin, 1).await, 1, "{http}: the old one is closed");
            let handshakes = origin.handshakes();
            let last = handshakes.last().expect("two").as_ref().expect("trusted");
            assert!(!last.resumed, "{http} {version:?}");

            bundle.holds(&[&new]);
            transport.reload().expect("it loads");
            assert_eq!(get(&client, &origin).await, UNKNOWN, "{http} {version:?}");
            let wss = support::wss(&transport, &origin.url("wss", HOST, "/")).await;
            assert_eq!(wss, UNKNOWN, "{http} {version:?}");
            assert_eq!(open(&origin, 0).await, 0, "{http}: closed");
            let handshakes = origin.handshakes_after(4).await;
            assert!(handshakes[2..].iter().all(Result::is_err), "{handshakes:?}");
            assert_eq!(origin.seen().len(), 4, "no request came through");
        }
    }
}

#[tokio::test]
async fn sessions_from_before_would_have_been_resumed() {
    let root = Authority::root("Root");
    for version in [&TLS12, &TLS13] {
        let bundle = Bundle::of(&[&root]);
        let origin = speaking(&root, version).await;
        let transport = bundle.built(&origin);
        let resumed = async || {
            let sent = support::get(&transport, &origin.url("https", HOST, "/")).await;
            assert_eq!(sent.expect("trusted"), 200);
            let wss = support::wss(&transport, &origin.url("wss", HOST, "/")).await;
            assert_eq!(wss, Outcome::Connected);
            let seen = origin.handshakes();
            let [.., https, wss] = &seen[..] else {
                panic!("{seen:?}");
            };
            [https, wss].map(|seen| seen.as_ref().expect("trusted").resumed)
        };
        assert_eq!(resumed().await, [false, true], "{version:?}");
        assert_eq!(resumed().await, [true, true], "{version:?}");
        bundle.holds(&[&root, &Authority::root("More")]);
        transport.reload().expect("it loads");
        assert_eq!(resumed().await, [false, true], "{version:?}");
    }
}

#[tokio::test]
async fn a_request_under_way_ends_as_if_nothing_had_changed() {
    let [old, new] = ["Old", "New"].map(Authority::root);
    for option in [http1, any] {
        let bundle = Bundle::of(&[&old]);
        let origin = speaking(&old, &TLS13).await;
        let transport = bundle.built(&origin);
        let client = option(transport.http()).build().expect("a client");
        let url = origin.url("https", HOST, "/");
        let long = vec![b'x'; 1 << 20];
        let response = client.post(&url).body(long.clone()).send().await;
        let response = response.expect("the head of a response");

        bundle.holds(&[&new]);
        transport.reload().expect("it loads");
        assert_eq!(get(&client, &origin).await, UNKNOWN);
        let body = response.bytes().await.expect("the rest of it");
        assert_eq!(body, long);
        assert_eq!(open(&origin, 0).await, 0, "then it is closed");
    }
}

#[tokio::test]
async fn a_client_with_its_own_retries_obeys_from_the_next_handshake() {
    let [old, new] = ["Old", "New"].map(Authority::root);
    let bundle = Bundle::of(&[&old]);
    let (at_old, at_new) = (speaking(&old, &TLS13).await, speaking(&new, &TLS13).await);
    let transport = bundle.built(&at_old);
    let client = transport.http().retry(retry::for_host(HOST));
    // Nothing stays in its pool, where a connection would outlive what it was judged by.
    let client = client.pool_max_idle_per_host(0).http1_only();
    let client = client.build().expect("a client");
    for _ in 0..2 {
        assert_eq!(get(&client, &at_old).await, Outcome::Connected);
    }
    let before = at_old.handshakes().pop().expect("two").expect("trusted");
    assert!(before.resumed, "there is a session to be resumed");
    assert_eq!(get(&client, &at_new).await, UNKNOWN);
    bundle.holds(&[&new]);
    transport.reload().expect("it loads");
    assert_eq!(get(&client, &at_old).await, UNKNOWN);
    assert_eq!(get(&client, &at_new).await, Outcome::Connected);
}
