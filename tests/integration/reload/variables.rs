//! A bundle that the environment names, in a process of its own.

use trusted_transport::TrustedTransport;
use trusted_transport_lab::{Authority, Origin};

use super::Bundle;
use crate::support::{self, Outcome};

/// Not a test by itself: a token from the environment, before and after its file changes.
#[tokio::test]
#[ignore = "run by the next test in a process of its own"]
async fn child() {
    let variable = |name| std::env::var(name).expect("set by the parent");
    let transport = TrustedTransport::from_env().expect("it loads");
    let client = transport.http().build().expect("a client");
    let verdict = async || {
        let sent = client.get(variable("TEST_HTTPS_URL")).send().await;
        let https = sent.map_or_else(|error| Outcome::from(&error), |_| Outcome::Connected);
        let wss = support::wss(&transport, &variable("TEST_WSS_URL")).await;
        println!("outcome: {https:?} {wss:?} {}", transport.report().source);
    };
    verdict().await;
    for next in [variable("TEST_FIRST"), variable("TEST_SECOND")] {
        std::fs::rename(next, variable("CODEX_CA_CERTIFICATE")).expect("renamed");
        println!("outcome: {:?}", transport.reload().expect("it loads"));
        verdict().await;
    }
}

#[tokio::test]
async fn a_bundle_that_a_variable_names_is_read_again() {
    let [old, new] = ["Old", "New"].map(Authority::root);
    let bundle = Bundle::of(&[&old]);
    let origin = Origin::https(new.issue(&["localhost"])).await;
    let origin = origin.expect("an origin");
    let mut process = support::process("reload::variables::child");
    for (name, authority) in [("TEST_FIRST", &new), ("TEST_SECOND", &old)] {
        let next = bundle.folder().join(name);
        std::fs::write(&next, authority.pem()).expect("written");
        process.env(name, next);
    }
    process
        .env("CODEX_CA_CERTIFICATE", bundle.path())
        .env("TEST_HTTPS_URL", origin.url("https", "localhost", "/"))
        .env("TEST_WSS_URL", origin.url("wss", "localhost", "/"));
    let outcomes = support::outcomes(process).await;
    let [first, changed, second, again, third] = &outcomes[..] else {
        panic!("{outcomes:#?}");
    };
    let refused = "Refused(UnknownIssuer) Refused(UnknownIssuer)";
    assert!(first.starts_with(refused), "{outcomes:#?}");
    assert!(second.starts_with("Connected Connected"), "{outcomes:#?}");
    assert!(third.starts_with(refused), "{outcomes:#?}");
    assert_eq!([changed, again], ["Changed", "Changed"]);
    assert!(second.contains("CODEX_CA_CERTIFICATE"), "{second}");
}
