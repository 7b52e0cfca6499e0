//! An origin of the lab behind a peer, and a peer as an origin: what both transports come to with
//! one bundle and with another.

use std::time::{Duration, Instant};

use trusted_transport::ws::Message;
use trusted_transport::{Peer as Side, ProxyPolicy, TransportError, TrustedTransport};
use trusted_transport_lab::{Authority, Origin};

use super::row::Row;
use crate::fixtures::exclusive;
use crate::told::Told;

/// Every proxy finds it, and the token is told where it is.
pub(super) const HOST: &str = "localhost";

/// An origin whose root only those trust that are told to.
pub(super) struct World {
    pub(super) root: Authority,
    /// Has signed nothing that anybody presents.
    pub(super) stranger: Authority,
    pub(super) origin: Origin,
}

/// What a proxy is tried with.
#[derive(Clone)]
pub(super) struct Case<'a> {
    pub(super) peer: &'a str,
    pub(super) version: &'a str,
    pub(super) setup: String,
    /// The proxy's URL.
    pub(super) proxy: String,
    /// A bundle with everything that is needed, and one where something is missing.
    pub(super) bundles: [String; 2],
    /// What both transports come to with the one and with the other.
    pub(super) expected: [&'a str; 2],
    /// Who has issued what the host presents, if it comes to that.
    pub(super) issuer: &'a str,
    /// How many connections to the origin the proxy has noted.
    pub(super) noted: &'a dyn Fn() -> usize,
}

/// A peer that is an origin, and where.
pub(super) struct Served {
    pub(super) peer: &'static str,
    pub(super) version: String,
    pub(super) setup: &'static str,
    pub(super) port: u16,
}

impl World {
    pub(super) async fn new() -> Self {
        let [root, stranger] = ["Origin Root", "Stranger Root"].map(Authority::root);
        let origin = Origin::https(root.issue(&[HOST, "127.0.0.1"])).await;
        Self {
            root,
            stranger,
            origin: origin.expect("an origin"),
        }
    }

    /// With the right bundle and with the wrong one, over both transports, asserted on all sides.
    pub(super) async fn try_proxy(&self, case: Case<'_>) {
        let mut words = Vec::new();
        for (bundle, expected) in case.bundles.iter().zip(case.expected) {
            let transport = through(bundle, &case.proxy);
            let (seen, noted) = (self.origin.seen().len(), (case.noted)());
            let ends = both(&transport, self.origin.port()).await;
            let label = format!("{}, {}", case.peer, case.setup);
            assert_eq!(ends.words(), [expected, expected], "{label}: {ends:?}");
            let shown = format!("{transport:?} {}", ends.shown());
            for secret in SECRETS {
                assert!(!shown.contains(secret), "{label}: {shown}");
            }
            let requests = self.origin.seen().len() - seen;
            match expected == CONNECTED {
                true => {
                    assert_eq!(requests, 2, "{label}");
                    let expected = noted + 2;
                    until(|| (case.noted)() >= expected, &label).await;
                    self.presented(&transport, case.issuer).await;
                }
                false => assert_eq!(requests, 0, "{label}"),
            }
            if expected == REFUSED {
                ends.denied();
            }
            ends.issued_by(case.issuer);
            words.push(ends.words());
        }
        Row::of(case.peer, case.version, &case.setup, words).write();
    }

    /// A way through, then none for want of the password.
    pub(super) async fn try_credentials(&self, case: Case<'_>, url: impl Fn(&str) -> String) {
        for (credentials, which, expected) in [
            (RIGHT, "right credentials", case.expected),
            (WRONG, "wrong credentials", [REFUSED, REFUSED]),
            ("", "no credentials", [REFUSED, REFUSED]),
        ] {
            let case = Case {
                setup: format!("{}, {which}", case.setup),
                proxy: url(credentials),
                expected,
                ..case.clone()
            };
            self.try_proxy(case).await;
        }
    }

    /// A case of this world: whoever presents the origin's own chain is trusted with its root, and
    /// not with another.
    pub(super) fn case<'a>(
        &self,
        peer: &'a str,
        version: &'a str,
        setup: &str,
        noted: &'a dyn Fn() -> usize,
    ) -> Case<'a> {
        Case {
            peer,
            version,
            setup: setup.to_owned(),
            proxy: String::new(),
            bundles: [self.root.pem(), self.stranger.pem()],
            expected: [CONNECTED, UNTRUSTED],
            issuer: ISSUER,
            noted,
        }
    }

    /// How the origin is called in the logs of proxies.
    pub(super) fn target(&self) -> String {
        format!("{HOST}:{}", self.origin.port())
    }

    /// A peer as the origin itself, under the certificate of `HOST`; `way` leads there with a bundle.
    pub(super) async fn try_origin(&self, it: Served, way: impl Fn(&str) -> TrustedTransport) {
        let mut words = Vec::new();
        for (authority, expected) in [(&self.root, CONNECTED), (&self.stranger, UNTRUSTED)] {
            let ends = both(&way(&authority.pem()), it.port).await;
            assert_eq!(ends.words(), [expected, expected], "{}: {ends:?}", it.peer);
            ends.issued_by(ISSUER);
            words.push(ends.words());
        }
        Row::of(it.peer, &it.version, it.setup, words).write();
    }

    /// A peer that has ended is no way to the origin, and nobody looks for another.
    pub(super) async fn gone(&self, bundle: &str, proxy: &str) {
        let before = self.origin.connections();
        let ends = both(&through(bundle, proxy), self.origin.port()).await;
        for word in ends.words() {
            assert!(word.starts_with("proxy"), "{word}");
        }
        assert_eq!(self.origin.connections(), before, "a direct connection");
    }

    /// What stands at the host's place presents a certificate of this issuer to both transports.
    async fn presented(&self, transport: &TrustedTransport, issuer: &str) {
        for scheme in ["https", "wss"] {
            let probe = transport.probe(&self.origin.url(scheme, HOST, "/")).await;
            let tls = probe.expect("connected").tls.expect("TLS");
            assert_eq!(tls.chain[0].issuer, issuer, "{scheme}");
        }
    }
}

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
                Side::Proxy => format!("untrusted proxy: {}", failure.refusal().as_str()),
                Side::Host => format!("untrusted: {}", failure.refusal().as_str()),
                _ => "untrusted".to_owned(),
            },
            Err(TransportError::Proxy { refused: true, .. }) => "proxy: refused".to_owned(),
            Err(error) => error.kind().to_owned(),
        })
    }

    /// Where the host was not trusted, what it presented is of this issuer.
    fn issued_by(&self, issuer: &str) {
        for error in self.0.iter().filter_map(|end| end.as_ref().err()) {
            let failure = error.trust_failure();
            if let Some(failure) = failure.filter(|it| it.peer() == Side::Host) {
                assert_eq!(failure.chain()[0].issuer, issuer);
            }
        }
    }

    /// The proxy has refused, which it will do again until somebody sees to it.
    fn denied(&self) {
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
const ISSUER: &str = "CN=Origin Root";

/// Before the `@` of a proxy's URL: for proxies that want exactly this, and something else.
const RIGHT: &str = "alice:s3cret-word@";
const WRONG: &str = "alice:wr0ng-word@";
pub(super) const USER: &str = "alice";
pub(super) const PASSWORD: &str = "s3cret-word";
/// Both as they are, and as HTTP sends them.
const SECRETS: [&str; 5] = [
    USER,
    PASSWORD,
    "wr0ng-word",
    "YWxpY2U6czNjcmV0LXdvcmQ=",
    "YWxpY2U6d3Iwbmctd29yZA==",
];
pub(super) const LIMIT: Duration = Duration::from_secs(30);
