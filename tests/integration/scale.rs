//! A bundle of 100,000 certificates, in a process of its own: the memory that loading it takes.
//! The time is in `benches/bundles.rs`.
#![cfg(target_os = "linux")]

use std::fs;
use std::path::Path;
use std::process::Command;

use trusted_transport_lab::bundle_of;

use crate::fixtures::exclusive;

const BUNDLE: &str = "TEST_LARGE_BUNDLE";

/// Not a test by itself: what the process of the other one does.
#[test]
#[ignore = "run by the other test of this file in a process of its own"]
fn child() {
    let bundle = std::env::var(BUNDLE).expect("the path of a bundle");
    let before = peak();
    let anchors = exclusive().bundle(bundle).load().expect("it loads");
    let loaded = peak();
    assert_eq!(anchors.report().anchors, Some(COUNT));
    println!("outcome: {} {}", loaded - before, peak() - before);
}

#[test]
fn loading_takes_at_most_three_times_the_size_of_the_file() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("large.pem");
    fs::write(&path, bundle_of(COUNT)).expect("written");
    let size = fs::metadata(&path).expect("a file").len();
    let (loaded, reported) = in_a_process(&path);
    for taken in [loaded, reported] {
        assert!(taken > size, "{taken} of {size}: nothing was measured");
        assert!(taken <= 3 * size, "{taken} of {size}");
    }
}

/// What loading took at most, and what the report took with it, in bytes.
fn in_a_process(bundle: &Path) -> (u64, u64) {
    let output = Command::new(std::env::current_exe().expect("this binary"))
        .args(["scale::child", "--exact", "--ignored", "--nocapture"])
        .env(BUNDLE, bundle)
        .output()
        .expect("the process runs");
    let printed = String::from_utf8_lossy(&output.stdout);
    let outcome = printed.split_once("outcome: ").expect("an outcome").1;
    let mut bytes = outcome.split_whitespace().map(str::parse);
    let mut next = || bytes.next().expect("two numbers").expect("a number");
    (next(), next())
}

/// The most memory that this process has had so far, in bytes (proc(5), `VmHWM`).
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("the status of this process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.trim().strip_suffix(" kB"));
    let kibibytes: u64 = number.expect("a size").parse().expect("a number");
    kibibytes * 1024
}

const COUNT: usize = 100_000;
