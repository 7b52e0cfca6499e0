//! gRPC over the token's client and over tonic's own channel: messages, streams, and what stands in
//! trailers alone.

use stage::grpc::scene;

#[tokio::test]
async fn messages_go_both_ways_and_a_refusal_comes_in_trailers() {
    let (stage, ended) = crate::succeeds("grpc", scene()).await;
    let told: Vec<&str> = ended.output.lines().collect();
    let answers = ["hello", "one", "two", "three"].map(|it| format!("answer: {it}"));
    assert_eq!(told[..4], answers);
    assert_eq!(told[4..], ["refused: nothing was said"]);
    assert_eq!(stage.asked().len(), 1, "one connection is enough");
}

#[tokio::test]
async fn a_channel_of_tonic_has_the_tokens_tls_and_route() {
    let (_stage, ended) = crate::succeeds("grpc_channel", scene()).await;
    assert_eq!(ended.output, "answer: hello\n");
}

#[tokio::test]
async fn it_fails_without_the_bundle() {
    crate::fails_without_the_bundle("grpc", scene).await;
}

#[tokio::test]
async fn a_channel_fails_without_the_bundle() {
    crate::fails_without_the_bundle("grpc_channel", scene).await;
}
