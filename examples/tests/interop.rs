//! Libraries by name, over the token; and the page that shows them has what is run.

use stage::Bundle;
use stage::interop::scene;

async fn says(library: &str, told: &str) {
    let (_stage, ended) = crate::succeeds("interop", scene(library)).await;
    assert_eq!(ended.output, format!("{library}: {told}\n"));
    crate::fails_without_the_bundle("interop", || scene(library)).await;
}

#[tokio::test]
async fn async_openai_tries_again_by_rules_of_its_own() {
    let scene = || scene("async-openai");
    let (_stage, ended) = crate::succeeds("interop", scene()).await;
    assert_eq!(ended.output, "async-openai: it was there\n");

    let (stage, ended) = crate::run("interop", scene(), Bundle::Stranger).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.errors.contains("\nhint: "), "{ended:?}");
    assert_eq!(
        stage.asked().len(),
        4,
        "docs/using.md tells how many attempts it makes"
    );
}

#[tokio::test]
async fn oauth2() {
    says("oauth2", "a token for 60s").await;
}

#[tokio::test]
async fn no_secret_is_sent_where_it_can_be_read() {
    // The SDK has reqwest's own words for it.
    let libraries = [
        ("async-openai", "scheme is not allowed"),
        ("oauth2", "without TLS"),
    ];
    for (library, told) in libraries {
        let scene = || scene(library);
        crate::connects_to_nobody("interop", scene().without_tls(), told).await;
        crate::connects_to_nobody("interop", scene().without_variables(), "is not set").await;
    }
}

#[tokio::test]
async fn reqwest_middleware() {
    says("reqwest-middleware", "the first attempt").await;
}

#[tokio::test]
async fn tower() {
    says("tower", "the first attempt").await;
}

/// Whatever the page shows is run here, or by the tests of the program that it comes from.
#[test]
fn the_page_has_what_is_run() {
    let fences = PAGE.split("```rust\n").skip(1);
    let fences: Vec<&str> = fences.filter_map(|it| it.split("\n```").next()).collect();
    assert!(fences.len() >= 6, "{fences:?}");
    for fence in fences {
        assert!(
            PROGRAMS.iter().any(|it| it.contains(fence)),
            "in no program:\n{fence}"
        );
    }
}

const PAGE: &str = include_str!("../../docs/using.md");
const PROGRAMS: [&str; 4] = [
    include_str!("../interop.rs"),
    include_str!("../grpc.rs"),
    include_str!("../grpc_channel.rs"),
    include_str!("../mcp_client/main.rs"),
];
