//! A watched token follows its files, however they change, and stops with its watch.

#[cfg(unix)]
mod race;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use trusted_transport::{ProxyPolicy, TransportBuilder, TrustedTransport};
use trusted_transport_lab::{Authority, Origin};

use crate::fixtures::exclusive;
use crate::reload::{UNKNOWN, origin};
use crate::support::{self, Outcome};

mod logs;

pub(crate) const INTERVAL: Duration = Duration::from_millis(50);

/// Waits until it is so, for 20 seconds at most.
pub(crate) async fn until(what: &str, is_so: impl Fn() -> bool) {
    let limit = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < limit, "still not: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

pub(crate) fn fingerprint(transport: &TrustedTransport) -> String {
    transport.report().fingerprint.clone()
}

pub(crate) fn builder(path: &Path) -> TransportBuilder {
    let anchors = exclusive().bundle(path).load().expect("it loads");
    TrustedTransport::builder(anchors).proxy(ProxyPolicy::Direct)
}

/// A place for a bundle of one authority, that of another, and what changes the one to the other.
struct Case {
    name: &'static str,
    /// Puts the first there, and says what is to be watched.
    begin: fn(&Path, &str) -> PathBuf,
    change: fn(&Path, &str),
}

fn write(path: PathBuf, text: &str) -> PathBuf {
    fs::write(&path, text).expect("written");
    path
}

fn folder(path: PathBuf) -> PathBuf {
    fs::create_dir(&path).expect("a directory");
    path
}

#[cfg(unix)]
fn link(target: &str, path: PathBuf) -> PathBuf {
    std::os::unix::fs::symlink(target, &path).expect("a link");
    path
}

/// Over whatever is there, in one step.
#[cfg(unix)]
fn relink(target: &str, path: PathBuf) {
    let next = link(target, path.with_extension("next"));
    fs::rename(next, path).expect("renamed");
}

fn file(at: &Path, pem: &str) -> PathBuf {
    write(at.join("ca.pem"), pem)
}

/// A bundle directory, with a file that stays.
fn directory(at: &Path, pem: &str) -> PathBuf {
    let bundle = folder(at.join("bundle"));
    write(bundle.join("one.pem"), pem);
    write(bundle.join("other.pem"), &Authority::root("Stays").pem());
    bundle
}

/// As the kubelet lays out a volume.
#[cfg(unix)]
fn volume(at: &Path, pem: &str) -> PathBuf {
    let volume = folder(at.join("volume"));
    write(folder(volume.join("..2026_11_22")).join("ca.pem"), pem);
    link("..2026_11_22", volume.join("..data"));
    link("..data/ca.pem", volume.join("ca.pem"));
    volume
}

#[cfg(unix)]
fn swap(at: &Path, pem: &str) {
    let volume = at.join("volume");
    write(folder(volume.join("..2026_11_23")).join("ca.pem"), pem);
    link("..2026_11_23", volume.join("..data_tmp"));
    fs::rename(volume.join("..data_tmp"), volume.join("..data")).expect("renamed");
    fs::remove_dir_all(volume.join("..2026_11_22")).expect("removed");
}

const CASES: &[Case] = &[
    Case {
        name: "written in place",
        begin: file,
        change: |at, pem| {
            file(at, pem);
        },
    },
    Case {
        name: "renamed over",
        begin: file,
        change: |at, pem| {
            let next = write(at.join("next.pem"), pem);
            fs::rename(next, at.join("ca.pem")).expect("renamed");
        },
    },
    Case {
        name: "deleted and made again",
        begin: file,
        change: |at, pem| {
            fs::remove_file(at.join("ca.pem")).expect("removed");
            std::thread::sleep(2 * INTERVAL);
            file(at, pem);
        },
    },
    Case {
        name: "written in two parts",
        begin: file,
        change: |at, pem| {
            file(at, &pem[..pem.len() / 2]);
            std::thread::sleep(2 * INTERVAL);
            file(at, pem);
        },
    },
    Case {
        name: "changed in a directory",
        begin: directory,
        change: |at, pem| {
            write(at.join("bundle/one.pem"), pem);
        },
    },
    Case {
        name: "added to a directory, another removed",
        begin: directory,
        change: |at, pem| {
            write(at.join("bundle/two.pem"), pem);
            fs::remove_file(at.join("bundle/one.pem")).expect("removed");
        },
    },
    #[cfg(unix)]
    Case {
        name: "with the length and date of before",
        begin: |at, pem| file(at, &format!("{pem:4096}")),
        change: |at, pem| {
            let path = at.join("ca.pem");
            let date = fs::metadata(&path).and_then(|it| it.modified());
            let written = fs::File::options()
                .write(true)
                .open(write(path, &format!("{pem:4096}")));
            let back = written.and_then(|file| file.set_modified(date?));
            back.expect("a date");
        },
    },
    #[cfg(unix)]
    Case {
        name: "a link that leads elsewhere",
        begin: |at, pem| {
            write(at.join("first.pem"), pem);
            link("first.pem", at.join("ca.pem"))
        },
        change: |at, pem| {
            write(at.join("second.pem"), pem);
            relink("second.pem", at.join("ca.pem"));
        },
    },
    #[cfg(unix)]
    Case {
        name: "a file in a volume of Kubernetes",
        begin: |at, pem| volume(at, pem).join("ca.pem"),
        change: swap,
    },
    #[cfg(unix)]
    Case {
        name: "a volume of Kubernetes",
        begin: volume,
        change: swap,
    },
    #[cfg(unix)]
    Case {
        name: "the directory of a file, in one step",
        begin: |at, pem| {
            write(folder(at.join("first")).join("ca.pem"), pem);
            link("first", at.join("current")).join("ca.pem")
        },
        change: |at, pem| {
            write(folder(at.join("second")).join("ca.pem"), pem);
            relink("second", at.join("current"));
        },
    },
];

/// Over HTTP and WebSocket.
async fn verdicts(transport: &TrustedTransport, [old, new]: [&Origin; 2]) -> [Outcome; 2] {
    [
        support::both(transport, old, "https").await,
        support::both(transport, new, "https").await,
    ]
}

#[tokio::test]
async fn however_a_file_changes_the_token_follows() {
    let [old, new] = ["Old", "New"].map(Authority::root);
    let origins = [&origin(&old).await, &origin(&new).await];
    for Case {
        name,
        begin,
        change,
    } in CASES
    {
        let at = TempDir::new().expect("a directory");
        let transport = support::built(builder(&begin(at.path(), &old.pem())), origins[0]);
        let before = fingerprint(&transport);
        let _watch = transport.watch(INTERVAL);
        let at_first = verdicts(&transport, origins).await;
        assert_eq!(at_first, [Outcome::Connected, UNKNOWN], "{name}");

        let (change, place) = (*change, at.path().to_owned());
        let new = new.pem();
        tokio::task::spawn_blocking(move || change(&place, &new))
            .await
            .expect(name);
        let is_new = || {
            let report = transport.report();
            let mut accepted = report.bundle.accepted.iter();
            report.fingerprint != before && !accepted.any(|it| it.subject == "CN=Old")
        };
        until(name, is_new).await;
        let at_last = verdicts(&transport, origins).await;
        assert_eq!(at_last, [UNKNOWN, Outcome::Connected], "{name}");
    }
}

#[tokio::test]
async fn without_a_watch_nothing_follows_and_none_outlives_its_own() {
    let [old, new] = ["Old", "New"].map(Authority::root);
    let at = TempDir::new().expect("a directory");
    let path = file(at.path(), &old.pem());
    let unwatched = builder(&path).build().expect("a token");
    let dropped = builder(&path).build().expect("a token");
    let watched = builder(&path).build().expect("a token");
    let before = fingerprint(&watched);
    drop(dropped.watch(INTERVAL));
    let ended = dropped.watch(INTERVAL);
    // It has looked at least once.
    tokio::time::sleep(3 * INTERVAL).await;
    drop(ended);
    let _watch = watched.watch(INTERVAL);

    file(at.path(), &new.pem());
    until("followed", || fingerprint(&watched) != before).await;
    tokio::time::sleep(5 * INTERVAL).await;
    assert_eq!(fingerprint(&dropped), before);
    assert_eq!(fingerprint(&unwatched), before);
}

#[tokio::test]
async fn a_watch_keeps_what_was_made_from_a_token_that_is_gone_up_to_date() {
    let [old, new] = ["Old", "New"].map(Authority::root);
    let at = TempDir::new().expect("a directory");
    let path = file(at.path(), &old.pem());
    let at_new = origin(&new).await;
    let transport = support::built(builder(&path), &at_new);
    let client = transport.http().build().expect("a client");
    let _watch = transport.watch(INTERVAL);
    drop(transport);
    assert_eq!(crate::reload::get(&client, &at_new).await, UNKNOWN);
    file(at.path(), &new.pem());
    let limit = Instant::now() + Duration::from_secs(20);
    while crate::reload::get(&client, &at_new).await != Outcome::Connected {
        assert!(Instant::now() < limit, "still not trusted");
        tokio::time::sleep(INTERVAL).await;
    }
}

#[test]
#[should_panic(expected = "runtime")]
fn a_watch_needs_a_runtime() {
    let policy = exclusive().bundle_pem("mine", Authority::root("Root").pem());
    let transport = TrustedTransport::new(policy.load().expect("it loads"));
    let _watch = transport.expect("a token").watch(INTERVAL);
}
