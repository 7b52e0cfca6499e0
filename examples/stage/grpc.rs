//! The service of `grpc` and `grpc_channel`: it says again what it hears, message by message.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::post;
use tonic::server::Grpc;
use tonic::{Status, Streaming};
use tower::service_fn;

use crate::Scene;
use crate::text::Text;

/// `echo.Echo/Say` has one message each way, and none that is empty; `echo.Echo/Talk` has a stream.
pub fn scene() -> Scene {
    let service = Router::new()
        .route("/echo.Echo/Say", post(say))
        .route("/echo.Echo/Talk", post(talk));
    Scene::of(service).url("https", "/")
}

async fn say(request: Request) -> Response {
    let echo = service_fn(
        async |said: tonic::Request<String>| match said.into_inner() {
            said if said.is_empty() => Err(Status::invalid_argument("nothing was said")),
            said => Ok(tonic::Response::new(said)),
        },
    );
    Grpc::new(Text).unary(echo, request).await.map(Body::new)
}

async fn talk(request: Request) -> Response {
    let echo = service_fn(async |said: tonic::Request<Streaming<String>>| {
        Ok::<_, Status>(tonic::Response::new(said.into_inner()))
    });
    Grpc::new(Text)
        .streaming(echo, request)
        .await
        .map(Body::new)
}
