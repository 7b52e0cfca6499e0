//! Client identities: whom they are shown to, whom never, and what a person reads when a peer
//! wants one, or does not take the one that there is.

use std::error::Error;

use trusted_transport::{
    ClientIdentity, IdentityError, ProxyPolicy, TlsFault, TransportBuilder, TransportError,
    TrustedTransport,
};
use trusted_transport_lab::{
    Authority, ClientAuth, EndEntity, Origin, Proxy, Purpose, Template, Validity,
};

use crate::fixtures::{element, pem};
use crate::support::{self, HOST, Outcome};

#[derive(Clone, Copy, Debug)]
enum Way {
    Direct,
    Connect,
    Socks,
    HttpsProxy,
}

const WAYS: [Way; 4] = [Way::Direct, Way::Connect, Way::Socks, Way::HttpsProxy];

struct World {
    servers: Authority,
    people: Authority,
}

impl World {
    fn new() -> Self {
        Self {
            servers: Authority::root("Servers"),
            people: Authority::root("People"),
        }
    }

    fn asking(&self, tls12: bool, required: bool) -> ClientAuth {
        let auth = match required {
            true => ClientAuth::required_of(&self.people),
            false => ClientAuth::requested_of(&self.people),
        };
        match tls12 {
            true => auth.tls12(),
            false => auth,
        }
    }

    async fn origin(&self, auth: &ClientAuth) -> Origin {
        let end_entity = self.servers.issue(&[HOST]);
        let config = auth.server_config(&end_entity, &[b"h2", b"http/1.1"]);
        Origin::with_tls(config).await.expect("an origin")
    }

    /// An `https://` proxy if there is somebody who asks in front of it.
    async fn proxy(&self, way: Way, auth: &ClientAuth) -> Option<Proxy> {
        let builder = match way {
            Way::Direct => return None,
            Way::Connect => Proxy::http(),
            Way::Socks => Proxy::socks(),
            Way::HttpsProxy => {
                let end_entity = self.servers.issue(&["127.0.0.1"]);
                Proxy::http().tls_with(auth.server_config(&end_entity, &[b"http/1.1"]))
            }
        };
        Some(builder.start().await.expect("a proxy"))
    }

    fn transport(
        &self,
        origin: &Origin,
        policy: ProxyPolicy,
        with: impl FnOnce(TransportBuilder) -> TransportBuilder,
    ) -> TrustedTransport {
        let builder = support::trusting(&[&self.servers]).proxy(policy);
        support::built(with(builder), origin)
    }
}

fn policy(way: Way, proxy: Option<&Proxy>) -> ProxyPolicy {
    let Some(proxy) = proxy else {
        return ProxyPolicy::Direct;
    };
    ProxyPolicy::all(proxy.url(match way {
        Way::Socks => "socks5h",
        Way::HttpsProxy => "https",
        Way::Direct | Way::Connect => "http",
    }))
}

fn client(authority: &Authority, name: &str, validity: Validity) -> EndEntity {
    Template::server(&[name])
        .purposes(&[Purpose::Client])
        .validity(validity)
        .issued_by(authority)
}

fn identity(end_entity: &EndEntity) -> ClientIdentity {
    let (chain, key) = (end_entity.chain_pem(), end_entity.key_pem());
    ClientIdentity::from_pem_parts(chain, key).expect("an identity")
}

/// Nobody's of a table.
fn none(builder: TransportBuilder) -> TransportBuilder {
    builder
}

#[tokio::test]
async fn a_host_that_requires_an_identity_gets_it_by_every_way_and_its_proxy_does_not() {
    let world = World::new();
    let alice = client(&world.people, "alice", Validity::Current);
    for tls12 in [true, false] {
        for way in WAYS {
            let (at_host, at_proxy) = (world.asking(tls12, true), world.asking(tls12, false));
            let origin = world.origin(&at_host).await;
            let proxy = world.proxy(way, &at_proxy).await;
            let with = |builder: TransportBuilder| builder.identity(identity(&alice));
            let transport = world.transport(&origin, policy(way, proxy.as_ref()), with);
            let outcome = support::both(&transport, &origin, "https").await;
            assert_eq!(outcome, Outcome::Connected, "{way:?} {tls12}");
            let shown = at_host.shown();
            assert!(
                !shown.is_empty() && shown.iter().all(|it| *it == alice.chain[0]),
                "{way:?}"
            );
            assert!(at_proxy.shown().is_empty(), "{way:?}: the proxy saw it");
            assert_eq!(origin.seen().len(), 2, "{way:?}");
        }
    }
}

#[tokio::test]
async fn a_proxy_that_requires_an_identity_gets_its_own_and_the_host_does_not() {
    let world = World::new();
    let gate = client(&world.people, "gate", Validity::Current);
    for tls12 in [true, false] {
        let (at_host, at_proxy) = (world.asking(tls12, false), world.asking(tls12, true));
        let origin = world.origin(&at_host).await;
        let proxy = world.proxy(Way::HttpsProxy, &at_proxy).await;
        let with = |builder: TransportBuilder| builder.proxy_identity(identity(&gate));
        let transport = world.transport(&origin, policy(Way::HttpsProxy, proxy.as_ref()), with);
        // Sessions with the proxy are resumed from the second connection on, and no verifier is
        // asked; the host must still not be taken for the proxy.
        for _ in 0..2 {
            let outcome = support::both(&transport, &origin, "https").await;
            assert_eq!(outcome, Outcome::Connected, "{tls12}");
        }
        let shown = at_proxy.shown();
        assert!(!shown.is_empty() && shown.iter().all(|it| *it == gate.chain[0]));
        assert!(at_host.shown().is_empty(), "the host saw it");
    }
}

#[tokio::test]
async fn two_identities_never_change_places() {
    let world = World::new();
    let (alice, gate) = (
        client(&world.people, "alice", Validity::Current),
        client(&world.people, "gate", Validity::Current),
    );
    for tls12 in [true, false] {
        let (at_host, at_proxy) = (world.asking(tls12, true), world.asking(tls12, true));
        let origin = world.origin(&at_host).await;
        let proxy = world.proxy(Way::HttpsProxy, &at_proxy).await;
        let with = |builder: TransportBuilder| {
            builder
                .identity(identity(&alice))
                .proxy_identity(identity(&gate))
        };
        let transport = world.transport(&origin, policy(Way::HttpsProxy, proxy.as_ref()), with);
        for _ in 0..3 {
            let outcome = support::both(&transport, &origin, "https").await;
            assert_eq!(outcome, Outcome::Connected, "{tls12}");
        }
        assert!(at_host.shown().iter().all(|it| *it == alice.chain[0]));
        assert!(at_proxy.shown().iter().all(|it| *it == gate.chain[0]));
    }
}

#[tokio::test]
async fn a_host_that_does_not_ask_is_shown_nothing_and_one_that_may_do_without_connects() {
    let world = World::new();
    let alice = client(&world.people, "alice", Validity::Current);
    let unasking = Origin::https(world.servers.issue(&[HOST])).await;
    let unasking = unasking.expect("an origin");
    let with = |builder: TransportBuilder| builder.identity(identity(&alice));
    let transport = world.transport(&unasking, ProxyPolicy::Direct, with);
    assert_eq!(
        support::both(&transport, &unasking, "https").await,
        Outcome::Connected
    );

    let auth = world.asking(false, false);
    let origin = world.origin(&auth).await;
    let transport = world.transport(&origin, ProxyPolicy::Direct, none);
    assert_eq!(
        support::both(&transport, &origin, "https").await,
        Outcome::Connected
    );
    assert!(auth.shown().is_empty());
}

#[tokio::test]
async fn sessions_are_resumed_with_an_identity_too() {
    let world = World::new();
    let alice = client(&world.people, "alice", Validity::Current);
    let auth = world.asking(false, true);
    let origin = world.origin(&auth).await;
    let with = |builder: TransportBuilder| builder.identity(identity(&alice));
    let transport = world.transport(&origin, ProxyPolicy::Direct, with);
    for _ in 0..2 {
        support::both(&transport, &origin, "https").await;
    }
    let resumed = |seen: &trusted_transport_lab::OriginSeen| {
        let tls = seen.tls.as_ref();
        tls.is_some_and(|tls| tls.resumed)
    };
    let resumed: Vec<bool> = origin.seen().iter().map(resumed).collect();
    assert_eq!(resumed, [false, true, true, true]);
    assert_eq!(auth.shown().len(), 1);
}

/// Sessions go by name, and a host may have that of the proxy: a ticket would bring along who the
/// other was told the client is.
#[tokio::test]
async fn with_an_identity_no_session_of_a_proxy_is_resumed() {
    let world = World::new();
    let alice = client(&world.people, "alice", Validity::Current);
    let origin = world.origin(&world.asking(false, false)).await;
    for with_identity in [false, true] {
        let proxy = Proxy::http().tls(world.servers.issue(&["127.0.0.1"]));
        let proxy = proxy.start().await.expect("a proxy");
        let with = |builder: TransportBuilder| match with_identity {
            true => builder.identity(identity(&alice)),
            false => builder,
        };
        let policy = ProxyPolicy::all(proxy.url("https"));
        let transport = world.transport(&origin, policy, with);
        for _ in 0..2 {
            let outcome = support::both(&transport, &origin, "https").await;
            assert_eq!(outcome, Outcome::Connected);
        }
        let handshakes = proxy.handshakes().into_iter();
        let resumed = handshakes.filter(|it| it.as_ref().is_ok_and(|tls| tls.resumed));
        assert_eq!(resumed.count() > 0, !with_identity);
    }
}

/// What is wrong with an identity, and what is to be read of it.
fn refusals(world: &World) -> [(Option<EndEntity>, TlsFault, &'static str); 3] {
    let strangers = Authority::root("Strangers");
    let refused = TlsFault::ClientCertificateRefused;
    [
        (None, TlsFault::ClientCertificateRequired, "client identity"),
        (
            Some(client(&strangers, "mallory", Validity::Current)),
            refused,
            "`CN=mallory` (valid until",
        ),
        (
            Some(client(&world.people, "late", Validity::Expired)),
            refused,
            "has not expired",
        ),
    ]
}

fn assert_refused(error: &TransportError, expected: TlsFault, hint: &str) {
    let (TransportError::Tls { fault, .. }
    | TransportError::Proxy {
        fault: Some(fault), ..
    }) = error
    else {
        panic!("{error:?}");
    };
    assert_eq!(*fault, expected, "{error:?}");
    assert!(!error.is_retryable(), "{error:?}");
    assert!(error.to_string().contains("client certificate"), "{error}");
    let hinted = error.hint().expect("a hint");
    assert!(hinted.contains(hint), "{hinted}");
    assert!(error.source().is_some());
}

#[tokio::test]
async fn a_host_that_refuses_an_identity_or_the_want_of_one_is_named() {
    let world = World::new();
    for tls12 in [true, false] {
        for (refused, fault, hint) in refusals(&world) {
            for way in WAYS {
                let auth = world.asking(tls12, true);
                let origin = world.origin(&auth).await;
                let proxy = world.proxy(way, &world.asking(tls12, false)).await;
                let with = |builder: TransportBuilder| match &refused {
                    Some(refused) => builder.identity(identity(refused)),
                    None => builder,
                };
                let transport = world.transport(&origin, policy(way, proxy.as_ref()), with);
                let errors = support::both_errors(&transport, origin.port()).await;
                assert_eq!(errors[0].to_string(), errors[1].to_string());
                for error in &errors {
                    assert_eq!(error.kind(), "tls", "{way:?} {tls12} {error:?}");
                    assert_refused(error, fault, hint);
                    assert!(error.to_string().contains(HOST), "{error}");
                }
                assert!(origin.seen().is_empty(), "nothing was said to it");
            }
        }
    }
}

#[tokio::test]
async fn a_proxy_that_refuses_an_identity_or_the_want_of_one_is_named() {
    let world = World::new();
    for tls12 in [true, false] {
        for (refused, fault, hint) in refusals(&world) {
            let auth = world.asking(tls12, true);
            let origin = Origin::https(world.servers.issue(&[HOST])).await;
            let origin = origin.expect("an origin");
            let proxy = world.proxy(Way::HttpsProxy, &auth).await;
            let with = |builder: TransportBuilder| match &refused {
                Some(refused) => builder.proxy_identity(identity(refused)),
                None => builder,
            };
            let policy = policy(Way::HttpsProxy, proxy.as_ref());
            let transport = world.transport(&origin, policy, with);
            let mut errors = Vec::from(support::both_errors(&transport, origin.port()).await);
            let plain = |scheme: &str| origin.url(scheme, HOST, "/");
            let http = support::get(&transport, &plain("http")).await;
            errors.push(http.expect_err("HTTP through the proxy"));
            let ws = support::echo(&transport, &plain("ws")).await;
            errors.push(ws.expect_err("WS through the proxy"));
            for error in &errors {
                assert_eq!(error.kind(), "proxy", "{tls12} {error:?}");
                assert_refused(error, fault, hint);
                let url = proxy.as_ref().expect("a proxy").url("https");
                assert!(error.hint().expect("a hint").contains(&url));
            }
            assert_eq!(origin.connections(), 0);
        }
    }
}

#[tokio::test]
async fn http1_says_the_same_as_http2() {
    let world = World::new();
    let auth = world.asking(false, true);
    let origin = world.origin(&auth).await;
    let transport = world.transport(&origin, ProxyPolicy::Direct, none);
    for client in [transport.http(), transport.http().http1_only()] {
        let client = client.build().expect("a client");
        let url = origin.url("https", HOST, "/");
        let error = client.post(url).body("x").send().await;
        let error = error.expect_err("no identity");
        assert_refused(
            &error,
            TlsFault::ClientCertificateRequired,
            "client identity",
        );
    }
}

/// The server closes what it has not read, so that its alert may never be seen.
#[tokio::test]
async fn a_large_request_has_an_idea_of_what_went_wrong() {
    let world = World::new();
    let auth = world.asking(false, true);
    let origin = world.origin(&auth).await;
    let transport = world.transport(&origin, ProxyPolicy::Direct, none);
    let client = transport.http().http1_only().build().expect("a client");
    let request = client.post(origin.url("https", HOST, "/"));
    let error = request.body(vec![0; 8 << 20]).send().await;
    let error = error.expect_err("no identity");
    let TransportError::Tls { fault, .. } = &error else {
        panic!("{error:?}");
    };
    assert!(
        matches!(
            fault,
            TlsFault::ClientCertificateInDoubt | TlsFault::ClientCertificateRequired
        ),
        "{error:?}"
    );
    assert!(error.to_string().contains("client certificate"), "{error}");
}

#[tokio::test]
async fn behind_an_interceptor_the_identity_is_not_asked_for_which_is_said() {
    let world = World::new();
    let alice = client(&world.people, "alice", Validity::Current);
    for tls12 in [true, false] {
        let auth = world.asking(tls12, true);
        let origin = world.origin(&auth).await;
        let corporate = Authority::root("Corporate");
        let proxy = Proxy::intercepting(corporate.clone()).upstream_root(&world.servers);
        let proxy = proxy.start().await.expect("a proxy");
        let builder = support::trusting(&[&world.servers, &corporate])
            .proxy(ProxyPolicy::all(proxy.url("http")))
            .identity(identity(&alice));
        let transport = support::built(builder, &origin);
        for error in support::both_errors(&transport, origin.port()).await {
            let TransportError::Tls { fault, .. } = &error else {
                panic!("{tls12} {error:?}");
            };
            assert_eq!(*fault, TlsFault::ClientCertificateNotAsked, "{tls12}");
            let hint = error.hint().expect("a hint");
            assert!(hint.contains("exempt from inspection"), "{hint}");
        }
        assert!(auth.shown().is_empty());

        // Who has no identity is told of no certificate.
        let builder = support::trusting(&[&world.servers, &corporate])
            .proxy(ProxyPolicy::all(proxy.url("http")));
        let transport = support::built(builder, &origin);
        for error in support::both_errors(&transport, origin.port()).await {
            assert!(!error.to_string().contains("client certificate"), "{error}");
        }
    }
}

#[tokio::test]
async fn others_show_the_identity_of_the_hosts_over_the_same_configuration() {
    let world = World::new();
    let (alice, gate) = (
        client(&world.people, "alice", Validity::Current),
        client(&world.people, "gate", Validity::Current),
    );
    let auth = world.asking(false, true);
    let origin = world.origin(&auth).await;
    for (with_alice, connects) in [(true, true), (false, false)] {
        let with = |builder: TransportBuilder| match with_alice {
            true => builder.identity(identity(&alice)),
            false => builder.proxy_identity(identity(&gate)),
        };
        let transport = world.transport(&origin, ProxyPolicy::Direct, with);
        assert_eq!(raw_get(&transport, &origin).await, connects);
    }
    assert_eq!(auth.shown(), [alice.chain[0].clone()]);
}

/// Whether a program that speaks for itself over the token's configuration gets an answer.
#[expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "another protocol over the token's configuration"
)]
async fn raw_get(transport: &TrustedTransport, origin: &Origin) -> bool {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let tcp = tokio::net::TcpStream::connect(origin.addr()).await;
    let connector = tokio_rustls::TlsConnector::from(transport.rustls_config());
    let name = HOST.try_into().expect("a name");
    let mut tls = connector
        .connect(name, tcp.expect("TCP"))
        .await
        .expect("TLS");
    let request = format!("GET / HTTP/1.1\r\nhost: {HOST}\r\nconnection: close\r\n\r\n");
    if tls.write_all(request.as_bytes()).await.is_err() {
        return false;
    }
    let mut answer = Vec::new();
    // It may end without close_notify.
    tls.read_to_end(&mut answer).await.ok();
    answer.starts_with(b"HTTP/1.1 200")
}

#[test]
fn an_identity_that_does_not_fit_is_an_error_of_the_transport_before_any_socket() {
    let people = Authority::root("People");
    let (one, other) = (
        client(&people, "one", Validity::Current),
        client(&people, "other", Validity::Current),
    );
    let mixed = ClientIdentity::from_pem_parts(one.chain_pem(), other.key_pem());
    let mixed = mixed.expect("each is well written");
    let root = Authority::root("Servers");
    for builder in [
        support::trusting(&[&root]).identity(mixed.clone()),
        support::trusting(&[&root]).proxy_identity(mixed),
    ] {
        let error = builder.build().expect_err("a mismatch");
        assert_eq!(error.kind(), "identity");
        assert!(!error.is_retryable());
        assert!(error.to_string().contains("`CN=one`"), "{error}");
        assert!(
            error
                .hint()
                .is_some_and(|hint| hint.contains("made for each other"))
        );
        assert!(matches!(
            error,
            TransportError::Identity(IdentityError::Mismatch { .. })
        ));
    }
}

/// `openssl x509 -req` without extensions made version 1 for decades, and servers take it.
#[test]
fn a_certificate_of_version_1_is_as_good_as_any() {
    let issued = client(&Authority::root("People"), "old", Validity::Current);
    let old = version_1(&issued.chain[0]);
    let chain = pem("CERTIFICATE", &old);
    let builder = |key: &EndEntity| {
        let identity = ClientIdentity::from_pem_parts(&chain, key.key_pem());
        let identity = identity.expect("an identity");
        support::trusting(&[&Authority::root("Servers")]).identity(identity)
    };
    builder(&issued).build().expect("they fit");
    let stranger = client(&Authority::root("People"), "old", Validity::Current);
    assert!(builder(&stranger).build().is_err());
}

/// Without its version and its extensions (RFC 5280, 4.1); nobody here looks at the signature.
fn version_1(der: &[u8]) -> Vec<u8> {
    const HEADER_AND_VERSION: usize = 4 + 5;
    let (_, certificate) = x509_parser::parse_x509_certificate(der).expect("a certificate");
    let signed = certificate.tbs_certificate.as_ref();
    let key = certificate.public_key().raw;
    let behind_key = key.as_ptr() as usize + key.len() - signed.as_ptr() as usize;
    let signature = &der[4 + signed.len()..];
    let signed = element(0x30, &signed[HEADER_AND_VERSION..behind_key]);
    element(0x30, &[&signed, signature].concat())
}
