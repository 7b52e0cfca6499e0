//! Before and after, run in the same network: the helper for HTTP is not that of the sockets, and the
//! token is both.

use stage::Bundle;
use stage::migration::scene;

#[tokio::test]
async fn before_the_socket_goes_round_the_proxy() {
    let (stage, ended) = crate::run("migration_before", scene(), Bundle::Company).await;
    let told: Vec<&str> = ended.output.lines().collect();
    assert_eq!(told.first(), Some(&"over HTTPS: 200 OK"), "{ended:?}");
    // The bundle is the company's, and what answers is not the company's proxy.
    assert!(
        ended.output.contains("over WSS: invalid peer certificate"),
        "{ended:?}"
    );
    assert_eq!(stage.asked().len(), 1, "{ended:?}");
    assert_eq!(
        stage.connections(),
        2,
        "one from the proxy, one from the socket"
    );
}

#[tokio::test]
async fn before_the_socket_takes_no_notice_of_a_bundle_that_is_not_there() {
    let (stage, ended) = crate::run("migration_before", scene(), Bundle::Missing).await;
    assert!(
        ended.output.contains("over HTTPS: No such file"),
        "{ended:?}"
    );
    assert_eq!(stage.asked().len(), 0, "{ended:?}");
    assert_eq!(stage.connections(), 1, "{ended:?}");
}

#[tokio::test]
async fn after_both_transports_take_the_proxy() {
    let (stage, ended) = crate::succeeds("migration_after", scene()).await;
    assert_eq!(ended.output, "over HTTPS: 200 OK\nover WSS: hello\n");
    assert_eq!(stage.asked().len(), 2, "{ended:?}");
    assert_eq!(stage.connections(), 2, "{ended:?}");
}

#[tokio::test]
async fn after_nothing_connects_without_the_bundle() {
    crate::fails_without_the_bundle("migration_after", scene).await;
}

/// Whatever the page shows is run above, to the letter.
#[test]
fn the_page_has_what_is_run() {
    let fences = PAGE.split("```rust\n").skip(1);
    let fences: Vec<&str> = fences.filter_map(|it| it.split("\n```").next()).collect();
    assert!(fences.len() >= 7, "{fences:?}");
    for fence in fences {
        let is_run = [BEFORE, AFTER].iter().any(|it| it.contains(fence));
        assert!(is_run, "in neither program:\n{fence}");
    }
}

const PAGE: &str = include_str!("../../docs/migration.md");
const BEFORE: &str = include_str!("../migration/before.rs");
const AFTER: &str = include_str!("../migration/after.rs");
