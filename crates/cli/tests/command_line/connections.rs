//! What `check` connects to: each URL by itself, as the program's own clients would, and nothing
//! that only the comparison needs.

use serde_json::Value;
use trusted_transport_lab::{Authority, Origin, Proxy, ProxyRequest};

use crate::run::{Result, file, run, text};

/// Of every result.
pub(crate) fn all<'a>(json: &'a Value, pointer: &str) -> Vec<&'a Value> {
    let results = json["results"].as_array().into_iter().flatten();
    let found = results.map(|result| result.pointer(pointer));
    found.map(|value| value.unwrap_or(&Value::Null)).collect()
}

#[tokio::test]
async fn no_url_takes_the_session_of_another() -> Result {
    let root = Authority::root("Sessions");
    let bundle = file("check-sessions.pem", &root.pem())?;
    let trusted = [("CODEX_CA_CERTIFICATE", text(&bundle)?)];
    // Sessions go by the name: those of one port are of no use at the other.
    let one = Origin::https(root.issue(&["localhost"])).await?;
    let other = Origin::https(root.issue(&["localhost"])).await?;
    let url = |origin: &Origin, scheme| origin.url(scheme, "localhost", "/");
    let urls: Vec<String> = (0..3)
        .flat_map(|_| ["https", "wss"].map(|scheme| [url(&one, scheme), url(&other, scheme)]))
        .flatten()
        .collect();
    let mut arguments = vec!["check", "--json"];
    arguments.extend(urls.iter().map(String::as_str));
    let json = run(&arguments, &trusted).await?.json()?;
    assert_eq!(all(&json, "/url"), urls.iter().collect::<Vec<_>>());
    assert_eq!(all(&json, "/tls/resumed"), vec![true; urls.len()]);
    for origin in [one, other] {
        let handshakes = origin.handshakes_after(3 * urls.len() / 2).await;
        let resumed = handshakes.iter().flatten().filter(|it| it.resumed);
        assert_eq!(resumed.count(), urls.len() / 2, "once each: {handshakes:?}");
    }
    Ok(())
}

#[tokio::test]
async fn what_a_policy_is_compared_with_is_not_in_the_log() -> Result {
    let root = Authority::root("Logged");
    let bundle = file("check-logged.pem", &root.pem())?;
    let trusted = [("CODEX_CA_CERTIFICATE", text(&bundle)?)];
    let origin = Origin::https(root.issue(&["localhost"])).await?;
    let url = origin.url("https", "localhost", "/");
    let ran = run(&["check", "-v", "--both", "--json", &url], &trusted).await?;
    let would_verify = &ran.json()?["results"][0]["would_verify"];
    assert_eq!(would_verify["mozilla"], false, "it was loaded");
    for event in ["trust anchors loaded", "transport built"] {
        assert_eq!(ran.stderr.matches(event).count(), 1, "{}", ran.stderr);
    }
    assert!(ran.stderr.contains(text(&bundle)?), "{}", ran.stderr);
    Ok(())
}

#[tokio::test]
async fn plain_http_is_forwarded_by_a_proxy_and_needs_no_tunnel() -> Result {
    let (origin, proxy) = (Origin::plain().await?, Proxy::http().start().await?);
    let through = proxy.url("http");
    let [http, ws] = ["http", "ws"].map(|scheme| origin.url(scheme, "localhost", "/"));
    let variables = [("HTTP_PROXY", through.as_str())];
    let ran = run(&["check", "--json", &http], &variables).await?;
    assert_eq!(ran.code, Some(0), "{}", ran.output());
    let asked = |kind| {
        let seen = proxy.seen();
        seen.iter().filter(|it| it.kind == kind).count()
    };
    assert_eq!(asked(ProxyRequest::Forward), 1);
    assert_eq!(asked(ProxyRequest::Connect), 0);
    assert!(ran.json()?["results"][0]["phases_ms"]["request"].is_f64());

    // A WebSocket needs one in any case.
    let ran = run(&["check", "--json", &ws], &variables).await?;
    assert_eq!(ran.code, Some(0), "{}", ran.output());
    assert_eq!(asked(ProxyRequest::Forward), 1);
    assert!(asked(ProxyRequest::Connect) > 0);
    assert!(ran.json()?["results"][0]["phases_ms"]["proxy"].is_f64());
    Ok(())
}
