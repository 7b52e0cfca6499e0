//! The service of `migration_before` and `migration_after`: the same word over both transports.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use futures_util::SinkExt as _;
use trusted_transport_lab::accept_websocket;

use crate::Scene;

/// `GET /` is answered with 200; a WebSocket at `/live` gets one message.
pub fn scene() -> Scene {
    let service = Router::new()
        .route("/", get(async || "hello"))
        .route("/live", get(live));
    Scene::of(service)
        .url("https", "/")
        .local_url("wss", "/live")
}

async fn live(request: Request) -> Response {
    let Some((response, accepting)) = accept_websocket(request) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    tokio::spawn(async move {
        if let Some(mut socket) = accepting.await {
            // What becomes of it is for the client to notice.
            let _ = socket.send("hello".into()).await;
            let _ = socket.close(None).await;
        }
    });
    response.map(|()| Body::empty())
}
