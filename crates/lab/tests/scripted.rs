//! Scripts behind TLS and at the end of a tunnel, and the refusals of proxies and upgrades.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use trusted_transport_lab::{Authority, Fault, Origin, Proxy, RawClient, Scripted, Step};

const HOST: &str = "origin.test";

#[tokio::test]
async fn a_response_behind_tls_is_cut_off() -> io::Result<()> {
    let root = Authority::root("Lab Root");
    let client = RawClient::new(&[root.der()]);
    for (end, https, wss) in [
        (
            Step::Close,
            "connection closed before message completed",
            "Handshake not finished",
        ),
        (
            Step::Cut,
            "without sending TLS close_notify",
            "without sending TLS close_notify",
        ),
        (Step::Reset, "reset by peer", "reset by peer"),
    ] {
        let half = Step::say("HTTP/1.1 200 OK\r\nContent-Le");
        let steps = vec![Step::Hear, half, end];
        let server = Scripted::https(root.issue(&[HOST]), steps).await?;
        let resolve = Some((HOST, server.addr()));
        let url = server.url("https", HOST, "/page");
        let error = client.https(&url, None, resolve).await.unwrap_err();
        assert!(error.to_string().contains(https), "{error}");
        let url = server.url("wss", HOST, "/");
        let error = client.wss(&url, None, resolve).await.unwrap_err();
        assert!(error.to_string().contains(wss), "{error}");
        assert!(server.heard()[0].starts_with(b"GET /page HTTP/1.1\r\n"));
        assert_eq!(server.handshakes().len(), 2);
    }
    Ok(())
}

#[tokio::test]
async fn a_tunnel_ends_at_a_script() -> io::Result<()> {
    let root = Authority::root("Lab Root");
    let client = RawClient::new(&[root.der()]);
    let steps = Fault::CloseAfterHello.steps(&root.issue(&[HOST]));
    let end = Scripted::plain(steps).await?;
    let url = end.url("wss", HOST, "/");
    let proxy = Proxy::http().start().await?;
    let outcome = client.wss(&url, Some(&proxy.url("http")), None).await;
    assert_eq!(outcome.unwrap_err().to_string(), "tls handshake eof");
    assert!(proxy.seen()[0].granted);
    assert_eq!(end.heard()[0][0], 22);
    Ok(())
}

#[tokio::test]
async fn an_upgrade_is_answered_by_its_path() -> io::Result<()> {
    let root = Authority::root("Lab Root");
    let client = RawClient::new(&[root.der()]);
    let origin = Origin::https(root.issue(&[HOST])).await?;
    let resolve = Some((HOST, origin.addr()));
    for status in [200, 401, 403, 426, 500, 503] {
        let url = origin.url("wss", HOST, &format!("/status/{status}"));
        assert_eq!(client.wss(&url, None, resolve).await, Ok(status));
    }
    let url = origin.url("wss", HOST, "/redirect?to=https%3A%2F%2Flogin.test%2F");
    assert_eq!(client.wss(&url, None, resolve).await, Ok(302));
    assert!(origin.seen().iter().all(|seen| seen.websocket));
    Ok(())
}

#[tokio::test]
async fn socks5_refuses_with_the_reply_it_was_given() -> io::Result<()> {
    for reply in [1, 2, 3, 4, 5, 6, 7, 8, 0x5b] {
        let proxy = Proxy::socks().refuse_with_reply(reply).start().await?;
        let mut stream = TcpStream::connect(proxy.addr()).await?;
        // CONNECT 127.0.0.1:80
        let request = [5, 1, 0, 5, 1, 0, 1, 127, 0, 0, 1, 0, 80];
        stream.write_all(&request).await?;
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await?;
        assert_eq!(answer[..4], [5, 0, 5, reply]);
        let seen = &proxy.seen()[0];
        assert!(!seen.granted && seen.target == "127.0.0.1:80");
    }
    assert!(Proxy::socks().refuse_with_reply(0).start().await.is_err());
    assert!(Proxy::http().refuse_with_reply(1).start().await.is_err());
    Ok(())
}

#[tokio::test]
async fn dropping_a_script_ends_its_silence() -> io::Result<()> {
    let server = Scripted::plain(vec![Step::Silence]).await?;
    let addr = server.addr();
    let mut stream = TcpStream::connect(addr).await?;
    stream.write_all(b"hello").await?;
    while server.connections() == 0 {
        tokio::task::yield_now().await;
    }
    drop(server);
    // Ends at all, whether cleanly or with a reset.
    let _ = stream.read_to_end(&mut Vec::new()).await;
    assert!(TcpStream::connect(addr).await.is_err());
    Ok(())
}
