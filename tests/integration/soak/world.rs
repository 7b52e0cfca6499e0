//! The tokens, one for each way to the origins, each with a bundle that rotates.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use trusted_transport::{
    HttpClient, ProxyPolicy, TransportBuilder, TransportError, TrustedTransport,
};

use super::lab::{Lab, Map, Root};
use super::tally::{BETWEEN, CONNECTED, Failure, REFUSED, ROTATED, Tally};
use super::work::Dice;
use crate::fixtures::exclusive;
use crate::support::HOST;

pub(crate) struct World {
    pub(crate) map: Map,
    pub(crate) ways: Vec<Arc<Way>>,
    /// A bundle that stays as it is: the first one.
    pub(crate) steady: PathBuf,
    pub(crate) tally: Mutex<Tally>,
    pub(crate) over: AtomicBool,
}

/// A token for one route, and two clients that are kept.
pub(crate) struct Way {
    name: &'static str,
    /// Who signs what is presented, if that is not the origin's own authority.
    decides: Option<Root>,
    bundle: PathBuf,
    pub(crate) transport: TrustedTransport,
    pub(crate) http1: HttpClient,
    pub(crate) http2: HttpClient,
    /// How many rotations have begun.
    begun: AtomicUsize,
    /// How many of them are in force.
    done: AtomicUsize,
    watched: bool,
}

impl World {
    pub(crate) fn new(lab: &Lab) -> Self {
        let map = lab.map.clone();
        let proxied = |url: &String| ProxyPolicy::all(url.clone());
        let ways = [
            ("direct", ProxyPolicy::Direct, None),
            ("connect", proxied(&map.http), None),
            ("https", proxied(&map.https), None),
            ("socks5", proxied(&map.socks5), None),
            ("socks5h", proxied(&map.socks5h), None),
            ("excepted", proxied(&map.https_unknown).no_proxy(HOST), None),
            ("intercepted", proxied(&map.by_a), Some(Root::A)),
            (
                "intercepted by nobody known",
                proxied(&map.by_unknown),
                Some(Root::Unknown),
            ),
            (
                "https of nobody known",
                proxied(&map.https_unknown),
                Some(Root::Unknown),
            ),
        ];
        let steady = lab.folder.path().join("steady.pem");
        std::fs::write(&steady, map.bundle(BUNDLES[0])).expect("written");
        let ways = ways
            .into_iter()
            .enumerate()
            .map(|(number, (name, proxy, decides))| {
                let bundle = lab.folder.path().join(format!("{number}.pem"));
                std::fs::copy(&steady, &bundle).expect("copied");
                let way = Way::new(name, proxy, decides, bundle, number % 2 == 1);
                Arc::new(way.expect("a token"))
            });
        Self {
            ways: ways.collect(),
            map,
            steady,
            tally: Mutex::default(),
            over: AtomicBool::new(false),
        }
    }

    pub(crate) fn count(&self, what: &'static str) {
        self.tally.lock().expect("no panic").count(what);
    }

    pub(crate) fn wrong(&self, what: String) {
        self.tally.lock().expect("no panic").wrong(what);
    }

    pub(crate) fn is_over(&self) -> bool {
        self.over.load(Ordering::SeqCst)
    }

    /// A token of its own, with the bundle that stays.
    pub(crate) fn token(&self, proxy: ProxyPolicy, limit: Duration) -> TrustedTransport {
        let built =
            builder(&self.steady).and_then(|it| it.proxy(proxy).connect_timeout(limit).build());
        built.expect("a token")
    }

    pub(crate) fn is_steadily_trusted(root: Root) -> bool {
        BUNDLES[0].contains(&root)
    }
}

impl Way {
    fn new(
        name: &'static str,
        proxy: ProxyPolicy,
        decides: Option<Root>,
        bundle: PathBuf,
        watched: bool,
    ) -> Result<Self, TransportError> {
        let transport = builder(&bundle)?.proxy(proxy).build()?;
        // The lab closes what is idle for 30 s.
        let client = || {
            transport
                .http()
                .pool_idle_timeout(Some(Duration::from_secs(10)))
        };
        Ok(Self {
            name,
            decides,
            bundle,
            http1: client().http1_only().build()?,
            http2: client().build()?,
            transport,
            begun: AtomicUsize::new(0),
            done: AtomicUsize::new(0),
            watched,
        })
    }

    /// Whether anything on this way is ever trusted.
    pub(crate) fn leads_somewhere(&self) -> bool {
        self.decides != Some(Root::Unknown)
    }

    /// Notes what came of it, and whether it should have, with a bundle that was in force meanwhile.
    pub(crate) async fn judged(
        &self,
        world: &World,
        root: Root,
        what: &str,
        attempt: impl Future<Output = Result<(), Failure>>,
    ) {
        let first = self.done.load(Ordering::SeqCst);
        let ended = attempt.await;
        let last = self.begun.load(Ordering::SeqCst);
        let decides = self.decides.unwrap_or(root);
        let trusted = |round: usize| BUNDLES[round % BUNDLES.len()].contains(&decides);
        let mut tally = world.tally.lock().expect("no panic");
        if first != last {
            tally.count(BETWEEN);
        }
        let right = match &ended {
            Ok(()) => {
                tally.count(CONNECTED);
                (first..=last).any(trusted)
            }
            Err(failure) if failure.is_unknown_issuer() => {
                tally.count(REFUSED);
                !(first..=last).all(trusted)
            }
            Err(_) => false,
        };
        if !right {
            tally.wrong(format!(
                "{what}, {}, {root:?}, rounds {first} to {last}: {ended:?}",
                self.name
            ));
        }
    }

    /// Puts one bundle after another in force, and a damaged one now and then, which changes
    /// nothing.
    pub(crate) async fn rotate(self: Arc<Self>, world: Arc<World>) {
        let _watch = self.watched.then(|| self.transport.watch(LOOK));
        let mut dice = Dice::new(1000 + self.name.len() as u64);
        while !world.is_over() {
            tokio::time::sleep(Duration::from_millis(200 + dice.below(1300))).await;
            if dice.below(4) == 0 {
                self.damage().await;
            }
            self.turn(&world).await;
            world.count(ROTATED);
        }
    }

    async fn turn(self: &Arc<Self>, world: &World) {
        let before = self.fingerprint();
        let next = self.begun.fetch_add(1, Ordering::SeqCst) + 1;
        self.put(&world.map.bundle(BUNDLES[next % BUNDLES.len()]));
        if self.watched {
            let limit = Instant::now() + Duration::from_secs(20);
            while self.fingerprint() == before {
                assert!(Instant::now() < limit, "the watch does not follow");
                tokio::time::sleep(LOOK / 2).await;
            }
        } else if let Err(error) = self.reload().await {
            world.wrong(format!("a good bundle is refused: {error:?}"));
        }
        self.done.store(next, Ordering::SeqCst);
    }

    async fn damage(self: &Arc<Self>) {
        self.put("-----BEGIN CERTIFICATE-----\nMIIB");
        match self.watched {
            true => tokio::time::sleep(3 * LOOK).await,
            false => assert!(self.reload().await.is_err(), "it is damaged"),
        }
    }

    async fn reload(self: &Arc<Self>) -> Result<(), TransportError> {
        let way = Arc::clone(self);
        let reloaded = tokio::task::spawn_blocking(move || way.transport.reload());
        reloaded.await.expect("no panic").map(drop)
    }

    fn fingerprint(&self) -> String {
        self.transport.report().fingerprint.clone()
    }

    /// In one step.
    fn put(&self, text: &str) {
        let next = self.bundle.with_extension("next");
        std::fs::write(&next, text).expect("written");
        std::fs::rename(next, &self.bundle).expect("renamed");
    }
}

fn builder(bundle: &Path) -> Result<TransportBuilder, TransportError> {
    let anchors = exclusive().bundle(bundle).load()?;
    // The port is the URL's.
    let here = ([127, 0, 0, 1], 0).into();
    Ok(TrustedTransport::builder(anchors)
        .connect_timeout(Duration::from_secs(10))
        .resolve(HOST, [here]))
}

const BUNDLES: [&[Root]; 3] = [
    &[Root::A, Root::Common],
    &[Root::B, Root::Common],
    &[Root::A, Root::B, Root::Common],
];

/// How often a watch looks.
const LOOK: Duration = Duration::from_millis(20);
