//! An origin of the lab behind a peer, and a peer as an origin: what both transports come to with
//! one bundle and with another.

use trusted_transport::TrustedTransport;
use trusted_transport_lab::{Authority, Origin};

use super::ends::{CONNECTED, HOST, REFUSED, UNTRUSTED, both, through, until};
use super::row::Row;

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
    pub(super) bundles: [String; 2],
    /// Who has issued what is presented.
    pub(super) issuer: &'static str,
}

/// The way through an interceptor.
pub(super) struct Behind {
    pub(super) url: String,
    /// With its authority.
    pub(super) bundle: String,
    pub(super) issuer: &'static str,
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

    /// A peer as an origin, under the certificate of `HOST`.
    pub(super) fn served(&self, peer: &'static str, version: String, port: u16) -> Served {
        Served {
            peer,
            version,
            setup: "origin",
            port,
            bundles: [self.root.pem(), self.stranger.pem()],
            issuer: ISSUER,
        }
    }

    /// Asks it with the right bundle and with the wrong one; `way` leads there.
    pub(super) async fn try_origin(&self, it: Served, way: impl Fn(&str) -> TrustedTransport) {
        let mut words = Vec::new();
        for (bundle, expected) in it.bundles.iter().zip([CONNECTED, UNTRUSTED]) {
            let ends = both(&way(bundle), it.port).await;
            assert_eq!(ends.words(), [expected, expected], "{}: {ends:?}", it.peer);
            ends.issued_by(it.issuer);
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
