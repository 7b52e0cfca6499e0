//! The fault lab: every mode of every catalogue, over HTTPS and WSS. Each attempt ends in a typed
//! error or a legal success, within the time that the program set, leaves no task and no descriptor
//! behind, and takes no more of a flood than it must. What people read is reviewed as a snapshot;
//! `UPDATE_EXPECT=1` writes it anew.

mod attempt;
mod cases;
mod handshakes;

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use expect_test::expect_file;
use tokio::runtime::{Builder, Handle};
use trusted_transport_lab::{Authority, EndEntity};

use crate::support::{self, HOST};

/// In a process of its own: descriptors are counted there, and other tests open theirs.
#[tokio::test]
async fn every_fault_is_told_in_time_and_leaves_nothing_behind() {
    let command = support::process("faultlab::all_of_them");
    let text = support::outcomes(command).await.join("\n") + "\n";
    let names = text.lines().filter(|line| !line.starts_with(' '));
    assert!(names.count() >= 200, "{text}");
    expect_file!["faultlab/told.txt"].assert_eq(&text);
}

#[test]
#[ignore = "for a process of its own, started by another test"]
fn all_of_them() {
    // What a process opens once is open by then.
    drop(Builder::new_current_thread().enable_all().build());
    let before = descriptors();
    let mut lab = Builder::new_multi_thread();
    let lab = lab.worker_threads(2).enable_all().build();
    let lab = lab.expect("a runtime for the servers");
    let world = World {
        lab: lab.handle().clone(),
        root: Authority::root("Root"),
    };
    // Those first that take longest.
    let mut jobs = handshakes::all(&world);
    jobs.extend(cases::all(&world));
    let rows = run(jobs, &world);
    for line in rows.iter().flat_map(|text| text.lines()) {
        println!("outcome: {line}");
    }
    drop((world, lab));
    assert_eq!(descriptors(), before, "descriptors are left behind");
}

/// What the servers need.
pub(crate) struct World {
    /// The servers' own runtime: the clients' have nothing in them but what the library puts there.
    lab: Handle,
    root: Authority,
}

impl World {
    fn end_entity(&self) -> EndEntity {
        self.root.issue(&[HOST])
    }
}

/// A row of the table, or several of one kind.
type Job = Box<dyn FnOnce(&World) -> String + Send>;

/// Several at once, since many of them wait. The rows come in the order of the jobs.
fn run(jobs: Vec<Job>, world: &World) -> Vec<String> {
    let rows = Mutex::new(vec![String::new(); jobs.len()]);
    let queue: Mutex<VecDeque<_>> = Mutex::new(jobs.into_iter().enumerate().collect());
    let lock = |queue: &Mutex<VecDeque<(usize, Job)>>| {
        queue
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop_front()
    };
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some((number, job)) = lock(&queue) {
                    let row = job(world);
                    rows.lock().unwrap_or_else(PoisonError::into_inner)[number] = row;
                }
            });
        }
    });
    rows.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Of this process, by what they lead to.
#[cfg(target_os = "linux")]
fn descriptors() -> Vec<std::path::PathBuf> {
    let open = std::fs::read_dir("/proc/self/fd").expect("descriptors");
    let open = open.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
    let mut open: Vec<_> = open.collect();
    open.sort();
    open
}

/// Elsewhere only tasks and the servers' connections are counted.
#[cfg(not(target_os = "linux"))]
fn descriptors() -> Vec<std::path::PathBuf> {
    Vec::new()
}

const AT_ONCE: usize = 12;
