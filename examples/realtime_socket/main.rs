//! A conversation that outlives its connections: what is typed is sent, what comes is printed, and a
//! connection that is cut off or falls silent is made again; nothing gets lost or told twice.
//!
//! `cargo run --example realtime_socket` rehearses it on loopback, behind a proxy that re-signs TLS;
//! with a URL and the seconds between pings, `-- wss://api.example.com/talk 15`, it is run for real.

mod lost;
mod session;

use std::env;
use std::error::Error;
use std::io::{BufRead as _, Read as _, stdin};
use std::pin::{Pin, pin};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};
use tokio::signal::ctrl_c;
use tokio::sync::mpsc;
use tokio::time::sleep;
use trusted_transport::{TrustedTransport, in_full};

use lost::Lost;
use session::Session;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if arguments.is_empty() {
        return stage::rehearse(stage::realtime::scene()).await;
    }
    match run(&arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", in_full(&*error));
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let [url, seconds] = arguments else {
        return Err("call it with a URL and the seconds between pings".into());
    };
    let transport = TrustedTransport::from_env()?;
    let ping = Duration::from_secs(seconds.parse::<u16>()?.max(1).into());
    let mut session = Session::of(transport, url, ping, typed());
    let stop = pin!(async { drop(ctrl_c().await) });
    Ok(persist(&mut session, stop).await?)
}

/// Connects as often as it takes, and as it is bearable.
async fn persist(session: &mut Session, mut stop: Pin<&mut impl Future>) -> Result<(), Lost> {
    let mut delays = pace().build();
    loop {
        let before = session.progress();
        let lost = match session.connection(stop.as_mut()).await {
            Err(lost) if lost.may_pass() => lost,
            outcome => return outcome,
        };
        if session.progress() != before {
            delays = pace().build();
        }
        let Some(delay) = delays.next() else {
            return Err(lost);
        };
        eprintln!("(again in {delay:.1?}: {:#})", in_full(&lost));
        tokio::select! {
            () = sleep(delay) => {}
            _ = stop.as_mut() => return session.confirmed(),
        }
    }
}

/// What is typed, line by line. The thread ends with the program: a read cannot be cancelled.
fn typed() -> mpsc::Receiver<String> {
    let (typed, lines) = mpsc::channel(1);
    thread::spawn(move || {
        loop {
            let mut line = String::new();
            match stdin().lock().take(LONGEST).read_line(&mut line) {
                Ok(1..) => {}
                Ok(0) | Err(_) => return,
            }
            if typed.blocking_send(line.trim_end().to_owned()).is_err() {
                return;
            }
        }
    });
    lines
}

/// Without jitter, all the clients of a server that restarts would come back at once.
fn pace() -> ExponentialBuilder {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(200))
        .with_max_delay(Duration::from_secs(30))
        .with_max_times(5)
        .with_jitter()
}

/// A line that is longer comes in parts.
const LONGEST: u64 = 4096;
