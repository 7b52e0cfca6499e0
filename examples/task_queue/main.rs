//! A worker at a queue: it looks for tasks with conditional requests, claims one, works on it and
//! reports. Ctrl-c, or the server's word, drops the work at once and gives the task back.
//!
//! `cargo run --example task_queue` rehearses it on loopback, behind a proxy that re-signs TLS; with a
//! URL behind it, `-- https://queue.example.com/`, and a token in `QUEUE_TOKEN`, it is run for real.

mod asking;
mod queue;

use std::error::Error;
use std::process::{self, ExitCode};
use std::time::Duration;
use std::{env, io};

use backon::{BackoffBuilder as _, ConstantBuilder};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio::{select, signal};
use trusted_transport::{CaPolicy, TrustedTransport, in_full};

use asking::QueueError;
use queue::{Claim, Look, Queue, Task};

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
    let token = env::var("QUEUE_TOKEN").map_err(|_| "QUEUE_TOKEN is not set")?;
    // Neither a URL nor a redirect takes the token to where it can be read on the way.
    let transport = TrustedTransport::builder(CaPolicy::from_env().load()?)
        .https_only(true)
        .build()?;
    let queue = Queue::at(url, token, &transport)?;
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
            match queue.claim(&task).await? {
                Claim::Ours => work_on(&queue, &task, &mut stop).await?,
                Claim::Taken => println!("task {}: somebody else has it", task.id),
                // It may be in a list that is no other than the last.
                Claim::Withdrawn => known = None,
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

async fn work_on(
    queue: &Queue,
    task: &Task,
    stop: &mut watch::Receiver<bool>,
) -> Result<(), QueueError> {
    println!("task {}: claimed", task.id);
    let outcome = select! {
        result = timeout(LONGEST, work(task)) => result.map_err(|_| Dropped::Late),
        () = stopped(stop) => Err(Dropped::Stopped),
        lost = queue.cancelled(task) => Err(lost.map_or_else(Dropped::Lost, |()| Dropped::Cancelled)),
    };
    let dropped = match outcome {
        Ok(result) => {
            match queue.report(task, &result).await? {
                true => println!("task {}: done", task.id),
                false => println!("task {}: done, but it was another's by then", task.id),
            }
            return Ok(());
        }
        Err(dropped) => dropped,
    };
    println!("task {}: dropped, {}", task.id, dropped.why());
    match dropped {
        // Who is not trusted is not told anything.
        Dropped::Lost(error @ QueueError::Transport(_)) => return Err(error),
        _ => queue.give_back(task).await,
    }
    match dropped {
        Dropped::Lost(error) => Err(error),
        _ => Ok(()),
    }
}

/// The work; yours goes here. It may be dropped wherever it awaits something.
async fn work(task: &Task) -> String {
    sleep(Duration::from_millis(task.takes)).await;
    task.text.to_uppercase()
}

/// Why work was dropped.
enum Dropped {
    Stopped,
    Cancelled,
    Late,
    Lost(QueueError),
}

impl Dropped {
    fn why(&self) -> &'static str {
        match self {
            Self::Stopped => "since the program is to end",
            Self::Cancelled => "since it was cancelled",
            Self::Late => "since it has taken too long",
            Self::Lost(_) => "since the queue is lost",
        }
    }
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
    let pauses = ConstantBuilder::default().with_delay(PAUSE).with_jitter();
    pauses.build().next().unwrap_or(PAUSE)
}

const PAUSE: Duration = Duration::from_millis(500);
/// For the work on a task.
const LONGEST: Duration = Duration::from_secs(600);
