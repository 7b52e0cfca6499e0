//! Tools are listed and called over sessions and streams that break, and what a server sends is bounded.

use stage::Bundle;
use stage::mcp::{flooding, observed, refusing, scene};

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
    let (stage, ended) = crate::run("mcp_client", refusing(), Bundle::Company).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.errors.contains("authorization required"), "{ended:?}");
    assert!(ended.errors.contains("Bearer realm=\"tea\""), "{ended:?}");
    assert!(!ended.errors.contains("secret"), "{ended:?}");
    assert_eq!(stage.asked().len(), 1, "{ended:?}");
}

#[tokio::test]
async fn neither_an_answer_nor_an_event_is_read_without_bound() {
    // Of a stream that fails so early, rmcp says no more.
    let told = [
        ("application/json", "maximum size of 1048576 bytes"),
        ("text/event-stream", "connection closed"),
    ];
    for (content, told) in told {
        let (_stage, ended) = crate::run("mcp_client", flooding(content), Bundle::Company).await;
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.errors.contains(told), "{content}: {ended:?}");
    }
}

#[tokio::test]
async fn it_fails_without_the_bundle() {
    crate::fails_without_the_bundle("mcp_client", scene).await;
}
