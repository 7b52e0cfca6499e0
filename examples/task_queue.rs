//! A worker at a queue: it looks for tasks with conditional requests, claims one, works on it and
//! reports. Ctrl-c, or the server's word, drops the work at once and gives the task back.
//!
//! `cargo run --example task_queue` rehearses it on loopback, behind a proxy that re-signs TLS;
//! with a URL behind it, `-- https://queue.example.com/`, it is run for real.

use std::error::Error;
use std::process::{self, ExitCode};
use std::time::Duration;
use std::{env, io};

use backon::{BackoffBuilder as _, ConstantBuilder, ExponentialBuilder, Retryable as _};
use serde::Deserialize;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio::{select, signal};
use trusted_transport::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use trusted_transport::http::{Method, StatusCode, Url};
use trusted_transport::{HttpClient, RequestBuilder, TransportError, TrustedTransport, in_full};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Some(url) = env::args().nth(1) else {
        return stage::rehearse(stage::task_queue::scene()).await;
    };
    match run(&url).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", in_full(&*error));
            ExitCode::FAILURE
        }
    }
}

async fn run(url: &str) -> Result<(), Box<dyn Error>> {
    let transport = TrustedTransport::from_env()?;
    let queue = Queue::at(Url::parse(url)?, &transport)?;
    let mut stop = ctrl_c();
    let mut known = None;
    loop {
        // Counted from the question: behind one that the server has held back, there is no pause.
        let next = Instant::now() + pause();
        let tasks = select! {
            looked = queue.look(&mut known) => looked?,
            () = stopped(&mut stop) => return Ok(()),
        };
        for task in match tasks {
            Look::Tasks(tasks) => tasks,
            Look::Unchanged => Vec::new(),
            Look::Closed => return Ok(()),
        } {
            // Not dropped half-way: nobody could say whether it is claimed.
            if queue.claim(&task).await? {
                queue.work_on(&task, &mut stop).await?;
            }
            if *stop.borrow() {
                return Ok(());
            }
        }
        select! {
            () = sleep_until(next) => {}
            () = stopped(&mut stop) => return Ok(()),
        }
    }
}

/// The work; yours goes here. It may be dropped wherever it awaits something.
async fn work(task: &Task) -> String {
    sleep(Duration::from_millis(task.takes)).await;
    task.text.to_uppercase()
}

#[derive(Deserialize)]
struct Task {
    id: u64,
    /// An entity tag: who claims it says which state of it was seen.
    version: String,
    text: String,
    /// In milliseconds.
    takes: u64,
}

#[derive(Deserialize)]
struct List {
    tasks: Vec<Task>,
}

enum Look {
    Tasks(Vec<Task>),
    Unchanged,
    /// There is nothing more to come.
    Closed,
}

struct Queue {
    base: Url,
    client: HttpClient,
    /// Claims are ours by this name, also those whose answer was lost.
    worker: String,
}

/// What asks for something only if it has changed.
type Validator = Option<(HeaderName, HeaderValue)>;

impl Queue {
    fn at(base: Url, transport: &TrustedTransport) -> Result<Self, TransportError> {
        let client = transport.http().timeout(HELD_BACK + PATIENCE).build()?;
        let worker = format!("worker-{}", process::id());
        Ok(Self {
            base,
            client,
            worker,
        })
    }

    /// The tasks, once they are others than last time or the server does not wait any longer.
    async fn look(&self, known: &mut Validator) -> Result<Look, QueueError> {
        let answer = self.if_changed("/tasks", known).await?;
        match answer.status {
            StatusCode::NOT_MODIFIED => return Ok(Look::Unchanged),
            StatusCode::GONE => return Ok(Look::Closed),
            _ => {}
        }
        let list: List = serde_json::from_slice(&answer.accepted("the question for tasks")?.body)?;
        // Only now: a list that could not be read has not been seen.
        *known = answer.validator();
        Ok(Look::Tasks(list.tasks))
    }

    /// Whether it is ours now. It is not if somebody was faster.
    async fn claim(&self, task: &Task) -> Result<bool, QueueError> {
        let claim = || {
            let request = self.request(Method::PUT, &self.claim_on(task));
            request.header(header::IF_MATCH, &task.version)
        };
        match within(PATIENCE, ask(claim)).await {
            Ok(answer) if answer.status == StatusCode::PRECONDITION_FAILED => {
                println!("task {}: somebody else has it", task.id);
                Ok(false)
            }
            Ok(answer) => answer.accepted("a claim").map(|_| true),
            Err(error) => {
                // It may have arrived all the same.
                if error.may_pass() {
                    self.give_back(task).await;
                }
                Err(error)
            }
        }
    }

    async fn work_on(
        &self,
        task: &Task,
        stop: &mut watch::Receiver<bool>,
    ) -> Result<(), QueueError> {
        println!("task {}: claimed", task.id);
        let outcome = select! {
            result = timeout(LONGEST, work(task)) => result.map_err(|_| Dropped::Late),
            () = stopped(stop) => Err(Dropped::Stopped),
            dropped = self.cancelled(task) => Err(dropped),
        };
        match outcome {
            Ok(result) => self.report(task, result).await,
            Err(dropped) => {
                println!("task {}: dropped, {}", task.id, dropped.why());
                // Who is not trusted is not told anything.
                if let Dropped::Failed(error) = dropped {
                    return Err(error);
                }
                self.give_back(task).await;
                Ok(())
            }
        }
    }

    /// Ends when the task is taken back, or it cannot be known any more.
    async fn cancelled(&self, task: &Task) -> Dropped {
        let mut known = None;
        loop {
            let next = Instant::now() + pause();
            match self
                .if_changed(&format!("/tasks/{}", task.id), &known)
                .await
            {
                Ok(answer) if answer.status == StatusCode::GONE => return Dropped::Cancelled,
                Ok(answer) if answer.status == StatusCode::NOT_MODIFIED => {}
                Ok(answer) => known = answer.validator(),
                Err(error) => return Dropped::Failed(error),
            }
            sleep_until(next).await;
        }
    }

    async fn report(&self, task: &Task, result: String) -> Result<(), QueueError> {
        let path = format!("{}/result", self.claim_on(task));
        let report = || self.request(Method::PUT, &path).body(result.clone());
        within(LONGEST, ask(report)).await?.accepted("a result")?;
        println!("task {}: done", task.id);
        Ok(())
    }

    /// As well as it can be done in the time: the program is ending, or the task is another's.
    async fn give_back(&self, task: &Task) {
        let given = ask(|| self.request(Method::DELETE, &self.claim_on(task)));
        match within(PATIENCE, given).await {
            Ok(answer) if answer.status.is_success() => println!("task {}: given back", task.id),
            Ok(answer) => eprintln!("task {} is not given back: {}", task.id, answer.status),
            Err(error) => eprintln!("task {} is not given back: {}", task.id, in_full(&error)),
        }
    }

    async fn if_changed(&self, path: &str, known: &Validator) -> Result<Answer, QueueError> {
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

    fn claim_on(&self, task: &Task) -> String {
        format!("/tasks/{}/claims/{}", task.id, self.worker)
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let mut url = self.base.clone();
        url.set_path(path);
        self.client.request(method, url).bearer_auth("secret")
    }
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn accepted(&self, what: &'static str) -> Result<&Self, QueueError> {
        let status = self.status;
        match status.is_success() {
            true => Ok(self),
            false => Err(QueueError::Refused { what, status }),
        }
    }

    /// The entity tag; where there is none, the date (RFC 9110, 13.1.3).
    fn validator(&self) -> Validator {
        let tag = self.headers.get(header::ETAG);
        let date = || self.headers.get(header::LAST_MODIFIED);
        tag.map(|it| (header::IF_NONE_MATCH, it.clone()))
            .or_else(|| date().map(|it| (header::IF_MODIFIED_SINCE, it.clone())))
    }
}

/// Why work was dropped.
enum Dropped {
    Stopped,
    Cancelled,
    Late,
    Failed(QueueError),
}

impl Dropped {
    fn why(&self) -> &'static str {
        match self {
            Self::Stopped => "since the program is to end",
            Self::Cancelled => "since it was cancelled",
            Self::Late => "since it has taken too long",
            Self::Failed(_) => "since the queue is lost",
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum QueueError {
    #[error("the queue was not reached")]
    Transport(#[from] TransportError),
    #[error("the queue is busy, with status {0}")]
    Busy(StatusCode),
    #[error("the queue did not accept {what}, with status {status}")]
    Refused {
        what: &'static str,
        status: StatusCode,
    },
    #[error("the queue has not answered within {0:?}")]
    Late(Duration),
    #[error("the queue's answer is longer than {LARGEST} bytes")]
    Large,
    #[error("the queue's list of tasks cannot be read")]
    List(#[from] serde_json::Error),
}

impl QueueError {
    /// A certificate that is refused now is refused the next time, too: that is never tried again.
    fn may_pass(&self) -> bool {
        match self {
            Self::Transport(error) => error.is_retryable(),
            Self::Busy(_) | Self::Late(_) => true,
            Self::Refused { .. } | Self::Large | Self::List(_) => false,
        }
    }
}

/// Asks until there is an answer or there is no hope; who waits for it sets the limit.
async fn ask(request: impl Fn() -> RequestBuilder) -> Result<Answer, QueueError> {
    (|| once(request()))
        .retry(pace())
        .when(QueueError::may_pass)
        .notify(|error, delay| eprintln!("again in {delay:.1?}: {error}"))
        .await
}

async fn once(request: RequestBuilder) -> Result<Answer, QueueError> {
    let mut response = request.send().await?;
    let status = response.status();
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        return Err(QueueError::Busy(status));
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(TransportError::from)? {
        body.extend_from_slice(&chunk);
        if body.len() > LARGEST {
            return Err(QueueError::Large);
        }
    }
    Ok(Answer {
        status,
        headers: response.headers().clone(),
        body,
    })
}

async fn within<T>(
    limit: Duration,
    asked: impl Future<Output = Result<T, QueueError>>,
) -> Result<T, QueueError> {
    let late = |_| Err(QueueError::Late(limit));
    timeout(limit, asked).await.unwrap_or_else(late)
}

/// True from the first ctrl-c on; the second ends the program, whatever it is doing.
fn ctrl_c() -> watch::Receiver<bool> {
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(async move {
        signal::ctrl_c().await?;
        eprintln!("ending; ctrl-c again to end at once");
        stop.send_replace(true);
        signal::ctrl_c().await?;
        process::exit(130);
        #[expect(unreachable_code, reason = "the type of the block")]
        io::Result::Ok(())
    });
    stopped
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // Without ctrl-c on this system, nobody will ever say so.
    if stop.wait_for(|stop| *stop).await.is_err() {
        std::future::pending().await
    }
}

/// Not at the same moment as all the others.
fn pause() -> Duration {
    let mut pauses = ConstantBuilder::default()
        .with_delay(Duration::from_millis(500))
        .with_jitter()
        .build();
    pauses.next().unwrap_or(PATIENCE)
}

fn pace() -> ExponentialBuilder {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(200))
        .with_max_delay(Duration::from_secs(30))
        .without_max_times()
        .with_jitter()
}

/// How long the server may hold back its answer until there is something new.
const HELD_BACK: Duration = Duration::from_secs(20);
/// For an answer that the server has no reason to hold back.
const PATIENCE: Duration = Duration::from_secs(10);
/// For the work on a task, and for its report.
const LONGEST: Duration = Duration::from_secs(600);
const LARGEST: usize = 1 << 20;
