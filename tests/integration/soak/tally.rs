//! What came of the attempts.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use trusted_transport::{Refusal, TransportError, ws};

/// How an attempt failed.
pub(crate) enum Failure {
    Transport(TransportError),
    /// The connection was made, and then something else came than should have.
    Answer(String),
}

impl From<TransportError> for Failure {
    fn from(error: TransportError) -> Self {
        Self::Transport(error)
    }
}

impl From<ws::Error> for Failure {
    fn from(error: ws::Error) -> Self {
        Self::Answer(format!("{error:?}"))
    }
}

impl Failure {
    pub(crate) fn is_unknown_issuer(&self) -> bool {
        match self {
            Self::Transport(error) => {
                let failure = error.trust_failure();
                failure.is_some_and(|it| it.refusal() == Refusal::UnknownIssuer)
            }
            Self::Answer(_) => false,
        }
    }

    pub(crate) fn is_of_trust(&self) -> bool {
        matches!(self, Self::Transport(error) if error.trust_failure().is_some())
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transport(error) => error.fmt(f),
            Self::Answer(answer) => f.write_str(answer),
        }
    }
}

/// Counts by what was done, and whatever should not have been.
#[derive(Clone, Default)]
pub(crate) struct Tally {
    counts: BTreeMap<&'static str, u64>,
    pub(crate) wrong: Vec<String>,
    /// Of those with a limit: how much longer the slowest took.
    overdue: Duration,
}

impl Tally {
    pub(crate) fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    pub(crate) fn wrong(&mut self, what: String) {
        println!("wrong: {what}");
        self.wrong.push(what);
    }

    /// Whether the attempt ended as soon as its limit demands.
    pub(crate) fn took(&mut self, what: &str, time: Duration, limit: Duration) {
        let overdue = time.saturating_sub(limit);
        self.overdue = self.overdue.max(overdue);
        if overdue > MARGIN {
            self.wrong(format!("{what} took {time:?}, and {limit:?} was the limit"));
        }
    }

    pub(crate) fn attempts(&self) -> u64 {
        [CONNECTED, REFUSED, FAILED, DROPPED]
            .iter()
            .map(|what| self.of(what))
            .sum()
    }

    pub(crate) fn is_mixed(&self) -> bool {
        let kinds = [CONNECTED, REFUSED, FAILED, DROPPED, ECHOED, ROTATED];
        kinds.iter().all(|what| self.of(what) >= 20)
    }

    fn of(&self, what: &str) -> u64 {
        self.counts.get(what).copied().unwrap_or_default()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (what, count) in &self.counts {
            write!(f, "{count} {what}, ")?;
        }
        write!(
            f,
            "{} wrong; the slowest was {} ms over its limit",
            self.wrong.len(),
            self.overdue.as_millis()
        )
    }
}

pub(crate) const CONNECTED: &str = "connected";
pub(crate) const REFUSED: &str = "refused";
pub(crate) const FAILED: &str = "failed as they should";
pub(crate) const DROPPED: &str = "dropped on the way";
pub(crate) const ECHOED: &str = "echoes over long-lived sockets";
pub(crate) const ROTATED: &str = "rotations";
pub(crate) const BETWEEN: &str = "with a rotation in between";

/// For a machine that is busy with something else.
const MARGIN: Duration = Duration::from_secs(5);
