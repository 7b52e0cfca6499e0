//! What docs/migration.md leads to connects both ways through the proxy, or not at all.

use stage::migration::scene;

#[tokio::test]
async fn both_transports_take_the_proxy() {
    let (stage, ended) = crate::succeeds("migration", scene()).await;
    assert_eq!(
        ended.output, "over HTTPS: 200 OK\nover WSS: hello\n",
        "{ended:?}"
    );
    assert_eq!(stage.asked().len(), 2, "{ended:?}");
}

#[tokio::test]
async fn it_fails_without_the_bundle() {
    crate::fails_without_the_bundle("migration", scene).await;
}

/// Each fence that says what becomes of the code.
#[test]
fn the_page_has_what_is_run() {
    let after = PAGE.split("```rust\n").skip(1);
    let after: Vec<&str> = after.filter_map(|it| it.split("\n```").next()).collect();
    assert!(after.len() >= 3, "{after:?}");
    for fence in after {
        assert!(PROGRAM.contains(fence), "not in after.rs:\n{fence}");
    }
}

const PAGE: &str = include_str!("../../docs/migration.md");
const PROGRAM: &str = include_str!("../migration/after.rs");
