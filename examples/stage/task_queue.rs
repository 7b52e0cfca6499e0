//! The service of `task_queue`: a queue that says what has changed, and whose tasks have one owner.

mod desk;

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use axum::{Json, Router};
use serde_json::json;
use tokio::time::sleep;

use desk::{Desk, HELD_BACK, Task};

use crate::Scene;

/// An everyday queue.
pub fn scene() -> Scene {
    played(Plan::Everyday).0
}

/// What happens at the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    /// It is busy at first. Of its first tasks the second goes to somebody else; one more comes
    /// later, and one is cancelled while it is worked on. Then it closes.
    Everyday,
    /// Two tasks, one after the other, and dates for validators. Then it closes.
    Dated,
    /// Twenty short tasks. Then it closes.
    Many,
    /// One task without end, and a queue that never closes.
    Endless,
    /// One task, and the answer to the first claim is lost. Then it closes.
    Lost,
    /// One task, and the first claim does not arrive. Then it closes.
    Astray,
    /// One task, which is taken away when its result comes. Then it closes.
    Late,
    /// One task without end, and who has claimed it is locked out.
    Locked,
}

/// What the queue has seen.
#[derive(Clone)]
pub struct Ledger(Arc<Desk>);

/// A queue, and what it sees.
pub fn played(plan: Plan) -> (Scene, Ledger) {
    let desk = Arc::new(Desk::of(plan));
    let tasks = Router::new()
        .route("/tasks", get(list))
        .route("/tasks/{id}", get(task))
        .route("/tasks/{id}/claims/{worker}", put(claim).delete(give_back))
        .route("/tasks/{id}/claims/{worker}/result", put(result))
        .with_state(desk.clone());
    let service = Router::new().nest("/queues/tea", tasks.layer(from_fn(known)));
    let scene = Scene::of(service).url("https", "/queues/tea/");
    (scene.variable("QUEUE_TOKEN", "secret"), Ledger(desk))
}

impl Ledger {
    /// What was done to tasks, in order: `claim 1`, `refuse 2`, `give back 3`, `result 1 TEA`.
    pub fn deeds(&self) -> Vec<String> {
        self.0.lock().deeds.clone()
    }

    /// The questions for the list, each with its validator, and with the status of the answer.
    pub fn looks(&self) -> Vec<(Option<String>, u16)> {
        self.0.lock().looks.clone()
    }

    /// From now on nothing is answered.
    pub fn hang(&self) {
        self.0.lock().hangs = true;
    }

    /// Ends when there is such a deed.
    pub async fn done(&self, deed: &str) {
        let mut changed = self.0.changed.subscribe();
        while !self.deeds().iter().any(|it| it == deed) {
            if changed.changed().await.is_err() {
                return;
            }
        }
    }
}

async fn known(request: Request, next: Next) -> Response {
    match request.headers().get(header::AUTHORIZATION) {
        Some(token) if token == "Bearer secret" => next.run(request).await,
        _ => StatusCode::UNAUTHORIZED.into_response(),
    }
}

async fn list(State(desk): State<Arc<Desk>>, headers: HeaderMap) -> Response {
    let asked = [header::IF_NONE_MATCH, header::IF_MODIFIED_SINCE];
    let asked = asked.iter().find_map(|it| headers.get(it)?.to_str().ok());
    let response = listed(&desk, &headers).await;
    let look = (asked.map(str::to_owned), response.status().as_u16());
    desk.lock().looks.push(look);
    response
}

async fn listed(desk: &Arc<Desk>, headers: &HeaderMap) -> Response {
    let look = desk.lock().looks.len() + 1;
    if desk.plan == Plan::Everyday && look == 1 {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    desk.look(look);
    let (version, is_new) = desk.wait(headers).await;
    let (name, _, value) = desk.validator(version);
    let (tasks, over) = {
        let book = desk.lock();
        let open = book
            .tasks
            .iter()
            .filter(|(_, it)| !it.over && it.owner.is_none());
        let tasks: Vec<_> = open.map(|(id, task)| shown(*id, task)).collect();
        (tasks, book.tasks.values().filter(|it| it.over).count())
    };
    let last = match desk.plan {
        Plan::Everyday => 3,
        Plan::Dated => 2,
        Plan::Many => 20,
        Plan::Lost | Plan::Astray | Plan::Late => 1,
        Plan::Endless | Plan::Locked => usize::MAX,
    };
    if over >= last {
        return StatusCode::GONE.into_response();
    }
    match is_new {
        true => ([(name, value)], Json(json!({"tasks": tasks}))).into_response(),
        false => (StatusCode::NOT_MODIFIED, [(name, value)]).into_response(),
    }
}

fn shown(id: u64, task: &Task) -> serde_json::Value {
    let version = format!("\"{}\"", task.version);
    json!({"id": id, "version": version, "text": format!("tea {id}"), "takes": task.takes})
}

async fn task(State(desk): State<Arc<Desk>>, Path(id): Path<u64>, headers: HeaderMap) -> Response {
    let (version, is_new) = desk.wait(&headers).await;
    let (name, _, value) = desk.validator(version);
    let task = desk.lock().tasks.get(&id).cloned();
    let is_claimed = task.as_ref().is_some_and(|it| it.owner.is_some());
    if desk.plan == Plan::Locked && is_claimed {
        return StatusCode::FORBIDDEN.into_response();
    }
    match (task, is_new) {
        (None, _) => StatusCode::NOT_FOUND.into_response(),
        (Some(task), _) if task.over => StatusCode::GONE.into_response(),
        (Some(task), true) => ([(name, value)], Json(shown(id, &task))).into_response(),
        (Some(_), false) => (StatusCode::NOT_MODIFIED, [(name, value)]).into_response(),
    }
}

async fn claim(
    State(desk): State<Arc<Desk>>,
    Path((id, worker)): Path<(u64, String)>,
    headers: HeaderMap,
) -> StatusCode {
    if desk.plan == Plan::Astray && desk.lock().deeds.is_empty() {
        desk.lock().deeds.push(format!("lose {id}"));
        return StatusCode::BAD_GATEWAY;
    }
    let status = claimed(&desk, id, worker, &headers);
    desk.has_changed();
    status
}

fn claimed(desk: &Arc<Desk>, id: u64, worker: String, headers: &HeaderMap) -> StatusCode {
    let mut book = desk.lock();
    let Some(task) = book.tasks.get_mut(&id) else {
        return StatusCode::NOT_FOUND;
    };
    if desk.plan == Plan::Everyday && id == 2 && !task.over {
        // Somebody has just taken it, and is done with it.
        task.version += 1;
        task.over = true;
    }
    let current = format!("\"{}\"", task.version);
    // Who does not say which state was seen overwrites whatever there is.
    let seen = headers.get(header::IF_MATCH);
    if seen.is_some_and(|seen| seen != current.as_str()) {
        book.deeds.push(format!("refuse {id}"));
        return StatusCode::PRECONDITION_FAILED;
    }
    task.version += 1;
    task.owner = Some(worker);
    book.deeds.push(format!("claim {id}"));
    if desk.plan == Plan::Lost && book.deeds.len() == 1 {
        return StatusCode::BAD_GATEWAY;
    }
    if desk.plan == Plan::Everyday && id == 3 {
        let desk = desk.clone();
        tokio::spawn(async move {
            sleep(HELD_BACK).await;
            if let Some(task) = desk.lock().tasks.get_mut(&id) {
                task.over = true;
            }
            desk.has_changed();
        });
    }
    StatusCode::CREATED
}

async fn give_back(
    State(desk): State<Arc<Desk>>,
    Path((id, worker)): Path<(u64, String)>,
) -> StatusCode {
    if desk.lock().hangs {
        std::future::pending::<()>().await;
    }
    let status = owned(
        &desk,
        id,
        &worker,
        |task| task.owner = None,
        format!("give back {id}"),
    );
    if status.is_success() {
        desk.has_changed();
    }
    status
}

async fn result(
    State(desk): State<Arc<Desk>>,
    Path((id, worker)): Path<(u64, String)>,
    result: String,
) -> StatusCode {
    if desk.plan == Plan::Late {
        desk.lock().tasks.entry(id).or_default().over = true;
        return StatusCode::CONFLICT;
    }
    let status = owned(
        &desk,
        id,
        &worker,
        |task| task.over = true,
        format!("result {id} {result}"),
    );
    desk.has_changed();
    status
}

fn owned(
    desk: &Desk,
    id: u64,
    worker: &str,
    change: impl FnOnce(&mut Task),
    deed: String,
) -> StatusCode {
    let mut book = desk.lock();
    match book.tasks.get_mut(&id) {
        Some(task) if task.owner.as_deref() == Some(worker) => {
            task.version += 1;
            change(task);
            book.deeds.push(deed);
            StatusCode::NO_CONTENT
        }
        _ => StatusCode::CONFLICT,
    }
}
