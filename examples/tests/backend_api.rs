//! Pages are read to the last, and what may pass is tried again.

use stage::api::{Plan, played, scene};
use stage::{Bundle, Ended};

#[tokio::test]
async fn every_page_is_read_though_the_server_is_busy_at_first() {
    let (_stage, ended) = crate::succeeds("backend_api", scene()).await;
    let orders: String = (1..=7).map(|it| format!("order {it}: tea\n")).collect();
    assert_eq!(ended.output, orders);
    let tries: Vec<&str> = ended.errors.lines().collect();
    assert_eq!(tries.len(), 3, "{tries:?}");
    assert!(tries[0].contains("status 503"), "{tries:?}");
    for asked in &tries[1..] {
        assert!(asked.starts_with("again in 0.0 s"), "{tries:?}");
    }
}

/// It says how it went wrong, after this many requests.
async fn fails_with(plan: Plan, told: &str, requests: usize) -> Ended {
    let (stage, ended) = crate::run("backend_api", played(plan), Bundle::Company).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.errors.contains(told), "{ended:?}");
    assert_eq!(stage.requests(), requests, "{ended:?}");
    ended
}

#[tokio::test]
async fn who_is_to_wait_for_long_is_told_so_at_once() {
    fails_with(Plan::Away, "asks for 3600 s of patience", 1).await;
}

#[tokio::test]
async fn pages_that_do_not_go_on_are_not_read_for_ever() {
    let ended = fails_with(Plan::Circle, "lead back", 2).await;
    let is_text = ended.output.contains("order 1: \u{fffd}[2J\n");
    assert!(is_text, "it steers the terminal: {ended:?}");
}

#[tokio::test]
async fn no_token_is_sent_where_it_can_be_read() {
    crate::connects_to_nobody("backend_api", scene().without_tls(), "without TLS").await;
    crate::connects_to_nobody("backend_api", scene().without_variables(), "API_TOKEN").await;
}

#[tokio::test]
async fn it_fails_without_the_bundle() {
    crate::fails_without_the_bundle("backend_api", scene).await;
}
