//! The service of `task_queue`: a queue that says what has changed, and whose tasks have one owner.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use axum::{Json, Router};
use serde_json::json;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

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
}

/// What the queue has seen.
#[derive(Clone)]
pub struct Ledger(Arc<Desk>);

/// A queue, and what it sees.
pub fn played(plan: Plan) -> (Scene, Ledger) {
    let desk = Arc::new(Desk::of(plan));
    let service = Router::new()
        .route("/tasks", get(list))
        .route("/tasks/{id}", get(task))
        .route("/tasks/{id}/claims/{worker}", put(claim).delete(give_back))
        .route("/tasks/{id}/claims/{worker}/result", put(result))
        .with_state(desk.clone());
    (Scene::of(service).url("https", "/"), Ledger(desk))
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

struct Desk {
    plan: Plan,
    state: Mutex<Book>,
    changed: watch::Sender<u64>,
}

#[derive(Default)]
struct Book {
    tasks: BTreeMap<u64, Task>,
    deeds: Vec<String>,
    looks: Vec<(Option<String>, u16)>,
    hangs: bool,
}

#[derive(Clone, Default)]
struct Task {
    version: u64,
    takes: u64,
    owner: Option<String>,
    over: bool,
}

impl Desk {
    fn of(plan: Plan) -> Self {
        let tasks: &[(u64, u64)] = match plan {
            Plan::Everyday => &[(1, 50), (2, 50)],
            Plan::Dated => &[(1, 0)],
            Plan::Many => &[(0, 0); 20],
            Plan::Endless => &[(1, 300_000)],
        };
        let task = |(index, &(_, takes)): (usize, &(u64, u64))| {
            let task = Task {
                takes,
                ..Task::default()
            };
            (index as u64 + 1, task)
        };
        let tasks = tasks.iter().enumerate().map(task).collect();
        Self {
            plan,
            state: Mutex::new(Book {
                tasks,
                ..Book::default()
            }),
            changed: watch::Sender::new(1),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Book> {
        self.state.lock().unwrap_or_else(|it| it.into_inner())
    }

    fn has_changed(&self) {
        self.changed.send_modify(|version| *version += 1);
    }

    fn validator(&self, version: u64) -> (HeaderName, HeaderName, HeaderValue) {
        let (name, asked, text) = match self.plan {
            Plan::Dated => {
                let date = format!(
                    "Mon, 23 Nov 2026 07:{:02}:{:02} GMT",
                    version / 60,
                    version % 60
                );
                (header::LAST_MODIFIED, header::IF_MODIFIED_SINCE, date)
            }
            _ => (
                header::ETAG,
                header::IF_NONE_MATCH,
                format!("\"{version}\""),
            ),
        };
        let value = HeaderValue::try_from(text).expect("a header value");
        (name, asked, value)
    }

    /// Something new, or the time is over; the version then, and whether it is another.
    async fn wait(&self, headers: &HeaderMap) -> (u64, bool) {
        let mut changed = self.changed.subscribe();
        let is_known = |version: &u64| {
            let (_, asked, value) = self.validator(*version);
            headers.get(asked) == Some(&value)
        };
        let waits = headers.contains_key("prefer");
        let held_back = if waits { HELD_BACK } else { Duration::ZERO };
        let _ = timeout(held_back, changed.wait_for(|it| !is_known(it))).await;
        let version = *self.changed.borrow();
        (version, !is_known(&version))
    }

    /// Later, what the plan has for it happens.
    fn look(self: &Arc<Self>, look: usize) {
        let later = match (self.plan, look) {
            (Plan::Everyday, 4) => 700,
            (Plan::Dated, 3) => 0,
            _ => return,
        };
        let desk = self.clone();
        tokio::spawn(async move {
            sleep(HELD_BACK).await;
            let id = desk.lock().tasks.len() as u64 + 1;
            let takes = if later == 0 { 0 } else { 300_000 };
            let task = Task {
                takes,
                ..Task::default()
            };
            desk.lock().tasks.insert(id, task);
            desk.has_changed();
        });
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
        Plan::Endless => usize::MAX,
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
    desk.has_changed();
    status
}

async fn result(
    State(desk): State<Arc<Desk>>,
    Path((id, worker)): Path<(u64, String)>,
    result: String,
) -> StatusCode {
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

/// A real one takes longer.
const HELD_BACK: Duration = Duration::from_millis(300);
