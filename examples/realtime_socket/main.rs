//! A conversation that outlives its connections: what is typed is sent, what comes is printed, and a
//! connection that is cut off or falls silent is made again; nothing gets lost or told twice.
//!
//! `cargo run --example realtime_socket` rehearses it on loopback, behind a proxy that re-signs TLS;
//! with a URL and the seconds between pings, `-- wss://api.example.com/talk 15`, it is run for real,
//! and takes the token for the service from `REALTIME_TOKEN`.

mod lost;
mod session;

use std::env;
use std::error::Error;
use std::io::{self, BufRead, ErrorKind, Read as _, stdin};
use std::pin::{Pin, pin};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};
use tokio::signal::ctrl_c;
use tokio::sync::mpsc;
use tokio::time::sleep;
use trusted_transport::{CaPolicy, TrustedTransport, in_full};

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
    let token = env::var("REALTIME_TOKEN").map_err(|_| "REALTIME_TOKEN has to hold the token")?;
    // The token is never sent without TLS.
    let transport = TrustedTransport::builder(CaPolicy::from_env().load()?).https_only(true);
    let ping = Duration::from_secs(seconds.parse::<u16>()?.max(1).into());
    let mut session = Session::of(transport.build()?, url, &token, ping, typed());
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
fn typed() -> mpsc::Receiver<io::Result<String>> {
    let (typed, lines) = mpsc::channel(1);
    thread::spawn(move || {
        let mut keyboard = stdin().lock();
        while let Some(line) = line(&mut keyboard).transpose() {
            // Behind a line that is no message, there are others.
            let broken = matches!(&line, Err(error) if error.kind() != ErrorKind::InvalidData);
            if typed.blocking_send(line).is_err() || broken {
                return;
            }
        }
    });
    lines
}

/// The next line, without its end. `None` is the end of the input.
fn line(input: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    if input.take(LONGEST).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    if line.pop_if(|last| *last == b'\n').is_some() {
        line.pop_if(|last| *last == b'\r');
    } else if input.skip_until(b'\n')? > 0 {
        let error = "a line is too long for a message";
        return Err(io::Error::new(ErrorKind::InvalidData, error));
    }
    let line = String::from_utf8(line);
    line.map(Some)
        .map_err(|error| io::Error::new(ErrorKind::InvalidData, error))
}

/// What a server says is text, and nothing that steers a terminal.
pub(crate) fn shown(text: &str) -> String {
    text.replace(|it: char| it.is_control() && it != '\n', "\u{fffd}")
}

/// Without jitter, all the clients of a server that restarts would come back at once.
fn pace() -> ExponentialBuilder {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(200))
        .with_max_delay(Duration::from_secs(30))
        .with_max_times(5)
        .with_jitter()
}

/// A line that is longer is not sent.
const LONGEST: u64 = 4096;
