//! The service of `mcp_client`: a real MCP server that brews tea, behind a front that makes trouble. It
//! forgets the first session, and breaks the stream of the first call off.

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, StreamExt as _};
use rmcp::handler::server::router::tool::ToolRouter;
use rmcp::model::{ProgressNotificationParam, RequestMetaObject, ServerCapabilities, ServerConfig};
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{Peer, RoleServer, ServerHandler, tool, tool_handler, tool_router};
use tokio::sync::Notify;
use tokio::time::timeout;

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
    played("a pot of tea", None)
}

/// The same, and the tool answers with this.
pub fn answering(answer: &'static str) -> Scene {
    played(answer, None).0
}

/// The same, and the first session's stream is one event and a flood; the session is forgotten when
/// nobody reads it any more.
pub fn flooded() -> (Scene, Asked) {
    played("a pot of tea", Some(Arc::default()))
}

/// A server that lets nobody in, with this status and one header.
pub fn refusing(status: u16, name: HeaderName, value: &'static str) -> Scene {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::IM_A_TEAPOT);
    called(Router::new().fallback(async move || (status, [(name, value)])))
}

/// A server that answers with this again and again, and how many bytes of it somebody took.
pub fn flooding(content: &'static str, drop: &'static str) -> (Scene, Arc<AtomicUsize>) {
    let taken = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&taken);
    let flood = async move || ([(header::CONTENT_TYPE, content)], flood(drop, counter));
    (called(Router::new().fallback(flood)), taken)
}

fn called(service: Router) -> Scene {
    let scene = Scene::of(service).url("https", "/mcp");
    scene.variable("MCP_TOKEN", "secret")
}

fn played(answer: &'static str, left: Option<Arc<Notify>>) -> (Scene, Asked) {
    let asked = Asked::default();
    let trouble = (asked.clone(), left);
    let service = Router::new()
        .route_service("/mcp", tea_house(answer))
        .layer(from_fn_with_state(trouble, front));
    (called(service), asked)
}

/// The real server.
fn tea_house(answer: &'static str) -> StreamableHttpService<TeaHouse, LocalSessionManager> {
    let soon = Some(Duration::from_millis(50));
    let mut sessions = LocalSessionManager::default();
    sessions.session_config.sse_retry = soon;
    let config = StreamableHttpServerConfig::default()
        .with_sse_retry(soon)
        .with_allowed_hosts([crate::HOST]);
    StreamableHttpService::new(
        move || Ok(TeaHouse::new(answer)),
        Arc::new(sessions),
        config,
    )
}

/// Notes each request and makes trouble.
async fn front(
    State((asked, left)): State<(Asked, Option<Arc<Notify>>)>,
    request: Request,
    next: Next,
) -> Response {
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
        if let Some(left) = left {
            timeout(PATIENCE, left.notified()).await.ok();
        }
        return StatusCode::NOT_FOUND.into_response();
    }
    if let (1, "GET", Some(left)) = (times, what.trim(), left) {
        return stream_and_flood(left);
    }
    let request = Request::from_parts(head, Body::from(body));
    let mut response = next.run(request).await;
    if let Some(content) = response.headers_mut().get_mut(header::CONTENT_TYPE) {
        // It is the same in capitals (RFC 9110, 8.3.1).
        let capitals = content.as_bytes().to_ascii_uppercase();
        *content = HeaderValue::from_bytes(&capitals).unwrap_or_else(|_| content.clone());
    }
    match what == "POST tools/call" && times == 1 {
        true => response.map(broken_off),
        false => response,
    }
}

/// One event, from behind which the stream could be asked for again, and no other.
fn stream_and_flood(left: Arc<Notify>) -> Response {
    let left = Left(left);
    let event = Bytes::from_static(b"id: 1\ndata: {}\n\n");
    let flood = stream::repeat_with(move || {
        let _held = &left;
        Bytes::from_static(&[b'x'; 1 << 14])
    });
    let body = Body::from_stream(stream::iter([event]).chain(flood).map(Ok::<_, Infallible>));
    ([(header::CONTENT_TYPE, "text/event-stream")], body).into_response()
}

/// Tells when the body that holds it is read no more.
struct Left(Arc<Notify>);

impl Drop for Left {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

/// The same again and again.
fn flood(drop: &'static str, taken: Arc<AtomicUsize>) -> Body {
    let wave = Bytes::from(drop.repeat(FLOOD / drop.len()));
    Body::from_stream(stream::repeat_with(move || {
        taken.fetch_add(wave.len(), Ordering::SeqCst);
        Ok::<_, Infallible>(wave.clone())
    }))
}

/// The body as far as the first event, with which a server says how it is to be resumed.
fn broken_off(body: Body) -> Body {
    Body::from_stream(body.into_data_stream().take(1))
}

/// An MCP server with one tool.
#[derive(Clone, Debug)]
pub struct TeaHouse {
    answer: &'static str,
    tool_router: ToolRouter<Self>,
}

#[tool_router]
impl TeaHouse {
    fn new(answer: &'static str) -> Self {
        Self {
            answer,
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
                // Who is cut off asks again meanwhile: behind the last word nothing is kept for it.
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
        guest.notify_tool_list_changed().await.ok();
        self.answer.to_owned()
    }
}

#[tool_handler(router = self.tool_router)]
impl ServerHandler for TeaHouse {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }
}

const FLOOD: usize = 1 << 14;
const PATIENCE: Duration = Duration::from_secs(10);
