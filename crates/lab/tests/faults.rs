//! Servers, proxies and middleboxes that fail on purpose do so in the way that they say.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::SupportedKxGroup;
use rustls::crypto::aws_lc_rs::{default_provider, kx_group};
use rustls::pki_types::ServerName;
use rustls::{AlertDescription, ClientConfig, Error, PeerIncompatible, RootCertStore};
use tokio::net::TcpStream;
use tokio::time::timeout;
use trusted_transport_lab::{Authority, Fault, Middlebox, Origin, ProxyFault, RawClient, Scripted};

const HOST: &str = "origin.test";

#[tokio::test]
async fn each_fault_shows_in_the_handshake() -> io::Result<()> {
    let root = Authority::root("Lab Root");
    let end_entity = root.issue(&[HOST]);
    for &fault in Fault::ALL {
        let server = Scripted::plain(fault.steps(&end_entity)).await?;
        let stream = TcpStream::connect(server.addr()).await?;
        let shown = handshake(&root, &[kx_group::X25519], stream).await;
        assert_eq!(shown, expected(fault), "{}", fault.name());
        let at_once = matches!(fault, Fault::CloseOnAccept | Fault::ResetOnAccept);
        assert_eq!(server.heard().len(), usize::from(!at_once));
        assert_eq!(server.connections(), 1);
    }
    Ok(())
}

fn expected(fault: Fault) -> Shown {
    let alert = |alert| Shown::Tls(Error::AlertReceived(alert));
    match fault {
        Fault::CloseOnAccept | Fault::CloseAfterHello | Fault::CloseInFlight => {
            Shown::Io(io::ErrorKind::UnexpectedEof)
        }
        Fault::ResetOnAccept | Fault::ResetAfterHello | Fault::ResetInFlight => {
            Shown::Io(io::ErrorKind::ConnectionReset)
        }
        Fault::Silent | Fault::SilentInFlight | Fault::HalfRecord => Shown::Nothing,
        Fault::ProtocolVersion => alert(AlertDescription::ProtocolVersion),
        Fault::HandshakeFailure => alert(AlertDescription::HandshakeFailure),
        Fault::UnrecognizedName => alert(AlertDescription::UnrecognisedName),
        Fault::InternalError => alert(AlertDescription::InternalError),
        Fault::Tls11 => Shown::Tls(PeerIncompatible::ServerDoesNotSupportTls12Or13.into()),
        Fault::PlainHttp | Fault::Ssh | Fault::Garbage => {
            Shown::Tls(rustls::InvalidMessage::InvalidContentType.into())
        }
    }
}

#[tokio::test]
async fn each_proxy_fault_shows_in_the_tunnel() -> io::Result<()> {
    let root = Authority::root("Lab Root");
    let client = RawClient::new(&[root.der()]);
    for &fault in ProxyFault::ALL {
        let proxy = Scripted::plain(fault.steps()).await?;
        let url = proxy.url("http", "127.0.0.1", "");
        let https = client.https("https://origin.test/", Some(&url), None);
        let wss = client.wss("wss://origin.test/", Some(&url), None);
        let expected = expected_of_proxy(fault);
        let shown = match expected {
            Some(_) => <[_; 2]>::from(tokio::join!(https, wss)).map(Some),
            None => {
                let both = tokio::join!(timeout(MOMENT, https), timeout(MOMENT, wss));
                <[_; 2]>::from(both).map(Result::ok)
            }
        };
        for shown in shown {
            let shown = shown.map(|outcome| outcome.unwrap_err().to_string());
            assert_eq!(shown.is_some(), expected.is_some(), "{}", fault.name());
            let (shown, expected) = (shown.unwrap_or_default(), expected.unwrap_or_default());
            assert!(shown.contains(expected), "{}: {shown}", fault.name());
        }
        if let [asked, ..] = &proxy.heard()[..] {
            assert!(asked.starts_with(b"CONNECT origin.test:443 HTTP/1.1\r\n"));
        } else {
            assert_eq!(fault, ProxyFault::CloseOnAccept);
        }
    }
    Ok(())
}

/// What a raw client says, or `None` where it waits for more.
fn expected_of_proxy(fault: ProxyFault) -> Option<&'static str> {
    match fault {
        ProxyFault::Silent | ProxyFault::HalfAnswer | ProxyFault::GrantedThenSilent => None,
        ProxyFault::CloseOnAccept | ProxyFault::CloseAfterRequest => Some("unexpected end of file"),
        ProxyFault::Garbage | ProxyFault::Socks | ProxyFault::Redirect => Some("unsuccessful"),
        ProxyFault::ResetAfterRequest | ProxyFault::GrantedThenReset => Some("reset"),
        ProxyFault::GrantedThenClosed | ProxyFault::GrantedThenClosedAfterHello => {
            Some("tls handshake eof")
        }
        ProxyFault::GrantedThenHtml => Some("InvalidContentType"),
    }
}

#[tokio::test]
async fn a_middlebox_drops_only_a_large_client_hello() -> io::Result<()> {
    let root = Authority::root("Lab Root");
    let origin = Origin::https(root.issue(&[HOST])).await?;
    let middlebox = Middlebox::start(origin.addr(), 1400).await?;
    let dial = || TcpStream::connect(middlebox.addr());

    let large = handshake(&root, &[kx_group::X25519MLKEM768], dial().await?).await;
    assert_eq!(large, Shown::Nothing);
    assert_eq!(origin.connections(), 0);
    let small = handshake(&root, &[kx_group::X25519], dial().await?).await;
    assert_eq!(small, Shown::Session);
    assert_eq!(origin.connections(), 1);
    let hellos = middlebox.hellos();
    assert!(hellos[0] > 1400 && hellos[1] < 1400, "{hellos:?}");

    let direct = TcpStream::connect(origin.addr()).await?;
    let large = handshake(&root, &[kx_group::X25519MLKEM768], direct).await;
    assert_eq!(large, Shown::Session);
    Ok(())
}

/// What a client learns from a handshake.
#[derive(Debug, PartialEq)]
enum Shown {
    Session,
    Nothing,
    Io(io::ErrorKind),
    Tls(Error),
}

#[expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a raw client meets the servers of the lab"
)]
async fn handshake(
    root: &Authority,
    groups: &[&'static dyn SupportedKxGroup],
    stream: TcpStream,
) -> Shown {
    let mut roots = RootCertStore::empty();
    roots.add(root.der()).expect("a root");
    let mut provider = default_provider();
    provider.kx_groups = groups.to_vec();
    let config = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(HOST).expect("a name");
    let connect = tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, stream);
    match timeout(MOMENT, connect).await {
        Err(_) => Shown::Nothing,
        Ok(Ok(_)) => Shown::Session,
        Ok(Err(error)) => match error.get_ref().and_then(|it| it.downcast_ref::<Error>()) {
            Some(tls) => Shown::Tls(tls.clone()),
            None => Shown::Io(error.kind()),
        },
    }
}

/// Long for an answer on a loopback, also on a busy machine.
const MOMENT: Duration = Duration::from_secs(1);
