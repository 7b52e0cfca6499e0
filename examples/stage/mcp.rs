//! The service of `mcp_client`: a real MCP server that brews tea, behind a front that makes trouble. It
//! forgets the first session, and breaks the stream of the first call off.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, StreamExt as _};
use rmcp::handler::server::router::tool::ToolRouter;
use rmcp::model::{ProgressNotificationParam, RequestMetaObject, ServerCapabilities, ServerConfig};
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{Peer, RoleServer, ServerHandler, tool, tool_handler, tool_router};

use crate::Scene;

/// What the server was asked, one line for each request.
#[derive(Clone, Debug, Default)]
pub struct Asked(Arc<Mutex<Vec<String>>>);

impl Asked {
    /// How often it was this.
    pub fn times(&self, what: &str) -> usize {
        self.lines().iter().filter(|it| *it == what).count()
    }

    /// Oldest first.
    pub fn lines(&self) -> Vec<String> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn note(&self, what: String) -> usize {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push(what.clone());
        lines.iter().filter(|it| **it == what).count()
    }
}

/// A server at `/mcp` with one tool.
pub fn scene() -> Scene {
    observed().0
}

/// The same, and what it was asked.
pub fn observed() -> (Scene, Asked) {
    let asked = Asked::default();
    let front = from_fn_with_state(asked.clone(), front);
    let service = Router::new()
        .route_service("/mcp", tea_house())
        .layer(front);
    (Scene::of(service).url("https", "/mcp"), asked)
}

/// A server that lets nobody in.
pub fn refusing() -> Scene {
    let refusal = [(header::WWW_AUTHENTICATE, "Bearer realm=\"tea\"")];
    let service = Router::new().fallback(async move || (StatusCode::UNAUTHORIZED, refusal));
    Scene::of(service).url("https", "/mcp")
}

/// A server that answers with more than anybody wants to read: JSON, or one event.
pub fn flooding(content: &'static str) -> Scene {
    let flood = move || async move {
        let chunk = || Ok::<_, Infallible>(Bytes::from_static(&[b' '; 1 << 14]));
        let body = Body::from_stream(stream::repeat_with(chunk));
        ([(header::CONTENT_TYPE, content)], body)
    };
    Scene::of(Router::new().fallback(flood)).url("https", "/mcp")
}

/// The real server.
pub fn tea_house() -> StreamableHttpService<TeaHouse, LocalSessionManager> {
    let soon = Some(Duration::from_millis(50));
    let mut sessions = LocalSessionManager::default();
    sessions.session_config.sse_retry = soon;
    let config = StreamableHttpServerConfig::default()
        .with_sse_retry(soon)
        .with_allowed_hosts([crate::HOST]);
    StreamableHttpService::new(|| Ok(TeaHouse::new()), Arc::new(sessions), config)
}

/// Notes each request and makes trouble.
async fn front(State(asked): State<Asked>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let allowed = headers.get(header::AUTHORIZATION);
    if allowed.is_none_or(|it| it != "Bearer secret") {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let resumed = headers.contains_key("last-event-id");
    let (head, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, 1 << 20).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let message: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
    let what = match (&head.method, resumed) {
        (&Method::GET, true) => "resumed".to_owned(),
        (method, _) => format!(
            "{method} {}",
            message["method"].as_str().unwrap_or_default()
        ),
    };
    let times = asked.note(what.trim().to_owned());
    if what == "POST tools/list" && times == 1 {
        return StatusCode::NOT_FOUND.into_response();
    }
    let request = Request::from_parts(head, Body::from(body));
    let response = next.run(request).await;
    match what == "POST tools/call" && times == 1 {
        true => response.map(broken_off),
        false => response,
    }
}

/// The body as far as the first event, with which a server says how it is to be resumed.
fn broken_off(body: Body) -> Body {
    Body::from_stream(body.into_data_stream().take(1))
}

/// An MCP server with one tool.
#[derive(Clone, Debug)]
pub struct TeaHouse {
    tool_router: ToolRouter<Self>,
}

#[tool_router]
impl TeaHouse {
    fn new() -> Self {
        Self {
            tool_router: Self::tool_router(),
        }
    }

    #[tool(description = "Brews a pot of tea")]
    async fn brew(&self, meta: RequestMetaObject, guest: Peer<RoleServer>) -> String {
        if let Some(token) = meta.get_progress_token() {
            for (step, message) in ["the water boils", "the tea draws"].iter().enumerate() {
                #[expect(clippy::cast_precision_loss, reason = "there are two steps")]
                let progress = ProgressNotificationParam::new(token.clone(), step as f64);
                guest
                    .notify_progress(progress.with_message(*message))
                    .await
                    .ok();
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
        guest.notify_tool_list_changed().await.ok();
        "a pot of tea".to_owned()
    }
}

#[tool_handler(router = self.tool_router)]
impl ServerHandler for TeaHouse {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }
}
