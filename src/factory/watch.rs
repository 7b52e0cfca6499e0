//! Reloads a token when its files change. It looks at them again and again: notifications of the
//! operating system miss what happens on NFS, in overlays and behind Kubernetes' mounts.

use std::error::Error;
use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use tokio::task::AbortHandle;

use super::error::TransportError;
use super::transport::{Reloaded, TrustedTransport};

/// Reloads a [`TrustedTransport`] when its files change, until it is dropped; from
/// [`TrustedTransport::watch`].
#[must_use = "nothing is watched any more when this is dropped"]
pub struct Watch(AbortHandle);

impl TrustedTransport {
    /// [Reloads](Self::reload) when the files of the CA policy's bundle change, on a task of its
    /// own, until what this returns is dropped; a reload that has begun by then is still finished.
    ///
    /// It looks at once, and then every `interval`, give or take a tenth, so that many processes do
    /// not all read at the same time; 10 ms is the shortest. A look opens no file. It notices what is
    /// written in place, renamed to the path, deleted and made again, another target of a symbolic
    /// link on the way to the file (Kubernetes' `..data`), and of a directory what is added, removed
    /// or changed in it. It also notices what changed since the policy was loaded. Changes of the
    /// base roots are read with the next reload, and do not cause one.
    ///
    /// A reload that fails changes nothing: it is logged as a warning, once for each error that is
    /// another than the one before, and tried again with each look until it succeeds.
    ///
    /// The watch holds the token: clients and configurations that were made from it obey, whether or
    /// not anything else of it is left. If the bundle is in memory, or if there is none, there is
    /// nothing to watch, and it ends at once.
    ///
    /// A program without async calls [`reload`](Self::reload) on a thread of its own instead.
    ///
    /// # Panics
    /// Outside of a tokio runtime. Without that runtime's timer the task panics.
    pub fn watch(&self, interval: Duration) -> Watch {
        let watching = watch(self.clone(), interval.max(SHORTEST));
        Watch(tokio::spawn(watching).abort_handle())
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").finish_non_exhaustive()
    }
}

async fn watch(transport: TrustedTransport, interval: Duration) {
    let sources = transport.anchors().sources();
    if sources.is_empty() {
        tracing::info!(target: crate::LOG_TARGET, "no CA bundle in a file, nothing to watch");
    }
    for path in &sources {
        let path = path.display();
        tracing::debug!(target: crate::LOG_TARGET, %path, ?interval, "CA bundle watched");
    }
    let mut failure = Failure::default();
    while !sources.is_empty() {
        if let Some(reloaded) = look(&transport, failure.is_lasting()).await {
            failure.note(reloaded);
        }
        tokio::time::sleep(around(interval)).await;
    }
}

/// `None` if there is no need for a reload.
async fn look(
    transport: &TrustedTransport,
    failing: bool,
) -> Option<Result<Reloaded, TransportError>> {
    let transport = transport.clone();
    // What is logged on the other thread goes where the task's log goes.
    let log = tracing::dispatcher::get_default(Clone::clone);
    let looking = move || {
        let outdated = failing || transport.anchors().is_outdated();
        outdated.then(|| tracing::dispatcher::with_default(&log, || transport.reload()))
    };
    // One that panics has said so, and the next look is another attempt.
    tokio::task::spawn_blocking(looking).await.ok().flatten()
}

/// Why the last reload failed, if it did.
#[derive(Default)]
struct Failure(Option<String>);

impl Failure {
    fn is_lasting(&self) -> bool {
        self.0.is_some()
    }

    /// Nobody is there to be given the error.
    fn note(&mut self, reloaded: Result<Reloaded, TransportError>) {
        let Err(error) = reloaded else {
            if self.0.take().is_some() {
                tracing::info!(target: crate::LOG_TARGET, "CA bundle loads again");
            }
            return;
        };
        let text = in_full(&error);
        if self.0.as_deref() != Some(&text) {
            tracing::warn!(
                target: crate::LOG_TARGET,
                error = text,
                hint = error.hint(),
                "CA bundle changed, but cannot be loaded: the trust of before stays in force"
            );
        }
        self.0 = Some(text);
    }
}

/// With its causes.
fn in_full(error: &TransportError) -> String {
    let (mut text, mut cause) = (error.to_string(), error.source());
    while let Some(next) = cause {
        text += &format!(": {next}");
        cause = next.source();
    }
    text
}

/// Up to a tenth less or more.
fn around(interval: Duration) -> Duration {
    let random = RandomState::new().build_hasher().finish();
    let share = random as f64 / u64::MAX as f64;
    let tenth = interval / 10;
    (interval - tenth).saturating_add(tenth.mul_f64(2.0 * share))
}

const SHORTEST: Duration = Duration::from_millis(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_differ_by_a_tenth_at_most() {
        let [second, tenth] = [1000, 100].map(Duration::from_millis);
        let intervals: Vec<_> = (0..1000).map(|_| around(second)).collect();
        let (shortest, longest) = (intervals.iter().min(), intervals.iter().max());
        let (shortest, longest) = (*shortest.expect("some"), *longest.expect("some"));
        assert!(
            shortest >= second - tenth && shortest < second - tenth / 2,
            "{shortest:?}"
        );
        assert!(
            longest <= second + tenth && longest > second + tenth / 2,
            "{longest:?}"
        );
        assert!(around(Duration::MAX) > second);
    }
}
