//! Tools are listed and called over sessions and streams that break, and what a server sends is bounded.

use std::sync::atomic::Ordering;

use stage::Bundle;
use stage::mcp::{answering, flooded, flooding, observed, refusing, scene};
use trusted_transport::http::header::{LOCATION, SERVER, WWW_AUTHENTICATE};

#[tokio::test]
async fn a_tool_is_called_and_what_the_server_says_meanwhile_is_heard() {
    let (_stage, ended) = crate::succeeds("mcp_client", scene()).await;
    let expected = [
        "tool brew: Brews a pot of tea",
        "progress: the water boils",
        "progress: the tea draws",
    ];
    let lines: Vec<&str> = ended.output.lines().collect();
    assert_eq!(lines[..3], expected, "{ended:?}");
    // These come over two streams, in either order.
    assert!(lines[3..].contains(&"the server has other tools now"));
    assert!(lines[3..].contains(&"answer: a pot of tea"));
    assert_eq!(lines.len(), 5, "{ended:?}");
}

#[tokio::test]
async fn a_broken_stream_is_resumed_a_lost_session_begun_anew_and_the_last_one_ended() {
    let (scene, asked) = observed();
    crate::succeeds("mcp_client", scene).await;
    assert_eq!(asked.times("POST initialize"), 2, "{asked:?}");
    assert_eq!(asked.times("POST tools/list"), 2, "{asked:?}");
    assert_eq!(asked.times("POST tools/call"), 1, "{asked:?}");
    assert_eq!(asked.times("resumed"), 1, "{asked:?}");
    assert_eq!(asked.lines().last().map(String::as_str), Some("DELETE"));
}

#[tokio::test]
async fn who_is_not_let_in_is_told_so_at_once() {
    let refusals = [
        (
            401,
            WWW_AUTHENTICATE,
            "Bearer realm=\"tea\"",
            "authorization required: Bearer realm=\"tea\"",
        ),
        (
            403,
            WWW_AUTHENTICATE,
            "Bearer realm=\"tea\", error=\"insufficient_scope\"",
            "insufficient scope: Bearer",
        ),
        (
            403,
            WWW_AUTHENTICATE,
            "Bearer realm=\"insufficient_scope\"",
            "HTTP 403",
        ),
        (403, SERVER, "tea", "HTTP 403"),
        (307, LOCATION, "/elsewhere", "HTTP 307"),
    ];
    for (status, name, value, told) in refusals {
        let scene = refusing(status, name, value);
        let (stage, ended) = crate::run("mcp_client", scene, Bundle::Company).await;
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.errors.contains(told), "{ended:?}");
        assert!(!ended.errors.contains("secret"), "{ended:?}");
        assert_eq!(stage.requests(), 1, "{ended:?}");
    }
}

#[tokio::test]
async fn neither_an_answer_nor_an_event_is_read_without_bound() {
    // Of a stream that fails so early, rmcp says no more.
    let floods = [
        ("application/json", " ", "maximum size of 1048576 bytes"),
        ("text/event-stream", " ", "connection closed"),
        ("text/event-stream", ": a comment\n\n", "connection closed"),
    ];
    for (content, drop, told) in floods {
        let (scene, taken) = flooding(content, drop);
        let (stage, ended) = crate::run("mcp_client", scene, Bundle::Company).await;
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.errors.contains(told), "{content}: {ended:?}");
        assert_eq!(stage.requests(), 1, "{ended:?}");
        // What is above the limit lies in the buffers of two connections.
        let taken = taken.load(Ordering::SeqCst);
        assert!((1 << 20..1 << 25).contains(&taken), "{content}: {taken}");
    }
}

#[tokio::test]
async fn a_stream_that_is_too_large_is_not_resumed_and_the_next_session_has_its_own() {
    let (scene, asked) = flooded();
    let (_stage, ended) = crate::succeeds("mcp_client", scene).await;
    assert!(ended.output.contains("other tools now"), "{ended:?}");
    assert_eq!(asked.times("GET"), 2, "{asked:?}");
    // This is the call's.
    assert_eq!(asked.times("resumed"), 1, "{asked:?}");
}

#[tokio::test]
async fn what_the_server_says_does_not_steer_the_terminal() {
    let scene = answering("\u{1b}[2Jtea\u{9b}1m\nand milk");
    let (_stage, ended) = crate::succeeds("mcp_client", scene).await;
    let shown = "answer: \u{fffd}[2Jtea\u{fffd}1m\nand milk\n";
    assert!(ended.output.contains(shown), "{ended:?}");
}

#[tokio::test]
async fn the_token_is_never_sent_without_tls() {
    let told = "a connection to localhost without TLS was refused";
    crate::connects_to_nobody("mcp_client", scene().without_tls(), told).await;
}

#[tokio::test]
async fn nothing_is_asked_without_a_token() {
    let told = "MCP_TOKEN has to hold the token";
    crate::connects_to_nobody("mcp_client", scene().without_variables(), told).await;
}

#[tokio::test]
async fn it_fails_without_the_bundle() {
    crate::fails_without_the_bundle("mcp_client", scene).await;
}
