//! The tasks, who has them, and what there is of news.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::Plan;

pub(super) struct Desk {
    pub(super) plan: Plan,
    pub(super) state: Mutex<Book>,
    pub(super) changed: watch::Sender<u64>,
}

#[derive(Default)]
pub(super) struct Book {
    pub(super) tasks: BTreeMap<u64, Task>,
    pub(super) deeds: Vec<String>,
    pub(super) looks: Vec<(Option<String>, u16)>,
    pub(super) hangs: bool,
}

#[derive(Clone, Default)]
pub(super) struct Task {
    pub(super) version: u64,
    pub(super) takes: u64,
    pub(super) owner: Option<String>,
    pub(super) over: bool,
}

impl Desk {
    pub(super) fn of(plan: Plan) -> Self {
        let tasks: &[(u64, u64)] = match plan {
            Plan::Everyday => &[(1, 50), (2, 50)],
            Plan::Dated => &[(1, 0)],
            Plan::Many => &[(0, 0); 20],
            Plan::Lost | Plan::Astray | Plan::Late => &[(1, 0)],
            Plan::Endless | Plan::Locked => &[(1, 300_000)],
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

    pub(super) fn lock(&self) -> MutexGuard<'_, Book> {
        self.state.lock().unwrap_or_else(|it| it.into_inner())
    }

    pub(super) fn has_changed(&self) {
        self.changed.send_modify(|version| *version += 1);
    }

    pub(super) fn validator(&self, version: u64) -> (HeaderName, HeaderName, HeaderValue) {
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
    pub(super) async fn wait(&self, headers: &HeaderMap) -> (u64, bool) {
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
    pub(super) fn look(self: &Arc<Self>, look: usize) {
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

/// A real one takes longer.
pub(super) const HELD_BACK: Duration = Duration::from_millis(300);
