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

/// An everyday API.
pub fn scene() -> Scene {
    played(Plan::Busy)
}

/// What is the matter with the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    /// The first requests are too many.
    Busy,
    /// It asks to be left alone for an hour.
    Away,
    /// Its pages never end, and its words clear a terminal.
    Circle,
}

/// `GET /v1/orders?after=N` has three orders at a time, of seven.
pub fn played(plan: Plan) -> Scene {
    let service = Router::new()
        .route("/v1/orders", get(orders))
        .with_state(Arc::new(Api {
            plan,
            asked: AtomicUsize::new(0),
        }));
    Scene::of(service)
        .url("https", "/v1/")
        .variable("API_TOKEN", "secret")
}

struct Api {
    plan: Plan,
    asked: AtomicUsize,
}

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    after: usize,
}

async fn orders(
    State(api): State<Arc<Api>>,
    Query(page): Query<Page>,
    headers: HeaderMap,
) -> Response {
    if headers
        .get(header::AUTHORIZATION)
        .is_none_or(|it| it != "Bearer secret")
    {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let asked = api.asked.fetch_add(1, Ordering::SeqCst);
    let wait = |until: &'static str| {
        let wait = [(header::RETRY_AFTER, until)];
        (StatusCode::TOO_MANY_REQUESTS, wait).into_response()
    };
    match (api.plan, asked) {
        (Plan::Busy, 0) => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
        (Plan::Busy, 1) => return wait("0"),
        (Plan::Busy, 2) => return wait("Sun, 06 Nov 1994 08:49:37 GMT"),
        (Plan::Away, _) => return wait("3600"),
        _ => {}
    }
    let last = (page.after + PAGE).min(ORDERS);
    let item = match api.plan {
        Plan::Circle => "\u{1b}[2J",
        _ => "tea",
    };
    let orders = (page.after + 1..=last).map(|number| json!({"number": number, "item": item}));
    Json(json!({
        "orders": orders.collect::<Vec<_>>(),
        "after": match api.plan {
            Plan::Circle => Some(PAGE),
            _ => (last < ORDERS).then_some(last),
        },
    }))
    .into_response()
}

const ORDERS: usize = 7;
const PAGE: usize = 3;
