//! The service of `voice_upload`: it listens to a recording piece by piece, and is busy at first.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Multipart, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::post;
use sha2::{Digest as _, Sha256};
use tokio::time::sleep;

use crate::Scene;

/// A server that is busy at first.
pub fn scene() -> Scene {
    played(Plan::BusyAtFirst).0
}

/// What the server does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    /// It takes the first recording for nothing, and then says 503.
    BusyAtFirst,
    /// It takes everything.
    Takes,
    /// It takes everything, and thinks about it.
    Thinks,
    /// It stops reading at the first piece.
    Stops,
}

/// One recording, as it arrived.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// The `Idempotency-Key`.
    pub key: String,
    /// The description.
    pub about: String,
    /// How many bytes of the recording.
    pub bytes: u64,
    /// Their SHA-256.
    pub sha256: Vec<u8>,
}

/// The recordings so far, whole or in part.
#[derive(Clone)]
pub struct Ledger(Arc<Desk>);

struct Desk {
    plan: Plan,
    heard: Mutex<Vec<Heard>>,
}

/// A server, and what it hears.
pub fn played(plan: Plan) -> (Scene, Ledger) {
    let desk = Arc::new(Desk {
        plan,
        heard: Mutex::default(),
    });
    let service = Router::new()
        .route("/notes", post(notes))
        .layer(DefaultBodyLimit::disable())
        .with_state(desk.clone());
    let scene = Scene::of(service).url("https", "/notes");
    (scene.variable("VOICE_TOKEN", "secret"), Ledger(desk))
}

impl Ledger {
    /// The recordings, oldest first.
    pub fn heard(&self) -> Vec<Heard> {
        self.0.lock().clone()
    }
}

impl Desk {
    fn lock(&self) -> MutexGuard<'_, Vec<Heard>> {
        self.heard.lock().unwrap_or_else(|it| it.into_inner())
    }
}

async fn notes(
    State(desk): State<Arc<Desk>>,
    headers: HeaderMap,
    mut parts: Multipart,
) -> Result<StatusCode, StatusCode> {
    if headers
        .get(header::AUTHORIZATION)
        .is_none_or(|it| it != "Bearer secret")
    {
        return Err(StatusCode::UNAUTHORIZED);
    }
    let key = headers.get("idempotency-key");
    let key = key.and_then(|it| it.to_str().ok());
    let index = desk.lock().len();
    desk.lock().push(Heard {
        key: key.unwrap_or_default().to_owned(),
        ..Heard::default()
    });
    let change = |change: &mut dyn FnMut(&mut Heard)| change(&mut desk.lock()[index]);
    let mut hash = Sha256::new();
    while let Some(mut part) = parts.next_field().await.map_err(broken)? {
        if part.name() == Some("about") {
            let about = part.text().await.map_err(broken)?;
            change(&mut |it| it.about.clone_from(&about));
            continue;
        }
        while let Some(piece) = part.chunk().await.map_err(broken)? {
            hash.update(&piece);
            change(&mut |it| it.bytes += piece.len() as u64);
            if desk.plan == Plan::Stops {
                std::future::pending::<()>().await;
            }
        }
    }
    let sha256 = hash.finalize().to_vec();
    change(&mut |it| it.sha256.clone_from(&sha256));
    if desk.plan == Plan::Thinks {
        sleep(Duration::from_secs(6)).await;
    }
    match (desk.plan, index) {
        (Plan::BusyAtFirst, 0) => Err(StatusCode::SERVICE_UNAVAILABLE),
        _ => Ok(StatusCode::CREATED),
    }
}

fn broken(_: axum::extract::multipart::MultipartError) -> StatusCode {
    StatusCode::BAD_REQUEST
}
