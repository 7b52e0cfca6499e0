//! The raw client that comes out by `into_reqwest` keeps what the token decided.

use trusted_transport::ProxyPolicy;
use trusted_transport_lab::{Authority, EndEntity, Origin, Proxy, ProxyRequest};

use crate::support::{self, HOST};

async fn origin(end_entity: EndEntity) -> Origin {
    Origin::https(end_entity).await.expect("an origin")
}

/// How a GET request with the raw client of a token ends.
macro_rules! raw_get {
    ($transport:expr, $url:expr) => {{
        #[expect(clippy::disallowed_methods, reason = "what this is about")]
        let raw = $transport.http().build().expect("a client").into_reqwest();
        raw.get($url).send().await
    }};
}

#[tokio::test]
async fn a_raw_client_trusts_what_the_token_trusts_on_every_route() {
    let [root, other] = ["Root", "Other"].map(Authority::root);
    for behind_proxy in [false, true] {
        for (issuer, trusted) in [(&root, true), (&other, false)] {
            let origin = origin(issuer.issue(&[HOST])).await;
            let credentials = Proxy::http().credentials("user", "pass word");
            let proxy = credentials.start().await.expect("a proxy");
            let policy = match behind_proxy {
                true => ProxyPolicy::all(proxy.url_with("http", "user", "pass word")),
                false => ProxyPolicy::Direct,
            };
            let transport = support::built(support::trusting(&[&root]).proxy(policy), &origin);

            let url = origin.url("https", HOST, "/");
            let answer = raw_get!(transport, url);

            assert_eq!(answer.is_ok(), trusted, "{behind_proxy}: {answer:?}");
            assert_eq!(origin.seen().len(), usize::from(trusted));
            let handshake = origin.handshakes_after(1).await.pop();
            assert_eq!(handshake.expect("one").is_ok(), trusted, "{behind_proxy}");
            assert_eq!(proxy.connections(), usize::from(behind_proxy));
            if behind_proxy {
                let seen = proxy.seen().pop().expect("a request");
                assert_eq!(seen.kind, ProxyRequest::Connect);
                assert!(seen.granted, "{seen:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_raw_client_goes_nowhere_without_tls_if_the_token_does_not() {
    let root = Authority::root("Root");
    let plain = Origin::plain().await.expect("an origin");
    for (https_only, connections) in [(true, 0), (false, 1)] {
        let builder = support::trusting(&[&root]).https_only(https_only);
        let transport = support::built(builder, &plain);
        let answer = raw_get!(transport, plain.url("http", HOST, "/"));
        assert_eq!(answer.is_err(), https_only, "{answer:?}");
        assert_eq!(plain.connections(), connections);
    }
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn a_raw_client_waits_for_a_connection_no_longer_than_the_token() {
    let root = Authority::root("Root");
    let origin = origin(root.issue(&[HOST])).await;
    let black_hole = support::BlackHole::at(([127, 0, 0, 1], 0).into());
    let deadline = std::time::Duration::from_millis(300);
    let builder = support::trusting(&[&root]).connect_timeout(deadline);
    let transport = support::built(builder, &origin);
    let url = format!("https://{HOST}:{}/", black_hole.port());
    let within = std::time::Duration::from_secs(5);
    let answer = tokio::time::timeout(within, async { raw_get!(transport, url) }).await;
    let error = answer.expect("in time").expect_err("no connection");
    assert!(error.is_timeout() && error.is_connect(), "{error:?}");
}
