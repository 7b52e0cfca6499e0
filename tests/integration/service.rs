//! The HTTP client as a tower service: what it is given arrives, over both versions of HTTP and behind a
//! proxy, and what the token refuses is refused.

use std::cell::Cell;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Method, Request};
use http_body::{Body, Frame, SizeHint};
use tower::ServiceExt as _;
use trusted_transport::http::Response;
use trusted_transport::{HttpClient, ProxyPolicy, Refusal, TransportBuilder, TransportError};
use trusted_transport_lab::{Authority, Origin, Proxy};

use crate::support::{self, HOST};

/// A body that only one thread can look at: `Cell` is not `Sync`.
struct Alone(Cell<Option<&'static str>>);

impl Body for Alone {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let data = self.0.take().map(|text| Ok(Frame::data(Bytes::from(text))));
        Poll::Ready(data)
    }

    fn is_end_stream(&self) -> bool {
        let text = self.0.take();
        self.0.set(text);
        text.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        let text = self.0.take();
        self.0.set(text);
        SizeHint::with_exact(text.map_or(0, |text| text.len() as u64))
    }
}

fn client(builder: TransportBuilder, origin: &Origin, http1: bool) -> HttpClient {
    let transport = support::built(builder, origin);
    let client = match http1 {
        true => transport.http().http1_only(),
        false => transport.http(),
    };
    client.build().expect("a client")
}

async fn send<B>(client: &HttpClient, method: Method, url: &str, body: B) -> String
where
    B: Body + Send + 'static,
    B::Data: Into<Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let request = Request::builder().method(method).uri(url).body(body);
    let request = request.expect("a request");
    let response = client.clone().oneshot(request).await.expect("a response");
    let text = Response::from(response).text().await;
    text.expect("a body")
}

#[tokio::test]
async fn requests_of_other_libraries_arrive_as_they_are() {
    let [root, company] = ["Root", "Company"].map(Authority::root);
    for (http1, behind) in [(false, false), (true, false), (false, true), (true, true)] {
        let origin = Origin::https(root.issue(&[HOST])).await.expect("an origin");
        let proxy = Proxy::intercepting(company.clone()).upstream_root(&root);
        let proxy = proxy.start().await.expect("a proxy");
        let builder = match behind {
            true => support::trusting(&[&company]).proxy(ProxyPolicy::all(proxy.url("http"))),
            false => support::trusting(&[&root]),
        };
        let client = client(builder, &origin, http1);
        let url = origin.url("https", HOST, "/echo");

        let alone = Alone(Cell::new(Some("five!")));
        assert_eq!(send(&client, Method::POST, &url, alone).await, "five!");
        let text = send(&client, Method::POST, &url, "as a whole".to_owned()).await;
        assert_eq!(text, "as a whole");
        let text = send(&client, Method::GET, &url, String::new()).await;
        assert_eq!(text, "hello from the lab\n");

        let seen = origin.seen();
        let version = if http1 { "HTTP/1.1" } else { "HTTP/2.0" };
        assert!(seen.iter().all(|it| it.http_version == version), "{seen:?}");
        let length = |number: usize| seen[number].headers.get("content-length").cloned();
        assert_eq!(length(0).expect("a length that was known"), "5");
        assert_eq!(length(1).expect("a length that was known"), "10");
        // Nothing was announced where there is nothing.
        assert_eq!(length(2), None);
        assert!(!seen[2].headers.contains_key("transfer-encoding"));
        assert_eq!(proxy.connections() > 0, behind);
    }
}

#[tokio::test]
async fn a_body_of_our_own_can_be_sent_again_and_others_cannot() {
    let root = Authority::root("Root");
    let origin = Origin::https(root.issue(&[HOST])).await.expect("an origin");
    let client = client(support::trusting(&[&root]), &origin, true);
    // 302 becomes a GET; its body is left behind, and with it what could not be sent again.
    let to = origin.url("https", HOST, "/there");
    let to = to.replace(':', "%3A").replace('/', "%2F");
    let url = origin.url("https", HOST, &format!("/redirect?to={to}"));
    let whole = send(
        &client,
        Method::POST,
        &url,
        trusted_transport::http::Body::from("one"),
    )
    .await;
    let stream = send(&client, Method::POST, &url, "two".to_owned()).await;
    assert_eq!(
        [whole, stream].map(|it| it.len()),
        ["hello from the lab\n".len(); 2]
    );
    let seen: Vec<String> = origin.seen().into_iter().map(|it| it.method).collect();
    assert_eq!(seen, ["POST", "GET", "POST", "GET"]);
}

#[tokio::test]
async fn what_cannot_be_sent_or_is_not_trusted_is_the_same_as_everywhere() {
    let [root, other] = ["Root", "Other"].map(Authority::root);
    let origin = Origin::https(root.issue(&[HOST])).await.expect("an origin");
    let client = client(support::trusting(&[&other]), &origin, false);

    let relative = Request::get("/relative").body(String::new());
    let error = client.clone().oneshot(relative.expect("a request")).await;
    let error = error.expect_err("a URI without a host");
    assert!(
        matches!(error, TransportError::InvalidRequest { .. }),
        "{error:?}"
    );
    assert_eq!(origin.connections(), 0);

    let url = origin.url("https", HOST, "/");
    let request = Request::get(url).body(String::new()).expect("a request");
    let error = client.oneshot(request).await.expect_err("a stranger");
    let failure = error.trust_failure().expect("a failure of trust");
    assert_eq!(failure.refusal(), Refusal::UnknownIssuer);
    assert_eq!(origin.seen().len(), 0);
}
