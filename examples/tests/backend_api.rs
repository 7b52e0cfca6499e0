//! Pages are read to the last, and what may pass is tried again.

use stage::api::scene;

#[tokio::test]
async fn every_page_is_read_though_the_server_is_busy_at_first() {
    let (_stage, ended) = crate::succeeds("backend_api", scene()).await;
    let orders: String = (1..=7).map(|it| format!("order {it}: tea\n")).collect();
    assert_eq!(ended.output, orders);
    let tries: Vec<&str> = ended.errors.lines().collect();
    assert_eq!(tries.len(), 2, "{tries:?}");
    assert!(tries[0].contains("status 503"), "{tries:?}");
    assert!(tries[1].starts_with("again in 0.0 s"), "{tries:?}");
}

#[tokio::test]
async fn it_fails_without_the_bundle() {
    crate::fails_without_the_bundle("backend_api", scene).await;
}
