//! The SOCKS proxy against hyper-util's SOCKS clients, and against bare bytes where those cannot
//! misbehave enough.

use std::io;

use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::{SocksV4, SocksV5};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tower_service::Service;
use trusted_transport_lab::{Origin, Proxy, ProxyRequest};

type Outcome = Result<(), Box<dyn std::error::Error>>;

#[tokio::test]
async fn socks5_carries_names_and_credentials() -> Outcome {
    let origin = Origin::plain().await?;
    let proxy = Proxy::socks().credentials("me", "s3cret").start().await?;
    let target: Uri = origin.url("http", "origin.test", "/").parse()?;
    let client = || SocksV5::new(uri(&proxy), connector());

    let right = client().with_auth("me".to_owned(), "s3cret".to_owned());
    let stream = { right }.call(target.clone()).await?.into_inner();
    get(stream).await?;
    let wrong = client().with_auth("me".to_owned(), "wrong".to_owned());
    assert!({ wrong }.call(target.clone()).await.is_err());
    assert!(client().call(target).await.is_err());

    let seen = proxy.seen();
    assert_eq!(seen.len(), 3);
    assert!(seen.iter().all(|seen| seen.kind == ProxyRequest::Socks5));
    assert_eq!(seen[0].target, format!("origin.test:{}", origin.port()));
    assert_eq!(seen[0].credentials.as_deref(), Some("me:s3cret"));
    assert_eq!(seen[1].credentials.as_deref(), Some("me:wrong"));
    let granted: Vec<_> = seen.iter().map(|seen| seen.granted).collect();
    assert_eq!(granted, [true, false, false]);
    Ok(())
}

#[tokio::test]
async fn socks4_and_4a_carry_addresses_and_names() -> Outcome {
    let origin = Origin::plain().await?;
    let proxy = Proxy::socks().start().await?;
    for host in ["127.0.0.1", "origin.test"] {
        let target: Uri = origin.url("http", host, "/").parse()?;
        let mut client = SocksV4::new(uri(&proxy), connector());
        get(client.call(target).await?.into_inner()).await?;
    }
    let seen = proxy.seen();
    let asked: Vec<_> = seen.iter().map(|s| (s.kind, s.target.clone())).collect();
    let port = origin.port();
    assert_eq!(
        asked,
        [
            (ProxyRequest::Socks4, format!("127.0.0.1:{port}")),
            (ProxyRequest::Socks4a, format!("origin.test:{port}")),
        ]
    );
    Ok(())
}

#[tokio::test]
async fn socks_refuses_what_is_not_loopback() -> io::Result<()> {
    let proxy = Proxy::socks().start().await?;
    let mut stream = TcpStream::connect(proxy.addr()).await?;
    stream.write_all(&[5, 1, 0]).await?;
    // CONNECT 192.0.2.1:80
    stream.write_all(&[5, 1, 0, 1, 192, 0, 2, 1, 0, 80]).await?;
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await?;
    assert_eq!(answer[..4], [5, 0, 5, 2]);

    let mut stream = TcpStream::connect(proxy.addr()).await?;
    stream
        .write_all(b"\x04\x01\x00\x50\xc0\x00\x02\x01me\0")
        .await?;
    let mut answer = [0; 8];
    stream.read_exact(&mut answer).await?;
    assert_eq!(answer[..2], [0, 0x5b]);

    let seen = proxy.seen();
    assert!(
        seen.iter()
            .all(|seen| !seen.granted && seen.target == "192.0.2.1:80")
    );
    assert_eq!(seen[1].credentials.as_deref(), Some("me"));
    Ok(())
}

#[tokio::test]
async fn a_field_without_an_end_is_refused() -> io::Result<()> {
    let proxy = Proxy::socks().start().await?;
    let mut stream = TcpStream::connect(proxy.addr()).await?;
    let mut request = b"\x04\x01\x00\x50\x7f\x00\x00\x01".to_vec();
    request.resize(request.len() + 400, b'a');
    stream.write_all(&request).await?;
    let mut answer = [0];
    assert!(matches!(stream.read(&mut answer).await, Ok(0) | Err(_)));
    assert!(proxy.seen().is_empty());
    Ok(())
}

fn uri(proxy: &Proxy) -> Uri {
    proxy.url("http").parse().expect("a URL")
}

fn connector() -> HttpConnector {
    HttpConnector::new()
}

async fn get(mut stream: TcpStream) -> io::Result<()> {
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        .await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    assert!(answer.ends_with("hello from the lab\n"), "{answer}");
    Ok(())
}
