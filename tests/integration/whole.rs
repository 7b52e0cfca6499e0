//! `exchange` takes an answer whole, and none that is longer than the program accepts.

use trusted_transport::{HttpClient, ProxyPolicy, Refusal, TransportBuilder, TransportError};
use trusted_transport_lab::{Authority, Origin, Proxy, Scripted, Step};

use crate::support::{self, HOST};

fn post(url: &str, body: &'static str) -> http::Request<&'static str> {
    let request = http::Request::post(url).header("content-type", "text/x-test");
    request.body(body).expect("a request")
}

fn client(builder: TransportBuilder, origin: &Origin) -> HttpClient {
    let transport = support::built(builder, origin);
    transport.http().build().expect("a client")
}

#[tokio::test]
async fn an_answer_is_taken_up_to_the_limit_and_not_beyond() {
    let [root, company] = ["Root", "Company"].map(Authority::root);
    let origin = Origin::https(root.issue(&[HOST])).await.expect("an origin");
    let proxy = Proxy::intercepting(company.clone()).upstream_root(&root);
    let proxy = proxy.start().await.expect("a proxy");
    let behind = support::trusting(&[&company]).proxy(ProxyPolicy::all(proxy.url("http")));
    let url = origin.url("https", HOST, "/");
    for client in [
        client(support::trusting(&[&root]), &origin),
        client(behind, &origin),
    ] {
        let whole = client.exchange(post(&url, "seven b"), 7).await;
        let whole = whole.expect("an answer");
        assert_eq!(whole.status(), 200);
        assert_eq!(whole.headers()["content-type"], "text/x-test");
        assert_eq!(whole.body(), "seven b");
        let built = client.post(&url).body("seven b").exchange(7).await;
        assert_eq!(built.expect("an answer").body(), "seven b");

        let error = client.exchange(post(&url, "eight by"), 7).await;
        let error = error.expect_err("one more than is accepted");
        let TransportError::AnswerTooLarge { host, limit, .. } = &error else {
            panic!("{error:?}");
        };
        assert_eq!((host.as_str(), *limit), (HOST, 7));
        assert_eq!(
            error.to_string(),
            format!("the answer of {HOST} is longer than 7 bytes")
        );
        assert!(error.hint().is_some() && !error.is_retryable());
    }
    assert!(proxy.seen().iter().all(|it| it.intercepted));
    assert_eq!(origin.seen().len(), 6);
}

#[tokio::test]
async fn an_answer_without_an_end_is_left() {
    let root = Authority::root("Root");
    let head = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
    let flood = vec![
        Step::Hear,
        Step::Say(head),
        Step::Flood(b"and more ".to_vec()),
    ];
    let server = Scripted::https(root.issue(&[HOST]), flood).await;
    let server = server.expect("a server");
    let transport = support::trusting(&[&root]).resolve(HOST, [server.addr()]);
    let client = transport.build().and_then(|it| it.http().build());
    let url = server.url("https", HOST, "/");
    let client = client.expect("a client");
    for answer in [
        client.exchange(post(&url, ""), 1 << 20).await,
        client.post(&url).exchange(1 << 20).await,
    ] {
        let error = answer.expect_err("the answer has no end");
        let large = matches!(error, TransportError::AnswerTooLarge { .. });
        assert!(large, "{error:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_sent_or_is_not_trusted_is_the_same_as_everywhere() {
    let [root, other] = ["Root", "Other"].map(Authority::root);
    let origin = Origin::https(root.issue(&[HOST])).await.expect("an origin");
    let client = client(support::trusting(&[&other]), &origin);

    let with_credentials = origin.url("https", "someone:secret@service.test", "/");
    for url in ["/relative", &with_credentials] {
        let error = client.exchange(post(url, ""), 7).await;
        let error = error.expect_err("no host, or a password");
        let invalid = matches!(error, TransportError::InvalidRequest { .. });
        assert!(
            invalid && !format!("{error:?}").contains("secret"),
            "{error:?}"
        );
    }
    assert_eq!(origin.connections(), 0);

    let url = origin.url("https", HOST, "/");
    let error = client
        .exchange(post(&url, ""), 7)
        .await
        .expect_err("a stranger");
    let failure = error.trust_failure().expect("a failure of trust");
    assert_eq!(failure.refusal(), Refusal::UnknownIssuer);
    assert_eq!(origin.seen().len(), 0);
}
