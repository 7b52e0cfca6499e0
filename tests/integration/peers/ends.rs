//! One attempt over each transport with a peer on the way or at its end, how both ended, and what
//! they have to agree on.

use std::time::{Duration, Instant};

use trusted_transport::ws::Message;
use trusted_transport::{Peer, ProxyPolicy, TransportError, TrustedTransport};

use crate::fixtures::exclusive;
use crate::told::Told;

/// Every proxy finds it, and the token is told where it is.
pub(super) const HOST: &str = "localhost";

/// A token that trusts this bundle and nothing else, behind this proxy.
pub(super) fn through(bundle: &str, proxy: &str) -> TrustedTransport {
    built(bundle, ProxyPolicy::all(proxy))
}

/// The same without a proxy.
pub(super) fn direct(bundle: &str) -> TrustedTransport {
    built(bundle, ProxyPolicy::Direct)
}

fn built(bundle: &str, proxy: ProxyPolicy) -> TrustedTransport {
    let anchors = exclusive().bundle_pem("the bundle of the test", bundle);
    TrustedTransport::builder(anchors.load().expect("it loads"))
        .proxy(proxy)
        .connect_timeout(Duration::from_secs(15))
        .resolve(HOST, [([127, 0, 0, 1], 0).into()])
        .build()
        .expect("a transport")
}

/// How the same attempt has ended over HTTPS and over WSS.
#[derive(Debug)]
pub(super) struct Ends(pub(super) [Result<(), TransportError>; 2]);

/// A request and a conversation with this port of the host. Where they fail, they tell the same.
pub(super) async fn both(transport: &TrustedTransport, port: u16) -> Ends {
    let url = |scheme| format!("{scheme}://{HOST}:{port}/");
    let (https, wss) = (url("https"), url("wss"));
    let https = tokio::time::timeout(LIMIT, get(transport, &https));
    let wss = tokio::time::timeout(LIMIT, converse(transport, &wss));
    let ends = [https.await, wss.await].map(|it| it.expect("in time"));
    let told = ends.each_ref().map(|it| it.as_ref().err().map(Told::of));
    assert_eq!(told[0], told[1], "the transports disagree: {ends:?}");
    Ends(ends)
}

impl Ends {
    /// What is told of them in the table.
    pub(super) fn words(&self) -> [String; 2] {
        self.0.each_ref().map(|end| match end {
            Ok(()) => CONNECTED.to_owned(),
            Err(TransportError::Untrusted(failure)) => match failure.peer() {
                Peer::Proxy => format!("untrusted proxy: {}", failure.refusal().as_str()),
                Peer::Host => format!("untrusted: {}", failure.refusal().as_str()),
                _ => "untrusted".to_owned(),
            },
            Err(TransportError::Proxy { refused: true, .. }) => "proxy: refused".to_owned(),
            Err(error) => error.kind().to_owned(),
        })
    }

    /// Where the host was not trusted, what it presented is of this issuer.
    pub(super) fn issued_by(&self, issuer: &str) {
        for error in self.0.iter().filter_map(|end| end.as_ref().err()) {
            let failure = error.trust_failure();
            if let Some(failure) = failure.filter(|it| it.peer() == Peer::Host) {
                assert_eq!(failure.chain()[0].issuer, issuer);
            }
        }
    }

    /// The proxy has refused, which it will do again until somebody sees to it.
    pub(super) fn denied(&self) {
        for error in self.0.iter().filter_map(|end| end.as_ref().err()) {
            assert!(!error.is_retryable(), "{error:?}");
            let hint = error.hint().unwrap_or_default();
            assert!(hint.contains("credentials"), "{hint}");
        }
    }

    /// Everything that somebody could read of them.
    pub(super) fn shown(&self) -> String {
        let errors = self.0.iter().filter_map(|end| end.as_ref().err());
        let shown = errors.map(|error| format!("{error} {error:?} {error:#?} {:?}", error.hint()));
        shown.collect()
    }
}

async fn get(transport: &TrustedTransport, url: &str) -> Result<(), TransportError> {
    let response = transport.http().build()?.get(url).send().await?;
    assert_eq!(response.status(), 200, "{url}");
    let text = response.text().await.expect("a body");
    assert!(!text.is_empty(), "{url}");
    Ok(())
}

/// Every kind of message there and back, to the end of the closing handshake.
async fn converse(transport: &TrustedTransport, url: &str) -> Result<(), TransportError> {
    let (mut socket, _) = transport.websocket(url).await?;
    let large = vec![0xa5; 1 << 20];
    for message in [
        Message::text("gr\u{fc}\u{df} dich, \u{1f30d}"),
        Message::binary(vec![0, 255, 0]),
        Message::text("x".repeat(70_000)),
        Message::binary(large),
        Message::text(""),
    ] {
        socket.send(message.clone()).await.expect("sent");
        let answer = socket.next().await.expect("an answer");
        assert!(answer.expect("a message") == message, "{message:.20?}");
    }
    let ping = Message::Ping("are you there".into());
    socket.send(ping).await.expect("sent");
    let pong = socket.next().await.expect("an answer").expect("a message");
    assert_eq!(pong, Message::Pong("are you there".into()));
    socket.close(None).await.expect("the socket closes");
    while let Some(message) = socket.next().await {
        let message = message.expect("an orderly end");
        assert!(message.is_close(), "{message:?}");
    }
    Ok(())
}

/// Waits until this is so: some programs note a connection when it is over.
pub(super) async fn until(so: impl Fn() -> bool, what: &str) {
    let begin = Instant::now();
    while !so() {
        assert!(begin.elapsed() < LIMIT, "never so: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

pub(super) const CONNECTED: &str = "connected";
pub(super) const REFUSED: &str = "proxy: refused";
pub(super) const UNTRUSTED: &str = "untrusted: unknown_issuer";
pub(super) const UNTRUSTED_PROXY: &str = "untrusted proxy: unknown_issuer";
pub(super) const LIMIT: Duration = Duration::from_secs(30);
