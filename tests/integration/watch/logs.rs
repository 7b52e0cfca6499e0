//! What an administrator reads of a watched bundle, and on which thread it was done.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread::ThreadId;

use tempfile::TempDir;
use trusted_transport_lab::Authority;

use super::{INTERVAL, builder, file, fingerprint, until};
#[cfg(unix)]
use super::{link, race::AGED, relink};
use crate::fixtures::exclusive;

/// Each line, and who wrote it.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<(ThreadId, String)>>>);

impl Log {
    fn lines(&self, part: &str) -> Vec<(ThreadId, String)> {
        let mut lines = self.0.lock().expect("not poisoned").clone();
        lines.retain(|(_, line)| line.contains(part));
        lines
    }

    /// What is done and logged meanwhile, on a runtime of this thread.
    fn during(work: impl AsyncFnOnce(&Self)) {
        let log = Self::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_max_level(tracing::Level::DEBUG)
            .with_writer(move || writer.clone())
            .finish();
        // While there is one subscriber only, tracing asks whatever thread comes to an event first
        // whether anybody listens: that of another test has nobody.
        let _second = tracing::Dispatch::new(tracing_subscriber::fmt().finish());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let runtime = runtime.expect("a runtime");
        tracing::subscriber::with_default(subscriber, || runtime.block_on(work(&log)));
    }
}

impl Write for Log {
    /// The subscriber writes whole lines.
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let line = String::from_utf8_lossy(bytes).into_owned();
        let here = std::thread::current().id();
        self.0.lock().expect("not poisoned").push((here, line));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// In one step, so that nobody sees a part of it.
fn put(path: &Path, text: &str) {
    let next = path.with_extension("next");
    fs::write(&next, text).expect("written");
    fs::rename(next, path).expect("renamed");
}

const FAILED: &str = "WARN trusted_transport: CA bundle changed, but cannot be loaded";
const CHANGED: &str = "INFO trusted_transport: trust changed";

#[test]
fn changes_are_told_and_failures_once() {
    let [old, new] = ["Old", "New"].map(|name| Authority::root(name).pem());
    let at = TempDir::new().expect("a directory");
    let path = file(at.path(), &old);
    Log::during(async |log| {
        let transport = builder(&path).build().expect("a token");
        let before = fingerprint(&transport);
        let _watch = transport.watch(INTERVAL);
        until("watched", || !log.lines("CA bundle watched").is_empty()).await;
        let watched = log.lines("DEBUG trusted_transport: CA bundle watched");
        assert!(watched[0].1.contains("ca.pem"), "{watched:?}");

        put(&path, &(new.clone() + &old));
        until("changed", || !log.lines(CHANGED).is_empty()).await;
        let [(thread, changed)] = &log.lines(CHANGED)[..] else {
            panic!("{:?}", log.lines(""));
        };
        let fingerprints = format!(
            "before=\"{before}\" fingerprint=\"{}\"",
            fingerprint(&transport)
        );
        assert!(changed.contains(&fingerprints), "{changed}");
        assert!(changed.contains("anchors=2"), "{changed}");
        assert_ne!(
            *thread,
            std::thread::current().id(),
            "the runtime was blocked"
        );

        let failures = || log.lines(FAILED).len();
        put(&path, &new[..new.len() / 2]);
        until("failed", || failures() == 1).await;
        // It is tried again and again meanwhile.
        tokio::time::sleep(6 * INTERVAL).await;
        assert_eq!(failures(), 1);
        let (_, failed) = &log.lines(FAILED)[0];
        for part in ["ca.pem", "is corrupt in block 1", "hint="] {
            assert!(failed.contains(part), "{part}\n{failed}");
        }

        fs::remove_file(&path).expect("removed");
        until("failed otherwise", || failures() == 2).await;
        let (_, failed) = &log.lines(FAILED)[1];
        assert!(failed.contains("failed to read the CA bundle"), "{failed}");
        assert!(
            failed.contains("No such file") || cfg!(not(unix)),
            "{failed}"
        );

        let again = "INFO trusted_transport: CA bundle loads again";
        assert!(log.lines(again).is_empty());
        put(&path, &new);
        until("it loads again", || !log.lines(again).is_empty()).await;
        assert_eq!(log.lines(CHANGED).len(), 2);
        assert_eq!(failures(), 2);
        assert!(log.lines("CERTIFICATE-----").is_empty());
    });
}

/// All looks as before then; but nobody would be told that it is well again.
#[cfg(unix)]
#[test]
fn a_failure_ends_with_the_link_that_leads_back() {
    let at = TempDir::new().expect("a directory");
    let path = link(AGED, at.path().join("ca.pem"));
    Log::during(async |log| {
        let transport = builder(&path).build().expect("a token");
        let _watch = transport.watch(INTERVAL);
        relink("nowhere", path.clone());
        until("failed", || log.lines(FAILED).len() == 1).await;
        relink(AGED, path.clone());
        let again = "INFO trusted_transport: CA bundle loads again";
        until("loads again", || log.lines(again).len() == 1).await;
        assert!(log.lines(CHANGED).is_empty());
    });
}

#[test]
fn where_there_is_no_file_there_is_nothing_to_watch() {
    Log::during(async |log| {
        let policy = exclusive().bundle_pem("mine", Authority::root("Root").pem());
        let transport = trusted_transport::TrustedTransport::new(policy.load().expect("it loads"));
        let _watch = transport.expect("a token").watch(INTERVAL);
        let nothing = "INFO trusted_transport: no CA bundle in a file, nothing to watch";
        until("said so", || !log.lines(nothing).is_empty()).await;
        tokio::time::sleep(3 * INTERVAL).await;
        assert_eq!(
            log.lines("trust anchors loaded").len(),
            1,
            "once, by the policy"
        );
    });
}

/// What is new is read once more when a second change in the same moment cannot go unnoticed any
/// longer; then there is silence.
#[test]
fn a_file_that_does_not_change_is_left_alone() {
    let at = TempDir::new().expect("a directory");
    let path = file(at.path(), &Authority::root("Root").pem());
    Log::during(async |log| {
        let transport = builder(&path).build().expect("a token");
        let _watch = transport.watch(INTERVAL);
        let loads = || log.lines("trust anchors loaded").len();
        until("read again", || loads() == 2).await;
        tokio::time::sleep(10 * INTERVAL).await;
        assert_eq!(loads(), 2);
        assert!(log.lines(CHANGED).is_empty());
    });
}
