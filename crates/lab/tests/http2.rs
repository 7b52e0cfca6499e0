//! HTTP/2 and session resumption, directly and through the intercepting proxy, which has to leave
//! both unharmed.

use std::error::Error;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use trusted_transport_lab::{Authority, Origin, Proxy};

type Outcome = Result<(), Box<dyn Error>>;

#[tokio::test]
async fn http2_passes_the_intercepting_proxy() -> Outcome {
    let root = Authority::root("Lab Root");
    let corporate = Authority::root("Corporate Root");
    let origin = Origin::https(root.issue(&["origin.test"])).await?;
    let builder = Proxy::intercepting(corporate.clone()).upstream_root(&root);
    let proxy = builder.start().await?;
    let client = client(&corporate, &[b"h2", b"http/1.1"], &proxy)?;

    let body = vec![42; 1024 * 1024];
    let url = origin.url("https", "origin.test", "/echo");
    let response = client.post(&url).body(body.clone()).send().await?;
    assert_eq!(response.version(), http::Version::HTTP_2);
    assert_eq!(response.bytes().await?, body);
    let too_long = client.post(&url).body(vec![42; 1024 * 1024 + 1]);
    assert_eq!(too_long.send().await?.status(), 413);

    let seen = &origin.seen()[0];
    assert_eq!(seen.http_version, "HTTP/2.0");
    assert_eq!(seen.host, format!("origin.test:{}", origin.port()));
    let tls = seen.tls.as_ref().expect("over TLS");
    assert_eq!(tls.alpn.as_deref(), Some("h2"));
    assert_eq!((origin.connections(), proxy.connections()), (1, 1));
    Ok(())
}

#[tokio::test]
async fn sessions_resume_on_both_sides_of_the_intercepting_proxy() -> Outcome {
    let root = Authority::root("Lab Root");
    let corporate = Authority::root("Corporate Root");
    let origin = Origin::https(root.issue(&["origin.test"])).await?;
    let builder = Proxy::intercepting(corporate.clone()).upstream_root(&root);
    let proxy = builder.start().await?;
    let client = client(&corporate, &[b"http/1.1"], &proxy)?;

    let url = origin.url("https", "origin.test", "/");
    for _ in 0..2 {
        let request = client.get(&url).header("connection", "close");
        assert_eq!(request.send().await?.text().await?, "hello from the lab\n");
    }
    for handshakes in [proxy.handshakes(), origin.handshakes()] {
        let resumed = handshakes.into_iter().map(|tls| tls.map(|tls| tls.resumed));
        assert_eq!(resumed.collect::<Vec<_>>(), [Ok(false), Ok(true)]);
    }
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a raw client exercises the servers of the lab"
)]
fn client(
    root: &Authority,
    alpn: &[&[u8]],
    proxy: &Proxy,
) -> Result<reqwest::Client, Box<dyn Error>> {
    let mut roots = RootCertStore::empty();
    roots.add(root.der())?;
    let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|&protocol| protocol.to_vec()).collect();
    let builder = reqwest::Client::builder().tls_backend_preconfigured(config);
    Ok(builder
        .proxy(reqwest::Proxy::all(proxy.url("http"))?)
        .build()?)
}
