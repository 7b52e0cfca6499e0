//! Hours in minutes: mixed requests and sockets over every kind of route while bundles rotate,
//! servers fail and futures are dropped. No verdict is wrong, nothing hangs, and nothing is left
//! behind. What it measures and how to read it stands in docs/soak.md.

mod gauges;
mod lab;
mod tally;
mod work;
mod world;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::runtime::Builder;
use tokio::task::JoinSet;

use self::gauges::{Curve, Sample};
use self::lab::Lab;
use self::tally::Tally;
use self::work::{linger, toil};
use self::world::World;
use crate::support;

const SECONDS: &str = "SOAK_SECONDS";

/// The folder for the samples, `target` unless this says otherwise.
const OUTPUT: &str = "SOAK_OUTPUT";

/// `SOAK_SECONDS=3600 cargo test -p trusted-transport --test integration soak::run -- --ignored --nocapture`
#[test]
#[ignore = "takes SOAK_SECONDS, 60 unless it says otherwise, in a process of its own"]
fn run() {
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        // Each that was ever needed would stay, with an arena of its own.
        .max_blocking_threads(8)
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(soaked());
}

async fn soaked() {
    let seconds = std::env::var(SECONDS).map_or(60, |it| it.parse().expect("a number"));
    let lab = Lab::start();
    let before = Sample::now();
    let (curve, tally) = soak(Arc::new(World::new(&lab)), Duration::from_secs(seconds)).await;
    let after = Sample::like(&before).await;
    let folder = std::env::var_os(OUTPUT).unwrap_or_else(|| "target".into());
    curve.write(Path::new(&folder));
    println!("{curve}\n{tally}\nat the start: {before}\nat the end:   {after}");
    assert_eq!(tally.wrong, [""; 0]);
    assert!(
        tally.is_mixed(),
        "something was not tried often enough: {tally}"
    );
    assert_eq!(
        after.left(&before),
        (0, 0),
        "descriptors and tasks are left"
    );
    if seconds >= 30 {
        curve.is_flat();
    }
}

#[tokio::test]
async fn a_few_seconds_leave_nothing_behind() {
    let mut command = support::process("soak::run");
    let folder = tempfile::tempdir().expect("a directory");
    command.env(SECONDS, "5").env(OUTPUT, folder.path());
    let output = tokio::time::timeout(Duration::from_secs(120), command.output());
    let output = output.await.expect("in time").expect("the process runs");
    let printed = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{printed}\n{errors}");
}

/// Everything at once, for `time`; then everything ends.
async fn soak(world: Arc<World>, time: Duration) -> (Curve, Tally) {
    let mut tasks = JoinSet::new();
    for number in 0..WORKERS {
        tasks.spawn(toil(Arc::clone(&world), number));
    }
    for way in world.ways.iter().filter(|way| way.leads_somewhere()) {
        for _ in 0..SOCKETS {
            tasks.spawn(linger(Arc::clone(&world), Arc::clone(way)));
        }
    }
    for way in &world.ways {
        tasks.spawn(Arc::clone(way).rotate(Arc::clone(&world)));
    }
    let curve = sampled(&world, time).await;
    world.over.store(true, Ordering::SeqCst);
    tasks.join_all().await;
    let tally = world.tally.lock().expect("no panic").clone();
    (curve, tally)
}

async fn sampled(world: &World, time: Duration) -> Curve {
    let (begun, every) = (Instant::now(), (time / 600).max(SHORTEST));
    let mut curve = Curve::default();
    while begun.elapsed() < time {
        tokio::time::sleep(every).await;
        let attempts = world.tally.lock().expect("no panic").attempts();
        curve.add(begun.elapsed(), attempts, Sample::now());
    }
    curve
}

const WORKERS: u64 = 12;

/// For each way, open all the time.
const SOCKETS: usize = 2;

/// Between two samples.
const SHORTEST: Duration = Duration::from_millis(200);
