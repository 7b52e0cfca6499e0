//! Options of the token, the client and the socket do what they say, seen on the far side.

use std::sync::Arc;
use std::time::Duration;

use trusted_transport::http::redirect;
use trusted_transport::ws::{Message, WebSocketConfig};
use trusted_transport::{TlsVersion, TransportError};
use trusted_transport_lab::{Authority, Origin, Proxy};

use crate::support::{self, HOST, Outcome};

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

/// An origin that speaks nothing newer than TLS 1.2.
async fn old_origin(root: &Authority) -> Origin {
    let end_entity = root.issue(&[HOST]);
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS12])
        .expect("TLS 1.2")
        .with_no_client_auth()
        .with_single_cert(end_entity.chain, end_entity.key)
        .expect("a chain");
    Origin::with_tls(config.into()).await.expect("an origin")
}

#[tokio::test]
async fn an_old_tls_version_is_spoken_unless_it_is_refused() {
    let root = Authority::root("Root");
    let origin = old_origin(&root).await;
    let lenient = support::built(support::trusting(&[&root]), &origin);
    assert_eq!(
        support::both(&lenient, &origin, "https").await,
        Outcome::Connected
    );
    let strict = support::trusting(&[&root]).tls_min_version(TlsVersion::Tls13);
    let strict = support::built(strict, &origin);
    assert_eq!(
        support::both(&strict, &origin, "https").await,
        Outcome::Failed("tls")
    );
}

#[tokio::test]
async fn a_provider_of_the_program_is_the_one_that_is_used() {
    let root = Authority::root("Root");
    let origin = origin(&root).await;
    let mut provider = rustls::crypto::aws_lc_rs::default_provider();
    provider
        .cipher_suites
        .retain(|suite| suite.tls13().is_none());
    let builder = support::trusting(&[&root]).crypto_provider(Arc::new(provider));
    let transport = support::built(builder, &origin);
    assert_eq!(
        support::both(&transport, &origin, "https").await,
        Outcome::Connected
    );
    for seen in origin.seen() {
        assert_eq!(seen.tls.expect("TLS").version, "TLSv1_2");
    }
    assert!(
        transport.rustls_config().alpn_protocols.is_empty(),
        "others have their own"
    );
}

#[tokio::test]
async fn clients_and_sockets_may_have_deadlines_of_their_own() {
    let root = Authority::root("Root");
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = silent.local_addr().expect("an address");
    let transport = support::trusting(&[&root])
        .resolve(HOST, [address])
        .build()
        .expect("built");
    let short = Duration::from_millis(200);
    let client = transport
        .http()
        .connect_timeout(short)
        .build()
        .expect("a client");
    let url = format!("https://{HOST}:{}/", address.port());
    let request = client.get(&url).send();
    let socket = transport
        .websocket(url.replace("https", "wss"))
        .connect_timeout(short);
    for error in [
        request.await.expect_err("HTTPS"),
        socket.await.map(|_| ()).expect_err("WSS"),
    ] {
        assert!(
            matches!(&error, TransportError::ConnectTimeout { deadline, .. } if *deadline == short),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn a_socket_ends_without_an_error_where_the_peer_spares_close_notify() {
    let root = Authority::root("Root");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let address = listener.local_addr().expect("an address");
    let acceptor = tokio_rustls::TlsAcceptor::from(root.issue(&[HOST]).server_config(&[]));
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a connection");
        let stream = acceptor.accept(stream).await.expect("TLS");
        let mut socket = tokio_tungstenite::accept_async(stream)
            .await
            .expect("an upgrade");
        // The client's Close is answered, and TCP is closed without TLS being ended.
        while let Some(Ok(_)) = futures_util::StreamExt::next(&mut socket).await {}
    });
    let transport = support::trusting(&[&root])
        .resolve(HOST, [address])
        .build()
        .expect("built");
    let url = format!("wss://{HOST}:{}/", address.port());
    let (mut socket, _) = transport.websocket(url).await.expect("connected");
    socket.close(None).await.expect("closing");
    let answer = socket.next().await.expect("an answer").expect("a Close");
    assert!(answer.is_close(), "{answer:?}");
    assert!(socket.next().await.is_none(), "the end");
    server.await.expect("the server ends");
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
