//! `check`: connects to every URL through the token of the environment and says how each
//! went. Several are tried at the same time, and shown in their order.

mod checker;
mod facts;
mod judges;
mod progress;
mod show;

use std::io::{self, Write};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;
use serde::Serialize;
use trusted_transport::TrustReport;

use self::checker::Checker;
use self::facts::{CheckResult, Failure};
use self::judges::Judges;
use self::progress::Progress;
use crate::Exit;
use crate::explain::Explanation;
use crate::output::Output;
use crate::target::Target;

/// What is to be checked, and how.
pub(crate) struct Options {
    pub(crate) urls: Vec<String>,
    /// Every host over HTTP and over WebSocket.
    pub(crate) both: bool,
    /// For a connection, from name resolution to the last handshake.
    pub(crate) timeout: Duration,
    pub(crate) json: bool,
}

pub(crate) async fn run(out: &mut Output<impl Write>, options: &Options) -> io::Result<Exit> {
    let (targets, checker) = match options.prepared() {
        Ok(prepared) => prepared,
        Err(error) => {
            match options.json {
                true => out.json(&Checked::nothing(*error))?,
                false => error.explanation.report()?,
            }
            return Ok(Exit::NoPolicy);
        }
    };
    let progress = Progress::of(targets.len(), options.json);
    let checks = targets.iter().map(|target| async {
        let result = checker.check(target).await;
        progress.one_more();
        result
    });
    let mut results: Vec<CheckResult> = stream::iter(checks).buffered(AT_ONCE).collect().await;
    drop(progress);
    // Not before: it takes time, in which nothing else would be measured right.
    let judges = Judges::new(&checker.transport);
    for (result, target) in results.iter_mut().zip(&targets) {
        if options.json || result.is_refused() {
            result.would_verify = judges.judge(target, result);
        }
    }
    let report = checker.transport.report();
    match options.json {
        true => out.json(&Checked::of(&results, &report))?,
        false => show::all(out, &results, &report)?,
    }
    Ok(match results.iter().all(|result| result.ok) {
        true => Exit::Success,
        false => Exit::Failed,
    })
}

impl Options {
    fn prepared(&self) -> Result<(Vec<Target>, Checker), Box<Failure>> {
        let targets = self.targets().map_err(|error| Failure::of(*error))?;
        let checker = Checker::from_env(self.timeout);
        Ok((targets, checker.map_err(|error| Failure::from(&error))?))
    }

    /// What is no URL is an error before anything is connected.
    fn targets(&self) -> Result<Vec<Target>, Box<Explanation>> {
        let mut targets = Vec::new();
        for url in &self.urls {
            let target = Target::of(url)?;
            let twin = self.both.then(|| target.twin());
            targets.push(target);
            targets.extend(twin);
        }
        Ok(targets)
    }
}

#[derive(Serialize)]
struct Checked<'a> {
    results: &'a [CheckResult],
    policy: Option<&'a TrustReport>,
    error: Option<Failure>,
}

impl<'a> Checked<'a> {
    fn of(results: &'a [CheckResult], policy: &'a TrustReport) -> Self {
        Self {
            results,
            policy: Some(policy),
            error: None,
        }
    }

    fn nothing(error: Failure) -> Self {
        Self {
            results: &[],
            policy: None,
            error: Some(error),
        }
    }
}

const AT_ONCE: usize = 8;
