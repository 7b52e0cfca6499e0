//! Options of the token, the client and the socket do what they say, seen on the far side.

use std::time::Duration;

use trusted_transport::http::redirect;
use trusted_transport::ws::{Message, WebSocketConfig};
use trusted_transport::{TlsVersion, TransportError};
use trusted_transport_lab::{Authority, Origin, Proxy};

use crate::support::{self, HOST};

async fn origin(root: &Authority) -> Origin {
    Origin::https(root.issue(&[HOST])).await.expect("an origin")
}

#[tokio::test]
async fn http_versions_are_what_the_handshake_offers() {
    let root = Authority::root("Root");
    let origin = origin(&root).await;
    let transport = support::built(support::trusting(&[&root]), &origin);
    let url = origin.url("https", HOST, "/");
    for (client, version, alpn) in [
        (transport.http(), "HTTP/2.0", "h2"),
        (transport.http().http2_prior_knowledge(), "HTTP/2.0", "h2"),
        (transport.http().http1_only(), "HTTP/1.1", "http/1.1"),
    ] {
        let client = client.build().expect("a client");
        client.get(&url).send().await.expect("a response");
        let seen = origin.seen().pop().expect("a request");
        assert_eq!(seen.http_version, version);
        let tls = seen.tls.expect("TLS");
        assert_eq!(tls.alpn.as_deref(), Some(alpn));
        assert_eq!(tls.version, "TLSv1_3");
    }
}

#[tokio::test]
async fn clients_and_sockets_of_one_token_share_its_sessions() {
    let root = Authority::root("Root");
    let origin = origin(&root).await;
    let transport = support::built(support::trusting(&[&root]), &origin);
    let url = origin.url("https", HOST, "/");
    for _ in 0..2 {
        support::get(&transport, &url).await.expect("a response");
    }
    support::echo(&transport, &origin.url("wss", HOST, "/"))
        .await
        .expect("an echo");
    let resumed =
        |seen: &trusted_transport_lab::OriginSeen| seen.tls.as_ref().map(|tls| tls.resumed);
    let resumed: Vec<_> = origin.seen().iter().map(resumed).collect();
    assert_eq!(resumed, [Some(false), Some(true), Some(true)]);

    let stranger = support::built(support::trusting(&[&root]), &origin);
    support::get(&stranger, &url).await.expect("a response");
    let last = origin.seen().pop().expect("a request");
    assert_eq!(
        last.tls.map(|tls| tls.resumed),
        Some(false),
        "another token shares nothing"
    );
}

#[tokio::test]
async fn https_only_refuses_before_any_socket_and_on_redirects() {
    let root = Authority::root("Root");
    let (secure, plain) = (
        origin(&root).await,
        Origin::plain().await.expect("an origin"),
    );
    let builder = support::trusting(&[&root]).https_only(true);
    let transport = support::built(builder, &secure);
    for error in [
        support::get(&transport, &plain.url("http", HOST, "/"))
            .await
            .expect_err("HTTP"),
        support::echo(&transport, &plain.url("ws", HOST, "/"))
            .await
            .expect_err("WebSocket"),
    ] {
        assert!(
            matches!(error, TransportError::InsecureScheme { .. }),
            "{error:?}"
        );
    }
    let redirect = format!("/redirect?to={}", plain.url("http", HOST, "/"));
    let redirected = support::get(&transport, &secure.url("https", HOST, &redirect)).await;
    let error = redirected.expect_err("a redirect to http");
    assert!(
        matches!(error, TransportError::InsecureScheme { .. }),
        "{error:?}"
    );
    assert_eq!(plain.connections(), 0);

    let open = support::built(support::trusting(&[&root]), &secure);
    assert_eq!(
        support::get(&open, &plain.url("http", HOST, "/"))
            .await
            .expect("allowed"),
        200
    );
}

#[tokio::test]
async fn a_redirect_to_a_host_that_is_not_trusted_is_a_failure_of_trust_there() {
    let root = Authority::root("Root");
    let secure = origin(&root).await;
    let elsewhere = Origin::https(Authority::root("Unknown").issue(&["elsewhere.test"])).await;
    let elsewhere = elsewhere.expect("an origin");
    let builder = support::trusting(&[&root]).resolve("elsewhere.test", [elsewhere.addr()]);
    let transport = support::built(builder, &secure);
    let path = format!(
        "/redirect?to={}",
        elsewhere.url("https", "elsewhere.test", "/")
    );
    let error = support::get(&transport, &secure.url("https", HOST, &path)).await;
    let error = error.expect_err("refused");
    let failure = error.trust_failure().expect("a failure of trust");
    assert_eq!(failure.host(), "elsewhere.test");
}

#[tokio::test]
async fn requests_carry_what_their_builder_was_given() {
    let root = Authority::root("Root");
    let origin = origin(&root).await;
    let transport = support::built(support::trusting(&[&root]), &origin);
    let client = transport
        .http()
        .user_agent("agent/1")
        .redirect(redirect::Policy::none())
        .timeout(Duration::from_secs(10))
        .build()
        .expect("a client");
    let request = client
        .post(origin.url("https", HOST, "/path"))
        .header("x-one", "1")
        .query(&[("q", "a b")])
        .json(&["body"]);
    let again = request.try_clone().expect("no stream");
    assert_eq!(
        request
            .send()
            .await
            .expect("sent")
            .text()
            .await
            .expect("a body"),
        r#"["body"]"#
    );
    client
        .execute(again.build().expect("a request"))
        .await
        .expect("sent again");
    for seen in origin.seen() {
        assert_eq!((&*seen.method, &*seen.path), ("POST", "/path?q=a+b"));
        assert_eq!(seen.headers["x-one"], "1");
        assert_eq!(seen.headers["user-agent"], "agent/1");
    }
    let redirect = client
        .get(origin.url("https", HOST, "/redirect?to=/"))
        .send()
        .await;
    assert_eq!(redirect.expect("not followed").status(), 302);
    let invalid = transport
        .http()
        .user_agent("a\nb")
        .build()
        .expect_err("no header value");
    assert_eq!(invalid.kind(), "invalid_request");
}

#[tokio::test]
async fn sockets_carry_what_their_builder_was_given() {
    let root = Authority::root("Root");
    let origin = origin(&root).await;
    let transport = support::built(support::trusting(&[&root]), &origin);
    let url = origin.url("wss", HOST, "/live");
    let limited = WebSocketConfig::default().max_message_size(Some(16));
    let (mut socket, response) = transport
        .websocket(&url)
        .header("x-one", "1")
        .subprotocol("chat.v2")
        .subprotocol("chat.v1")
        .config(limited)
        .await
        .expect("connected");
    assert_eq!(response.status(), 101);
    assert_eq!(response.headers()["sec-websocket-protocol"], "chat.v2");
    assert_eq!(socket.config().max_message_size, Some(16));
    let seen = origin.seen().pop().expect("an upgrade");
    assert_eq!(seen.headers["x-one"], "1");
    assert_eq!(seen.headers["sec-websocket-protocol"], "chat.v2, chat.v1");
    socket
        .send(Message::binary(vec![0; 17]))
        .await
        .expect("sent");
    assert!(
        socket.next().await.expect("an answer").is_err(),
        "longer than the limit"
    );

    let error = transport
        .websocket(&url)
        .header("x\n", "1")
        .await
        .expect_err("no header name");
    assert_eq!(error.kind(), "invalid_request");
}

#[tokio::test]
async fn a_socket_is_a_stream_and_a_sink() {
    use futures_util::{SinkExt, StreamExt, TryStreamExt};
    let root = Authority::root("Root");
    let origin = origin(&root).await;
    let transport = support::built(support::trusting(&[&root]), &origin);
    let (socket, _) = transport
        .websocket(origin.url("wss", HOST, "/"))
        .await
        .expect("connected");
    let (mut sink, stream) = StreamExt::split(socket);
    for text in ["one", "two"] {
        SinkExt::send(&mut sink, Message::text(text))
            .await
            .expect("sent");
    }
    let echoed: Vec<Message> = stream.take(2).try_collect().await.expect("echoed");
    assert_eq!(echoed, [Message::text("one"), Message::text("two")]);
}

#[tokio::test]
async fn a_refused_tls_version_is_no_matter_of_trust() {
    let root = Authority::root("Root");
    let origin = origin(&root).await;
    let builder = support::trusting(&[&root]).tls_min_version(TlsVersion::Tls13);
    let transport = support::built(builder, &origin);
    support::get(&transport, &origin.url("https", HOST, "/"))
        .await
        .expect("TLS 1.3 is spoken");
    let offered = &transport.rustls_config();
    assert!(
        offered.alpn_protocols.is_empty(),
        "other protocols have their own"
    );
}

#[tokio::test]
async fn routes_are_told_without_credentials() {
    let root = Authority::root("Root");
    let proxy = Proxy::http().start().await.expect("a proxy");
    let policy = trusted_transport::ProxyPolicy::all(proxy.url_with("http", "user", "secret"));
    let transport = support::trusting(&[&root])
        .proxy(policy.no_proxy("direct.test"))
        .build()
        .expect("built");
    let route = transport.route("wss://host.test/").expect("a URL");
    assert_eq!(route.proxy(), Some(proxy.url("http")));
    assert!(
        transport
            .route("https://direct.test")
            .expect("a URL")
            .is_direct()
    );
    assert_eq!(
        transport.route("mailto:a").expect_err("no host").kind(),
        "invalid_request"
    );
}
