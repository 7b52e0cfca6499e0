//! Many connections while the bundle rotates: none succeeds that should not, and none fails that
//! should not.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use trusted_transport::{HttpClient, TrustedTransport};
use trusted_transport_lab::{Authority, Origin};

use super::{Bundle, UNKNOWN, get, origin, pem};
use crate::support::{self, HOST, Outcome};
use crate::watch::until;

/// Three origins, and bundles that trust one or both of the first two, and always the third.
struct World {
    origins: [Origin; 3],
    bundle: Bundle,
    bundles: [String; 3],
    /// Who is trusted with each bundle.
    trusted: [[bool; 3]; 3],
    transport: TrustedTransport,
    http1: HttpClient,
    http2: HttpClient,
    /// How many rotations have begun.
    begun: AtomicUsize,
    /// How many of them are in force.
    done: AtomicUsize,
    /// How many verdicts there were with no rotation in between.
    certain: AtomicUsize,
}

/// Who makes a new bundle known.
#[derive(Clone, Copy, PartialEq)]
enum By {
    Reload,
    Watch,
}

impl World {
    async fn new() -> Self {
        let [a, b, common] = ["A", "B", "Common"].map(Authority::root);
        let origins = [origin(&a).await, origin(&b).await, origin(&common).await];
        let bundle = Bundle::of(&[&a, &common]);
        let transport = bundle.built(&origins[0]);
        Self {
            bundles: [
                pem(&[&a, &common]),
                pem(&[&b, &common]),
                pem(&[&a, &b, &common]),
            ],
            trusted: [[true, false, true], [false, true, true], [true; 3]],
            http1: transport.http().http1_only().build().expect("a client"),
            http2: transport.http().build().expect("a client"),
            transport,
            origins,
            bundle,
            begun: AtomicUsize::new(0),
            done: AtomicUsize::new(0),
            certain: AtomicUsize::new(0),
        }
    }

    /// In one step.
    fn put(&self, text: &str) {
        let next = self.bundle.folder().join("next.pem");
        std::fs::write(&next, text).expect("written");
        std::fs::rename(next, self.bundle.path()).expect("renamed");
    }

    async fn rotate(self: &Arc<Self>, by: By) {
        let before = self.fingerprint();
        let next = self.begun.fetch_add(1, Ordering::SeqCst) + 1;
        self.put(&self.bundles[next % 3]);
        match by {
            By::Reload => self.reload().await.expect("it loads"),
            By::Watch => until("followed", || self.fingerprint() != before).await,
        }
        self.done.store(next, Ordering::SeqCst);
    }

    /// Changes nothing.
    async fn damage(self: &Arc<Self>, by: By) {
        self.put("-----BEGIN CERTIFICATE-----\nMIIB");
        match by {
            By::Reload => assert!(self.reload().await.is_err(), "it is damaged"),
            By::Watch => tokio::time::sleep(3 * LOOK).await,
        }
    }

    async fn reload(self: &Arc<Self>) -> Result<(), trusted_transport::TransportError> {
        let world = Arc::clone(self);
        let reloaded = tokio::task::spawn_blocking(move || world.transport.reload());
        reloaded.await.expect("no panic").map(drop)
    }

    fn fingerprint(&self) -> String {
        self.transport.report().fingerprint.clone()
    }

    /// What came of it, and whether it should have, with a bundle that was in force meanwhile.
    async fn judged(
        &self,
        at: usize,
        outcome: impl Future<Output = Outcome>,
    ) -> (Outcome, Verdict) {
        let first = self.done.load(Ordering::SeqCst);
        let outcome = outcome.await;
        let last = self.begun.load(Ordering::SeqCst);
        let expected = |round: usize| match self.trusted[round % 3][at] {
            true => Outcome::Connected,
            false => UNKNOWN,
        };
        let verdict = match (first..=last).any(|round| outcome == expected(round)) {
            true if first == last => {
                self.certain.fetch_add(1, Ordering::SeqCst);
                Verdict::Right
            }
            true => Verdict::RightOfSeveral,
            false => Verdict::Wrong,
        };
        (outcome, verdict)
    }

    async fn attempt(&self, number: usize) -> (Outcome, Verdict) {
        let (at, kind) = (number % 3, number / 3 % 5);
        let origin = &self.origins[at];
        match kind {
            0 => self.judged(at, get(&self.http1, origin)).await,
            1 => self.judged(at, get(&self.http2, origin)).await,
            2 => {
                let fresh = self
                    .transport
                    .http()
                    .http1_only()
                    .build()
                    .expect("a client");
                self.judged(at, get(&fresh, origin)).await
            }
            3 => {
                let url = origin.url("https", HOST, "/");
                self.judged(at, support::https(&self.transport, &url)).await
            }
            _ => {
                let url = origin.url("wss", HOST, "/");
                self.judged(at, support::wss(&self.transport, &url)).await
            }
        }
    }
}

#[derive(PartialEq)]
enum Verdict {
    Right,
    /// A rotation fell into it, and one of the bundles says so.
    RightOfSeveral,
    Wrong,
}

#[derive(Default)]
struct Tally {
    connected: usize,
    refused: usize,
    of_several: usize,
    wrong: Vec<String>,
}

impl Tally {
    fn note(&mut self, number: usize, (outcome, verdict): (Outcome, Verdict)) {
        match outcome {
            Outcome::Connected => self.connected += 1,
            _ => self.refused += 1,
        }
        match verdict {
            Verdict::Right => {}
            Verdict::RightOfSeveral => self.of_several += 1,
            Verdict::Wrong => self.wrong.push(format!("attempt {number}: {outcome:?}")),
        }
    }

    fn add(mut self, other: Self) -> Self {
        self.connected += other.connected;
        self.refused += other.refused;
        self.of_several += other.of_several;
        self.wrong.extend(other.wrong);
        self
    }

    fn requests(&self) -> usize {
        self.connected + self.refused
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} requests and sockets ({} connected, {} refused, {} with a rotation in between), \
             {} wrong verdicts",
            self.requests(),
            self.connected,
            self.refused,
            self.of_several,
            self.wrong.len()
        )
    }
}

/// Keeps on until the rotations are over.
async fn work(world: Arc<World>, mut number: usize, over: Arc<AtomicBool>) -> Tally {
    let mut tally = Tally::default();
    while !over.load(Ordering::SeqCst) {
        tally.note(number, world.attempt(number).await);
        number += 1;
    }
    tally
}

/// Each bundle stays for some verdicts, and every fourth is damaged before it is whole.
async fn rotate(world: &Arc<World>, by: By, time: Duration) {
    let _watch = (by == By::Watch).then(|| world.transport.watch(LOOK));
    let end = Instant::now() + time;
    while Instant::now() < end || world.done.load(Ordering::SeqCst) < ROTATIONS {
        let enough = world.certain.load(Ordering::SeqCst) + VERDICTS;
        until("enough", || world.certain.load(Ordering::SeqCst) >= enough).await;
        if world.begun.load(Ordering::SeqCst) % 4 == 3 {
            world.damage(by).await;
        }
        world.rotate(by).await;
    }
}

async fn under_load(by: By, time: Duration) {
    let world = Arc::new(World::new().await);
    let (begun, over) = (Instant::now(), Arc::new(AtomicBool::new(false)));
    let worker = |number| work(Arc::clone(&world), number * 7, Arc::clone(&over));
    let workers: JoinSet<Tally> = (0..WORKERS).map(worker).collect();
    rotate(&world, by, time).await;
    over.store(true, Ordering::SeqCst);
    let tallies = workers.join_all().await;
    let tally = tallies.into_iter().fold(Tally::default(), Tally::add);

    let seconds = begun.elapsed().as_secs_f64();
    let handshakes: usize = world.origins.iter().map(Origin::connections).sum();
    let rotations = world.done.load(Ordering::SeqCst);
    println!(
        "{tally}; {handshakes} handshakes, {:.0} per second; {rotations} rotations in {seconds:.1} s",
        handshakes as f64 / seconds
    );
    assert_eq!(tally.wrong, [""; 0], "{tally}");
    assert!(tally.connected > 100 && tally.refused > 20, "{tally}");
    assert!(
        handshakes < tally.requests(),
        "no connection was used again"
    );
    let mut seen = world.origins[2].handshakes().into_iter().flatten();
    assert!(seen.any(|it| it.resumed), "no session was resumed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_reloads() {
    under_load(By::Reload, Duration::from_secs(1)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_watch() {
    under_load(By::Watch, Duration::from_secs(1)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes a minute"]
async fn for_a_minute() {
    for by in [By::Reload, By::Watch] {
        under_load(by, Duration::from_secs(30)).await;
    }
}

const WORKERS: usize = 8;

/// At least.
const ROTATIONS: usize = 12;

/// How many there are between two rotations, at least.
const VERDICTS: usize = 20;

/// How often it is looked at.
const LOOK: Duration = Duration::from_millis(10);
