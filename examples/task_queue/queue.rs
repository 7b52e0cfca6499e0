//! The queue as this worker sees it: its tasks, and the claims on them.

use std::error::Error;
use std::hash::{BuildHasher as _, RandomState};
use std::process;
use std::time::Duration;

use serde::Deserialize;
use tokio::time::{Instant, sleep_until};
use trusted_transport::http::{Method, StatusCode, Url, header, redirect};
use trusted_transport::{HttpClient, RequestBuilder, TrustedTransport, in_full};

use crate::asking::{Answer, QueueError, Validator, accepted, ask, once, validator, within};
use crate::pause;

#[derive(Deserialize)]
pub(crate) struct Task {
    pub(crate) id: u64,
    /// An entity tag: who claims it says which state of it was seen.
    version: String,
    pub(crate) text: String,
    /// In milliseconds.
    pub(crate) takes: u64,
}

#[derive(Deserialize)]
struct List {
    tasks: Vec<Task>,
}

pub(crate) enum Look {
    Tasks(Vec<Task>),
    Unchanged,
    /// There is nothing more to come.
    Closed,
}

pub(crate) enum Claim {
    Ours,
    /// Somebody was faster.
    Taken,
    /// Nobody can say whether it had arrived: it is ours no longer, and may be claimed again.
    Withdrawn,
}

pub(crate) struct Queue {
    base: Url,
    token: String,
    client: HttpClient,
    /// Claims are ours by this name, also those whose answer was lost: no other worker has it.
    worker: String,
}

impl Queue {
    pub(crate) fn at(
        base: &str,
        token: String,
        transport: &TrustedTransport,
    ) -> Result<Self, Box<dyn Error>> {
        let base = Url::parse(base)?;
        if base.cannot_be_a_base() {
            return Err("not a base URL".into());
        }
        let client = transport
            .http()
            .redirect(redirect::Policy::none())
            .timeout(HELD_BACK + PATIENCE)
            .build()?;
        let random = RandomState::new().hash_one(process::id());
        Ok(Self {
            base,
            token,
            client,
            worker: format!("worker-{random:016x}"),
        })
    }

    /// The tasks, once they are others than last time or the server does not wait any longer.
    pub(crate) async fn look(&self, known: &mut Validator) -> Result<Look, QueueError> {
        let answer = self.if_changed(&["tasks"], known).await?;
        match answer.status() {
            StatusCode::NOT_MODIFIED => return Ok(Look::Unchanged),
            StatusCode::GONE => return Ok(Look::Closed),
            _ => {}
        }
        let answer = accepted(answer, "the question for tasks")?;
        let list: List = serde_json::from_slice(answer.body())?;
        // Only now: a list that could not be read has not been seen.
        *known = validator(&answer);
        Ok(Look::Tasks(list.tasks))
    }

    /// Asked only once: the state that was seen is another as soon as a claim has arrived, so that
    /// a second one would be refused though the task is ours.
    pub(crate) async fn claim(&self, task: &Task) -> Result<Claim, QueueError> {
        let request = self.on_claim(Method::PUT, task, None);
        let request = request.header(header::IF_MATCH, &task.version);
        match within(PATIENCE, once(request)).await {
            Ok(answer) if is_lost(answer.status()) => Ok(Claim::Taken),
            Ok(answer) => accepted(answer, "a claim").map(|_| Claim::Ours),
            Err(error) if error.may_pass() => {
                eprintln!(
                    "task {}: nobody knows whether it is claimed: {error}",
                    task.id
                );
                self.give_back(task).await;
                Ok(Claim::Withdrawn)
            }
            Err(error) => Err(error),
        }
    }

    /// Ends when the task is taken back: with an error if that cannot be known any more.
    pub(crate) async fn cancelled(&self, task: &Task) -> Result<(), QueueError> {
        let id = task.id.to_string();
        let mut known = None;
        loop {
            let next = Instant::now() + pause();
            let answer = self.if_changed(&["tasks", &id], &known).await?;
            match answer.status() {
                StatusCode::GONE | StatusCode::NOT_FOUND => return Ok(()),
                StatusCode::NOT_MODIFIED => {}
                _ => known = validator(&accepted(answer, "the question for a task")?),
            }
            sleep_until(next).await;
        }
    }

    /// Whether it was taken: not from who has lost the task meanwhile.
    pub(crate) async fn report(&self, task: &Task, result: &str) -> Result<bool, QueueError> {
        let report = || {
            let request = self.on_claim(Method::PUT, task, Some("result"));
            request.body(result.to_owned())
        };
        let answer = within(LONGEST, ask(report)).await?;
        match is_lost(answer.status()) {
            true => Ok(false),
            false => accepted(answer, "a result").map(|_| true),
        }
    }

    /// As well as it can be done in the time: the program is ending, or the task is another's.
    pub(crate) async fn give_back(&self, task: &Task) {
        let given = ask(|| self.on_claim(Method::DELETE, task, None));
        match within(PATIENCE, given).await {
            Ok(answer) if answer.status().is_success() => println!("task {}: given back", task.id),
            Ok(answer) => eprintln!("task {} is not given back: {}", task.id, answer.status()),
            Err(error) => eprintln!("task {} is not given back: {}", task.id, in_full(&error)),
        }
    }

    async fn if_changed(&self, path: &[&str], known: &Validator) -> Result<Answer, QueueError> {
        ask(|| {
            let request = self.request(Method::GET, path);
            // A server that cannot hold an answer back passes over this (RFC 7240, 2).
            let request = request.header("prefer", format!("wait={}", HELD_BACK.as_secs()));
            match known {
                Some((name, value)) => request.header(name, value),
                None => request,
            }
        })
        .await
    }

    fn on_claim(&self, method: Method, task: &Task, part: Option<&str>) -> RequestBuilder {
        let id = task.id.to_string();
        let path = ["tasks", &id, "claims", &self.worker].into_iter();
        self.request(method, &path.chain(part).collect::<Vec<_>>())
    }

    fn request(&self, method: Method, path: &[&str]) -> RequestBuilder {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        self.client.request(method, url).bearer_auth(&self.token)
    }
}

/// It is gone, or another's.
fn is_lost(status: StatusCode) -> bool {
    matches!(status.as_u16(), 404 | 409 | 410 | 412)
}

/// How long the server may hold back its answer until there is something new.
const HELD_BACK: Duration = Duration::from_secs(20);
/// For an answer that the server has no reason to hold back.
const PATIENCE: Duration = Duration::from_secs(10);
/// For a report: the work must not be lost.
const LONGEST: Duration = Duration::from_secs(600);
