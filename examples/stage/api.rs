//! The service of `backend_api`: a list in pages, from a server that is busy at first.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;

use crate::Scene;

/// `GET /orders?after=N` has three orders at a time, of seven; the first two requests are too many.
pub fn scene() -> Scene {
    let asked = Arc::new(AtomicUsize::new(0));
    let service = Router::new()
        .route("/orders", get(orders))
        .with_state(asked);
    Scene::of(service).url("https", "/")
}

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    after: usize,
}

async fn orders(
    State(asked): State<Arc<AtomicUsize>>,
    Query(page): Query<Page>,
    headers: HeaderMap,
) -> Response {
    if headers.get(header::AUTHORIZATION).is_none() {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    match asked.fetch_add(1, Ordering::SeqCst) {
        0 => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
        1 => return (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "0")]).into_response(),
        _ => {}
    }
    let last = (page.after + PAGE).min(ORDERS);
    let orders = (page.after + 1..=last).map(|number| json!({"number": number, "item": "tea"}));
    Json(json!({
        "orders": orders.collect::<Vec<_>>(),
        "after": (last < ORDERS).then_some(last),
    }))
    .into_response()
}

const ORDERS: usize = 7;
const PAGE: usize = 3;
