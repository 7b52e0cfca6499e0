//! Servers that stop, say nothing, or present a certificate at the wrong time.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use trusted_transport_lab::{Authority, Origin, Proxy, RawClient, Validity};

#[tokio::test]
async fn validity_is_what_was_asked_for() -> io::Result<()> {
    let root = Authority::root("Lab Root");
    let client = RawClient::new(&[root.der()]);
    for (validity, cause) in [
        (Validity::Expired, "certificate expired"),
        (Validity::NotYetValid, "certificate not valid yet"),
    ] {
        let origin = Origin::https(root.issue_with(&["127.0.0.1"], validity)).await?;
        let url = origin.url("https", "127.0.0.1", "/");
        let error = client.https(&url, None, None).await.unwrap_err();
        assert!(error.to_string().contains(cause), "{error}");
    }
    Ok(())
}

#[tokio::test]
async fn stopping_closes_the_port_and_the_tunnels() -> io::Result<()> {
    let origin = Origin::plain().await?;
    let proxy = Proxy::http().start().await?;
    let addr = proxy.addr();
    let mut tunnel = TcpStream::connect(addr).await?;
    let request = format!("CONNECT a.test:{} HTTP/1.1\r\n\r\n", origin.port());
    tunnel.write_all(request.as_bytes()).await?;
    let mut byte = [0];
    assert_eq!(tunnel.read(&mut byte).await?, 1);
    proxy.stop();
    let mut rest = Vec::new();
    // Ends at all, whether cleanly or with a reset.
    let _ = tunnel.read_to_end(&mut rest).await;
    tokio::task::yield_now().await;
    assert!(TcpStream::connect(addr).await.is_err());
    Ok(())
}

#[tokio::test]
async fn a_silent_proxy_says_nothing() -> io::Result<()> {
    let proxy = Proxy::http().silent().start().await?;
    let mut stream = TcpStream::connect(proxy.addr()).await?;
    stream
        .write_all(b"CONNECT a.test:1 HTTP/1.1\r\n\r\n")
        .await?;
    let mut byte = [0];
    let wait = Duration::from_millis(100);
    assert!(timeout(wait, stream.read(&mut byte)).await.is_err());
    assert_eq!((proxy.connections(), proxy.seen().len()), (1, 0));
    Ok(())
}
