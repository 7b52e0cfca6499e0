//! The lab against itself: raw clients reach each origin through each proxy, and both record it.

use std::io;
use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use trusted_transport_lab::{Authority, Origin, Proxy, ProxyRequest, RawClient, RawError};

const HOST: &str = "origin.test";

struct Lab {
    root: Authority,
    origin: Origin,
    client: RawClient,
}

impl Lab {
    async fn new() -> io::Result<Self> {
        let root = Authority::root("Lab Root");
        let issuer = root.intermediate("Lab Intermediate");
        Ok(Self {
            origin: Origin::https(issuer.issue(&[HOST, "127.0.0.1"])).await?,
            client: RawClient::new(&[root.der()]),
            root,
        })
    }

    async fn https(&self, path: &str, proxy: Option<&str>) -> Result<u16, RawError> {
        let url = self.origin.url("https", HOST, path);
        self.client.https(&url, proxy, self.resolve(proxy)).await
    }

    async fn wss(&self, path: &str, proxy: Option<&str>) -> Result<u16, RawError> {
        let url = self.origin.url("wss", HOST, path);
        self.client.wss(&url, proxy, self.resolve(proxy)).await
    }

    fn resolve(&self, proxy: Option<&str>) -> Option<(&'static str, SocketAddr)> {
        proxy.is_none().then(|| (HOST, self.origin.addr()))
    }

    fn target(&self) -> String {
        format!("{HOST}:{}", self.origin.port())
    }
}

#[tokio::test]
async fn the_origin_answers_and_records() -> Result<(), Box<dyn std::error::Error>> {
    let lab = Lab::new().await?;
    assert_eq!(lab.https("/", None).await, Ok(200));
    assert_eq!(lab.https("/status/418", None).await, Ok(418));
    assert_eq!(
        lab.https("/redirect?to=%2Fstatus%2F404", None).await,
        Ok(404)
    );
    assert_eq!(lab.wss("/echo", None).await, Ok(101));
    assert_eq!(lab.wss("/refuse", None).await, Ok(401));

    let seen = lab.origin.seen();
    let paths: Vec<_> = seen.iter().map(|seen| seen.path.as_str()).collect();
    let redirect = "/redirect?to=%2Fstatus%2F404";
    let asked = [
        "/",
        "/status/418",
        redirect,
        "/status/404",
        "/echo",
        "/refuse",
    ];
    assert_eq!(paths, asked);
    assert_eq!(seen[0].host, lab.target());
    assert_eq!(seen[0].method, "GET");
    assert!(!seen[0].websocket && seen[4].websocket && seen[5].websocket);
    let tls = seen[0].tls.as_ref().expect("over TLS");
    assert_eq!(tls.sni.as_deref(), Some(HOST));
    assert_eq!((tls.version.as_str(), tls.resumed), ("TLSv1_3", false));
    assert_eq!(seen[0].http_version, "HTTP/1.1");
    // The redirect is followed on one connection.
    assert_eq!(lab.origin.connections(), 5);
    assert_eq!(lab.origin.handshakes().len(), 5);
    Ok(())
}

#[tokio::test]
async fn a_client_that_distrusts_the_origin_is_recorded() -> io::Result<()> {
    let lab = Lab::new().await?;
    let stranger = RawClient::new(&[Authority::root("Other").der()]);
    let resolve = Some((HOST, lab.origin.addr()));
    let unknown = "invalid peer certificate: UnknownIssuer";
    let https = stranger
        .https(&lab.origin.url("https", HOST, "/"), None, resolve)
        .await;
    assert_eq!(https.unwrap_err().to_string(), unknown);
    let wss = stranger
        .wss(&lab.origin.url("wss", HOST, "/"), None, resolve)
        .await;
    assert_eq!(wss.unwrap_err().to_string(), unknown);

    assert!(lab.origin.seen().is_empty());
    let handshakes = lab.origin.handshakes_after(2).await;
    assert_eq!(handshakes.len(), 2);
    for handshake in handshakes {
        let reason = handshake.unwrap_err();
        assert!(reason.contains("UnknownCA"), "{reason}");
    }
    Ok(())
}

#[tokio::test]
async fn an_http_proxy_tunnels_and_forwards() -> io::Result<()> {
    let lab = Lab::new().await?;
    let proxy = Proxy::http().credentials("me", "s3cret").start().await?;
    let url = proxy.url_with("http", "me", "s3cret");
    assert_eq!(lab.https("/", Some(&url)).await, Ok(200));
    assert_eq!(lab.wss("/", Some(&url)).await, Ok(101));
    let plain = Origin::plain().await?;
    let forwarded = plain.url("http", "plain.test", "/status/203?q=1");
    let status = lab.client.https(&forwarded, Some(&url), None).await;
    assert_eq!(status, Ok(203));

    let seen = proxy.seen();
    let kinds: Vec<_> = seen.iter().map(|seen| seen.kind).collect();
    use ProxyRequest::{Connect, Forward};
    assert_eq!(kinds, [Connect, Connect, Forward]);
    assert_eq!(seen[0].target, lab.target());
    assert_eq!(seen[1].credentials.as_deref(), Some("me:s3cret"));
    assert!(seen.iter().all(|seen| seen.granted && !seen.intercepted));
    assert_eq!(proxy.connections(), 3);
    let request = &plain.seen()[0];
    assert_eq!(request.path, "/status/203?q=1");
    assert_eq!(request.host, format!("plain.test:{}", plain.port()));
    assert!(!request.headers.contains_key("proxy-authorization"));
    Ok(())
}

#[tokio::test]
async fn wrong_credentials_and_refusals_reach_no_origin() -> io::Result<()> {
    let lab = Lab::new().await?;
    let strict = Proxy::http().credentials("me", "s3cret").start().await?;
    let wrong = strict.url_with("http", "me", "wrong");
    for proxy in [wrong, strict.url("http")] {
        let error = lab.https("/", Some(&proxy)).await.unwrap_err();
        assert!(error.to_string().contains("authorization"), "{error}");
        let error = lab.wss("/", Some(&proxy)).await.unwrap_err();
        assert!(error.to_string().contains("authorization"), "{error}");
    }
    let (head, _) = connect(strict.addr(), &lab.target()).await?;
    assert!(head.starts_with("HTTP/1.1 407 "), "{head}");
    assert!(
        head.to_ascii_lowercase()
            .contains("proxy-authenticate: basic")
    );

    let refusing = Proxy::http().refuse(403).start().await?;
    let (head, _) = connect(refusing.addr(), &lab.target()).await?;
    assert!(head.starts_with("HTTP/1.1 403 "), "{head}");
    let open = Proxy::http().start().await?;
    let (head, _) = connect(open.addr(), "192.0.2.1:443").await?;
    assert!(head.starts_with("HTTP/1.1 502 "), "{head}");

    assert!(strict.seen().iter().all(|seen| !seen.granted));
    assert_eq!(lab.origin.connections(), 0);
    assert!(Proxy::http().refuse(200).start().await.is_err());
    Ok(())
}

#[tokio::test]
async fn a_proxy_behind_tls_tunnels() -> io::Result<()> {
    let lab = Lab::new().await?;
    let end_entity = lab.root.issue(&["127.0.0.1"]);
    let proxy = Proxy::http().tls(end_entity).start().await?;
    let url = proxy.url("https");
    assert_eq!(lab.https("/", Some(&url)).await, Ok(200));
    assert!(proxy.seen()[0].granted);
    assert!(proxy.handshakes()[0].is_ok());
    Ok(())
}

#[tokio::test]
async fn an_intercepting_proxy_needs_to_be_trusted() -> io::Result<()> {
    let lab = Lab::new().await?;
    let corporate = Authority::root("Corporate Root");
    let builder = Proxy::intercepting(corporate.intermediate("Corporate Intermediate"));
    let proxy = builder.upstream_root(&lab.root).start().await?;
    let url = proxy.url("http");

    let error = lab.https("/", Some(&url)).await.unwrap_err();
    assert_eq!(error.to_string(), "invalid peer certificate: UnknownIssuer");
    assert!(lab.origin.seen().is_empty());

    let trusting = RawClient::new(&[corporate.der()]);
    let https = lab.origin.url("https", HOST, "/");
    assert_eq!(trusting.https(&https, Some(&url), None).await, Ok(200));
    let wss = lab.origin.url("wss", HOST, "/");
    assert_eq!(trusting.wss(&wss, Some(&url), None).await, Ok(101));
    let plain = Origin::plain().await?;
    let ws = plain.url("ws", HOST, "/");
    assert_eq!(trusting.wss(&ws, Some(&url), None).await, Ok(101));

    let intercepted: Vec<_> = proxy.seen().iter().map(|seen| seen.intercepted).collect();
    assert_eq!(intercepted, [true, true, true, false]);
    assert!(proxy.handshakes_after(1).await[0].is_err());
    assert!(Proxy::intercepting(corporate).start().await.is_err());
    Ok(())
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "a raw socket exercises the echo")]
async fn the_websocket_echoes_through_a_tunnel() -> Result<(), Box<dyn std::error::Error>> {
    use tokio_tungstenite::tungstenite::client::IntoClientRequest;
    let origin = Origin::plain().await?;
    let proxy = Proxy::http().start().await?;
    let target = format!("a.test:{}", origin.port());
    let (head, stream) = connect(proxy.addr(), &target).await?;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    let mut request = origin.url("ws", "a.test", "/").into_client_request()?;
    let offered = "one, two".parse()?;
    request
        .headers_mut()
        .insert("sec-websocket-protocol", offered);
    let (mut socket, response): (WebSocketStream<_>, _) =
        tokio_tungstenite::client_async(request, stream).await?;
    assert_eq!(response.headers()["sec-websocket-protocol"], "one");
    for message in [Message::text("hello"), Message::binary(vec![7; 200_000])] {
        socket.send(message.clone()).await?;
        assert_eq!(socket.next().await.expect("an echo")?, message);
    }
    socket.send(Message::Ping("p".into())).await?;
    assert_eq!(
        socket.next().await.expect("a pong")?,
        Message::Pong("p".into())
    );
    socket.close(None).await?;
    assert!(matches!(socket.next().await, Some(Ok(Message::Close(_)))));
    Ok(())
}

/// Sends a bare CONNECT and returns the head of the answer, with the stream behind it.
async fn connect(proxy: SocketAddr, target: &str) -> io::Result<(String, TcpStream)> {
    let mut stream = TcpStream::connect(proxy).await?;
    let request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = vec![0; 4096];
    let read = stream.read(&mut answer).await?;
    let head = String::from_utf8_lossy(&answer[..read]).into_owned();
    Ok((head, stream))
}
