//! What a person reads when there is no connection: a typed error that names what to fix,
//! the same over HTTP and WebSocket.

use std::error::Error;
use std::time::Duration;

use trusted_transport::{Peer, ProxyPolicy, Refusal, TlsFault, TransportError};
use trusted_transport_lab::{Authority, Origin, Validity};

use crate::support::{self, HOST};

#[tokio::test]
async fn a_refused_certificate_says_whose_why_and_what_to_do() {
    let root = Authority::root("Root");
    let unknown = Authority::root("Unknown");
    for (end_entity, refusal, hint) in [
        (
            unknown.issue(&[HOST]),
            Refusal::UnknownIssuer,
            "CA certificate",
        ),
        (root.issue(&["other.test"]), Refusal::WrongHost, HOST),
        (
            root.issue_with(&[HOST], Validity::Expired),
            Refusal::Expired,
            "clock",
        ),
        (
            root.issue_with(&[HOST], Validity::NotYetValid),
            Refusal::NotYetValid,
            "clock",
        ),
    ] {
        let origin = Origin::https(end_entity).await.expect("an origin");
        let transport = support::built(support::trusting(&[&root]), &origin);
        let errors = support::both_errors(&transport, origin.port()).await;
        assert_eq!(errors[0].to_string(), errors[1].to_string());
        for error in errors {
            let failure = error.trust_failure().expect("a failure of trust");
            assert_eq!((failure.refusal(), failure.peer()), (refusal, Peer::Host));
            assert_eq!(failure.host(), HOST);
            assert!(failure.route().is_direct());
            assert_eq!(failure.report().fingerprint, transport.report().fingerprint);
            assert!(failure.hint().contains(hint), "{}", failure.hint());
            assert!(error.to_string().contains(HOST), "{error}");
            assert!(
                error
                    .source()
                    .is_some_and(|source| source.is::<rustls::Error>())
            );
            assert!(!error.is_retryable());
            assert_eq!(
                std::io::Error::from(error).kind(),
                std::io::ErrorKind::InvalidData
            );
        }
    }
}

#[tokio::test]
async fn an_unknown_issuer_names_the_policy_that_was_in_force() {
    let root = Authority::root("Root");
    let origin = Origin::https(Authority::root("Unknown").issue(&[HOST]))
        .await
        .expect("an origin");
    let transport = support::built(support::trusting(&[&root]), &origin);
    for error in support::both_errors(&transport, origin.port()).await {
        let text = error.to_string();
        assert!(
            text.contains(
                "not among the 1 trust anchor (the lab's authorities, given by the program)"
            ),
            "{text}"
        );
    }
}

#[tokio::test]
async fn nobody_listens() {
    let root = Authority::root("Root");
    let (_dead, address) = support::dead_address();
    let transport = support::trusting(&[&root])
        .resolve(HOST, [address])
        .build()
        .expect("built");
    let errors = support::both_errors(&transport, address.port()).await;
    assert_eq!(errors[0].to_string(), errors[1].to_string());
    for error in errors {
        assert_eq!(error.kind(), "connect", "{error:?}");
        assert!(error.hint().is_some_and(|hint| hint.contains(HOST)));
    }
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_is_no_matter_of_trust() {
    let root = Authority::root("Root");
    let origin = Origin::plain().await.expect("an origin");
    let transport = support::built(support::trusting(&[&root]), &origin);
    for error in support::both_errors(&transport, origin.port()).await {
        assert_eq!(error.kind(), "tls", "{error:?}");
        assert!(
            matches!(&error, TransportError::Tls { fault, .. } if *fault == TlsFault::NotTls),
            "{error:?}"
        );
    }
    assert!(origin.seen().is_empty(), "nothing was said in plain text");
}

#[tokio::test]
async fn a_host_that_never_answers_ends_with_the_deadline() {
    let root = Authority::root("Root");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let transport = support::trusting(&[&root])
        .resolve(HOST, [address])
        .connect_timeout(Duration::from_millis(200))
        .build()
        .expect("built");
    let errors = support::both_errors(&transport, address.port()).await;
    assert_eq!(errors[0].to_string(), errors[1].to_string());
    for error in errors {
        assert_eq!(error.kind(), "connect_timeout", "{error:?}");
        assert!(error.is_retryable());
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_host_that_cannot_be_reached_ends_with_the_deadline() {
    let root = Authority::root("Root");
    let hole = support::BlackHole::at(([127, 0, 0, 1], 0).into());
    let transport = support::trusting(&[&root])
        .resolve(HOST, [([127, 0, 0, 1], hole.port()).into()])
        .connect_timeout(Duration::from_millis(300))
        .build()
        .expect("built");
    for error in support::both_errors(&transport, hole.port()).await {
        assert_eq!(error.kind(), "connect_timeout", "{error:?}");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_address_that_cannot_be_reached_leaves_time_for_the_next() {
    let root = Authority::root("Root");
    let origin = Origin::https(root.issue(&[HOST])).await.expect("an origin");
    let _hole = support::BlackHole::at(([127, 0, 0, 2], origin.port()).into());
    let transport = support::trusting(&[&root])
        .resolve(
            HOST,
            [([127, 0, 0, 2], origin.port()).into(), origin.addr()],
        )
        .connect_timeout(Duration::from_secs(4))
        .build()
        .expect("built");
    let outcome = support::both(&transport, &origin, "https").await;
    assert_eq!(outcome, support::Outcome::Connected);
}

#[tokio::test]
async fn a_name_that_no_certificate_can_have_is_refused_before_any_socket() {
    let root = Authority::root("Root");
    let origin = Origin::https(root.issue(&[HOST])).await.expect("an origin");
    let transport = support::trusting(&[&root])
        .resolve("a*b.test", [origin.addr()])
        .build()
        .expect("built");
    for error in [
        support::get(&transport, "https://a*b.test/")
            .await
            .expect_err("HTTPS"),
        support::echo(&transport, "wss://a*b.test/")
            .await
            .expect_err("WSS"),
    ] {
        assert_eq!(error.kind(), "invalid_request", "{error:?}");
    }
    assert_eq!(origin.connections(), 0);
}

#[tokio::test]
async fn a_websocket_request_that_is_not_valid_is_refused_before_any_socket() {
    let root = Authority::root("Root");
    let origin = Origin::https(root.issue(&[HOST])).await.expect("an origin");
    let transport = support::built(support::trusting(&[&root]), &origin);
    let bare = trusted_transport::ws::Request::builder()
        .uri(origin.url("wss", HOST, "/"))
        .body(())
        .expect("a request without the headers of a WebSocket");
    let error = transport.websocket(bare).await.expect_err("no key");
    assert_eq!(error.kind(), "invalid_request", "{error:?}");
    let url = origin.url("wss", HOST, "/").replace("//", "//user:s3cret@");
    let error = support::echo(&transport, &url)
        .await
        .expect_err("credentials");
    assert_eq!(error.kind(), "invalid_request", "{error:?}");
    assert!(!everything(&error).contains("s3cret"), "{error:?}");
    assert_eq!(origin.connections(), 0);
}

#[tokio::test]
async fn urls_without_a_host_or_with_a_strange_scheme_are_not_valid() {
    let transport = support::trusting(&[&Authority::root("Root")])
        .build()
        .expect("built");
    for (http, ws) in [
        ("https://", "wss://"),
        ("https://:443/", "wss://:443/"),
        ("ftp://a/", "ftp://a/"),
        ("a b", "a b"),
    ] {
        let error = support::get(&transport, http).await.expect_err("HTTP");
        assert_eq!(error.kind(), "invalid_request", "{http}: {error:?}");
        let error = support::echo(&transport, ws).await.expect_err("WebSocket");
        assert_eq!(error.kind(), "invalid_request", "{ws}: {error:?}");
    }
    let error = support::echo(&transport, "https://a/")
        .await
        .expect_err("not a WebSocket");
    assert_eq!(error.kind(), "invalid_request");
}

#[tokio::test]
async fn an_upgrade_that_is_refused_has_its_status() {
    let root = Authority::root("Root");
    let origin = Origin::https(root.issue(&[HOST])).await.expect("an origin");
    let transport = support::built(support::trusting(&[&root]), &origin);
    let error = support::echo(&transport, &origin.url("wss", HOST, "/refuse")).await;
    let error = error.expect_err("401");
    assert!(
        matches!(&error, TransportError::UpgradeRefused { host, status, .. }
            if host == HOST && status.as_u16() == 401),
        "{error:?}"
    );
}

/// An error with all its causes, as they are shown to people and to developers.
fn everything(error: &dyn Error) -> String {
    let mut shown = String::new();
    let mut next = Some(error);
    while let Some(error) = next {
        shown += &format!("{error} {error:?} ");
        next = error.source();
    }
    shown
}

#[tokio::test]
async fn a_secret_in_a_url_or_header_is_shown_nowhere() {
    let root = Authority::root("Root");
    let trusted = Origin::https(root.issue(&[HOST])).await.expect("an origin");
    let unknown = Origin::https(Authority::root("Unknown").issue(&[HOST])).await;
    let unknown = unknown.expect("an origin");
    let transport = support::built(support::trusting(&[&root]), &trusted);
    let http = transport.http().build().expect("a client");
    let dead = trusted
        .url("https", HOST, "")
        .replace(&trusted.port().to_string(), "1");
    for (url, kind) in [
        (unknown.url("https", HOST, "/?token=s3cret"), "untrusted"),
        (trusted.url("https", HOST, "/slow?token=s3cret"), "http"),
        (dead + "/?token=s3cret", "connect"),
        ("https://s3cret:s3cret@:1/".to_owned(), "invalid_request"),
    ] {
        let timeout = match kind {
            "http" => Duration::from_millis(500),
            _ => Duration::from_secs(10),
        };
        let request = http.get(&url).bearer_auth("s3cret").timeout(timeout);
        let shown = format!("{request:?}");
        let error = request.send().await.expect_err("it fails");
        assert_eq!(error.kind(), kind, "{error:?}");
        let shown = shown + &everything(&error);
        assert!(!shown.contains("s3cret"), "{shown}");

        let socket = transport
            .websocket(url.replace("https", "wss").replace("/slow", "/refuse"))
            .header("authorization", "Bearer s3cret");
        let shown = format!("{socket:?}");
        let shown = shown + &everything(&socket.await.expect_err("it fails"));
        assert!(!shown.contains("s3cret"), "{shown}");
    }
    let body = http
        .get(trusted.url("https", HOST, "/?token=s3cret"))
        .send();
    let body = body.await.expect("a response").json::<u8>().await;
    let shown = everything(&TransportError::from(body.expect_err("no JSON")));
    assert!(!shown.contains("s3cret"), "{shown}");
}

#[test]
fn an_invalid_proxy_is_an_error_when_the_transport_is_built() {
    let root = Authority::root("Root");
    for url in [":::", "ftp://proxy:1", "http://", "http://user:s3cret@:1"] {
        let error = support::trusting(&[&root])
            .proxy(ProxyPolicy::all(url))
            .build()
            .expect_err(url);
        assert!(
            matches!(error, TransportError::InvalidProxy { .. }),
            "{url}: {error:?}"
        );
        let shown = format!("{error} {error:?} {:?}", error.hint());
        assert!(!shown.contains("s3cret"), "{shown}");
    }
}
