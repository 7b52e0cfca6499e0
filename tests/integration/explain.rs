//! A refused certificate explains itself through whatever library the error went, and the server
//! is told what rustls always told it.

use std::error::Error;
use std::io;

use tokio::net::TcpStream;
use trusted_transport::{CaPolicy, Interception, Peer, ProxyPolicy, Refusal, TrustedTransport};
use trusted_transport_lab::{Authority, EndEntity, Origin, Validity};

use crate::support::{self, HOST};

async fn origin(end_entity: EndEntity) -> Origin {
    Origin::https(end_entity).await.expect("an origin")
}

/// The handshake of another library, with the token's configuration.
#[expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "stands for a library that is given the configuration"
)]
async fn foreign(transport: &TrustedTransport, origin: &Origin) -> io::Error {
    let tcp = TcpStream::connect(origin.addr()).await.expect("TCP");
    let connector = tokio_rustls::TlsConnector::from(transport.rustls_config());
    let name = HOST.try_into().expect("a name");
    connector.connect(name, tcp).await.expect_err("refused")
}

#[tokio::test]
async fn the_errors_of_both_transports_explain_themselves() {
    let [root, unknown] = ["Root", "Unknown"].map(Authority::root);
    let origin = origin(unknown.intermediate("Between").issue(&[HOST])).await;
    let transport = support::built(support::trusting(&[&root]), &origin);
    for error in support::both_errors(&transport, origin.port()).await {
        let failure = transport.explain(&error).expect("a failure of trust");
        assert_eq!(failure.refusal(), Refusal::UnknownIssuer);
        assert_eq!(failure.host(), HOST);
        assert_eq!(failure.missing_issuer(), Some("CN=Unknown"));
        let chain: Vec<_> = failure.chain().iter().map(|it| &*it.subject).collect();
        assert_eq!(chain, ["CN=origin.test", "CN=Between"]);
        let [end_entity, between] = failure.chain() else {
            panic!("{failure:?}");
        };
        assert_eq!(
            (&*end_entity.issuer, &*between.issuer),
            ("CN=Between", "CN=Unknown")
        );
        assert_eq!(end_entity.names, [HOST]);
        assert_eq!(end_entity.key, "ECDSA, P-256");
        assert_eq!(
            failure.interception(),
            Interception::Unlikely,
            "no base root to compare with"
        );

        let nested = io::Error::other(io::Error::other(error));
        let again = transport.explain(&nested).expect("found again");
        assert_eq!(again.chain().len(), 2);
    }
    assert!(transport.explain(&io::Error::other("text")).is_none());
}

#[tokio::test]
async fn what_goes_wrong_without_a_certificate_is_no_failure_of_trust() {
    let root = Authority::root("Root");
    let origin = Origin::plain().await.expect("an origin");
    let transport = support::built(support::trusting(&[&root]), &origin);
    for error in support::both_errors(&transport, origin.port()).await {
        assert!(transport.explain(&error).is_none(), "{error:?}");
    }
}

#[tokio::test]
async fn errors_over_the_configuration_are_explained_if_it_is_clear_whose_they_are() {
    let [root, unknown] = ["Root", "Unknown"].map(Authority::root);
    let origin = origin(unknown.issue(&[HOST])).await;
    let transport = support::built(support::trusting(&[&root]), &origin);
    let error = foreign(&transport, &origin).await;
    let failure = transport.explain(&error).expect("a failure of trust");
    assert_eq!((failure.host(), failure.chain().len()), (HOST, 1));
    assert_eq!(failure.peer(), Peer::Host);

    let other = support::built(support::trusting(&[&root]), &origin);
    assert!(other.explain(&error).is_none(), "another token's");
    let expired = self::origin(root.issue_with(&[HOST], Validity::Expired)).await;
    let error = foreign(&transport, &expired).await;
    let failure = transport.explain(&error).expect("a failure of trust");
    assert_eq!(failure.refusal(), Refusal::Expired);
}

#[tokio::test]
async fn the_error_of_an_open_socket_library_is_explained() {
    let [root, unknown] = ["Root", "Unknown"].map(Authority::root);
    let origin = origin(unknown.issue(&[HOST])).await;
    let transport = support::built(support::trusting(&[&root]), &origin);
    let error = foreign(&transport, &origin).await;
    let error = trusted_transport::ws::Error::Io(io::Error::other(error));
    assert_eq!(transport.explain(&error).expect("explained").host(), HOST);
}

#[cfg(feature = "raw")]
#[tokio::test]
async fn the_errors_of_a_raw_client_are_explained_with_their_route() {
    let [root, unknown] = ["Root", "Unknown"].map(Authority::root);
    let origin = origin(unknown.issue(&[HOST])).await;
    let proxy = trusted_transport_lab::Proxy::http()
        .start()
        .await
        .expect("a proxy");
    let policy = ProxyPolicy::all(proxy.url("http"));
    let transport = support::built(support::trusting(&[&root]).proxy(policy), &origin);
    #[expect(clippy::disallowed_methods, reason = "what this is about")]
    let raw = transport.http().build().expect("a client").into_reqwest();
    let error = raw.get(origin.url("https", HOST, "/")).send().await;
    let error = error.expect_err("refused");
    let failure = transport.explain(&error).expect("a failure of trust");
    assert_eq!(failure.host(), HOST);
    assert_eq!(failure.route().proxy(), Some(proxy.url("http")));
}

#[tokio::test]
async fn the_server_and_the_developer_are_told_what_rustls_says() {
    let [root, unknown] = ["Root", "Unknown"].map(Authority::root);
    for (end_entity, alert, said) in [
        (unknown.issue(&[HOST]), "UnknownCA", "UnknownIssuer"),
        (
            root.issue_with(&[HOST], Validity::Expired),
            "CertificateExpired",
            "certificate expired",
        ),
        (
            root.issue(&["other.test"]),
            "BadCertificate",
            "certificate not valid for name",
        ),
    ] {
        let origin = origin(end_entity).await;
        let transport = support::built(support::trusting(&[&root]), &origin);
        for error in support::both_errors(&transport, origin.port()).await {
            let source = error.source().expect("a cause");
            assert!(source.is::<rustls::Error>(), "{source:?}");
            assert!(source.to_string().contains(said), "{source}");
        }
        for seen in origin.handshakes_after(2).await {
            let seen = seen.expect_err("refused");
            assert!(seen.contains(alert), "{seen}");
        }
    }
}

#[tokio::test]
async fn a_product_that_intercepts_is_named_as_a_guess() {
    let root = Authority::root("Root");
    for (name, guess) in [
        ("Zscaler Root CA", Interception::Product("Zscaler")),
        ("Company Root", Interception::Unlikely),
    ] {
        let origin = origin(Authority::root(name).issue(&[HOST])).await;
        let transport = support::built(support::trusting(&[&root]), &origin);
        for error in support::both_errors(&transport, origin.port()).await {
            let failure = error.trust_failure().expect("a failure of trust");
            assert_eq!(failure.interception(), guess);
            let named = failure.hint().contains("looks like Zscaler");
            assert_eq!(named, guess != Interception::Unlikely, "{}", failure.hint());
        }
    }
}

/// Without base roots there is nothing to compare with, as in the tests above.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_issuer_that_is_no_base_root_looks_like_interception() {
    let [root, own] = ["Root", "Own"].map(Authority::root);
    let origin = origin(own.issue(&[HOST])).await;
    let policy = CaPolicy::platform().bundle_pem("the bundle", root.pem());
    let builder = TrustedTransport::builder(policy.load().expect("it loads"));
    let transport = support::built(builder.proxy(ProxyPolicy::Direct), &origin);
    assert!(
        transport.report().base.anchors > Some(0),
        "this machine has roots"
    );
    for error in support::both_errors(&transport, origin.port()).await {
        let failure = error.trust_failure().expect("a failure of trust");
        assert_eq!(failure.interception(), Interception::PrivateIssuer);
    }
}
