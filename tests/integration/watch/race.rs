//! Changes that come before anybody watches: after the load, and in the middle of it.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use trusted_transport::{TrustAnchors, TrustedTransport};
use trusted_transport_lab::Authority;

use super::{INTERVAL, fingerprint, link, relink, until, write};
use crate::fixtures::exclusive;

/// Unlike what a test writes, it has not just changed: only the link tells.
pub(crate) const AGED: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/crates/lab/fixtures/rsa1024-root.pem"
);

async fn follows(anchors: TrustAnchors) {
    let transport = TrustedTransport::new(anchors).expect("a token");
    let before = fingerprint(&transport);
    let _watch = transport.watch(INTERVAL);
    until("followed", || fingerprint(&transport) != before).await;
}

#[tokio::test]
async fn a_change_between_load_and_watch_is_seen() {
    let at = TempDir::new().expect("a directory");
    write(at.path().join("first.pem"), &Authority::root("Old").pem());
    let path = link("first.pem", at.path().join("ca.pem"));
    let anchors = exclusive().bundle(&path).load().expect("it loads");
    relink(AGED, path);
    follows(anchors).await;
}

/// Loads a link and then a file that takes long to read, and changes the link in between; whether
/// it came in between is told by the clock.
fn loaded_meanwhile(at: &Path, slow: &Path, pause: Duration) -> Option<TrustAnchors> {
    let path = at.join("ca.pem");
    relink("first.pem", path.clone());
    let policy = exclusive().bundle(&path).bundle(slow);
    std::thread::scope(|scope| {
        let changed = scope.spawn(|| {
            std::thread::sleep(pause);
            relink(AGED, path.clone());
            Instant::now()
        });
        let anchors = policy.load().expect("it loads");
        let loaded = Instant::now();
        let in_time = changed.join().expect("changed") < loaded;
        let mut accepted = anchors.report().bundle.accepted.iter();
        (in_time && accepted.any(|it| it.subject == "CN=Old")).then_some(anchors)
    })
}

#[tokio::test]
async fn a_change_during_the_load_is_seen() {
    let at = TempDir::new().expect("a directory");
    let pem = Authority::root("Old").pem();
    write(at.path().join("first.pem"), &pem);
    let long = "a comment that has to be read\n".repeat(500_000);
    let slow = write(
        at.path().join("slow.pem"),
        &(long + &Authority::root("Slow").pem()),
    );
    let begun = Instant::now();
    exclusive().bundle(&slow).load().expect("it loads");
    let takes = begun.elapsed();
    // What is new is read twice, which would hide that a change was overlooked.
    tokio::time::sleep(Duration::from_millis(2500)).await;
    let between = (1..20).find_map(|share| {
        let pause = takes * share / 20;
        loaded_meanwhile(at.path(), &slow, pause)
    });
    follows(between.expect("one of them fell in between")).await;
    fs::remove_file(slow).expect("removed");
}
