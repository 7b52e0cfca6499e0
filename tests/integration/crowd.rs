//! Thousands of connections at once from one token, over HTTPS and WSS: each gets the verdict of
//! its own host, and no host anything of another's, also while the trust changes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;
use trusted_transport::http::Response;
use trusted_transport::{
    HttpClient, Refusal, TransportBuilder, TransportError, TrustedTransport, WebSocket,
};
use trusted_transport_lab::{Authority, Origin};

use crate::reload::{Bundle, pem};
use crate::support::{self, Outcome};

/// A name, where it leads, and what has to come of it: of as many kinds as there are rounds.
struct Host {
    name: String,
    url: [String; 2],
    expected: &'static [Outcome],
}

/// Hosts of every kind, and a token that knows them.
struct Crowd {
    origins: Vec<(String, Origin)>,
    hosts: Vec<Host>,
    transport: TrustedTransport,
    /// One for all: it makes as many connections as there are requests at once.
    client: HttpClient,
}

/// What a connection is kept open by.
enum Made {
    Socket(Box<WebSocket>),
    Answer(HttpClient, Response),
}

impl Crowd {
    /// Hosts under these authorities, with the outcomes that are due at each.
    async fn new(
        builder: TransportBuilder,
        authorities: &[(&Authority, &'static [Outcome])],
    ) -> Self {
        let (mut origins, mut hosts) = (Vec::new(), Vec::new());
        for (number, (authority, expected)) in authorities.iter().enumerate() {
            let name = format!("host-{number}.test");
            let origin = Origin::https(authority.issue(&[&name])).await;
            let origin = origin.expect("an origin");
            hosts.push(Host::new(name.clone(), &origin, expected));
            if expected == &TRUSTED {
                // The server answers to this name as well, and would resume sessions of the other.
                let other = format!("other-{number}.test");
                hosts.push(Host::new(other, &origin, &[WRONG_HOST]));
            }
            origins.push((name, origin));
        }
        let builder = builder.connect_timeout(Duration::from_secs(60));
        let builder = hosts.iter().fold(builder, |builder, host| {
            builder.resolve(&host.name, [([127, 0, 0, 1], 0).into()])
        });
        let transport = builder.build().expect("a token");
        Self {
            origins,
            hosts,
            client: transport.http().http1_only().build().expect("a client"),
            transport,
        }
    }

    fn host(&self, number: usize) -> &Host {
        &self.hosts[number % self.hosts.len()]
    }

    /// Every host over every transport, as the numbers go on.
    async fn connect(&self, number: usize) -> Result<Made, TransportError> {
        let [https, wss] = &self.host(number).url;
        let client = match number / self.hosts.len() % 4 {
            0 => self.client.clone(),
            1 => self.transport.http().build()?,
            _ => {
                let (socket, _) = self.transport.websocket(wss).await?;
                return Ok(Made::Socket(Box::new(socket)));
            }
        };
        let answer = client.get(https).send().await?;
        Ok(Made::Answer(client, answer))
    }

    /// All at once; each with its number.
    async fn connect_all(self: &Arc<Self>, count: usize) -> Vec<(usize, Attempt)> {
        let mut attempts = JoinSet::new();
        for number in 0..count {
            let crowd = Arc::clone(self);
            attempts.spawn(async move { (number, crowd.connect(number).await) });
        }
        attempts.join_all().await
    }

    /// How it ended, if that is said of the host that was meant.
    fn outcome(&self, number: usize, attempt: &Attempt) -> Outcome {
        if let Err(error) = attempt {
            let failure = error.trust_failure().expect("a matter of trust");
            let host = self.host(number);
            assert_eq!(failure.host(), host.name);
            let name = host.name.replace("other", "host");
            let presented = &failure.chain()[0].names;
            assert!(presented.contains(&name), "of another host: {error:?}");
        }
        attempt
            .as_ref()
            .map_or_else(Outcome::from, |_| Outcome::Connected)
    }
}

type Attempt = Result<Made, TransportError>;

impl Host {
    fn new(name: String, origin: &Origin, expected: &'static [Outcome]) -> Self {
        let url = ["https", "wss"].map(|scheme| origin.url(scheme, &name, "/"));
        Self {
            name,
            url,
            expected,
        }
    }
}

impl Made {
    /// It is a connection to where it should be.
    async fn answers(self) {
        match self {
            Self::Socket(mut socket) => {
                socket.send("there").await.expect("sent");
                let echo = socket.next().await.expect("an item").expect("a message");
                assert_eq!(echo.to_text().expect("a text"), "there");
            }
            Self::Answer(_client, answer) => {
                assert_eq!(answer.status(), 200);
                answer.bytes().await.expect("a body");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_of_hundreds_gets_the_verdict_of_its_own_host() {
    verdicts(400).await;
}

/// Servers give up a handshake after 10 s, so the machine must not be busy with much else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes the machine for some seconds"]
async fn each_of_thousands_gets_the_verdict_of_its_own_host() {
    verdicts(2400).await;
}

async fn verdicts(most: usize) {
    let [root, unknown] = ["Root", "Unknown"].map(Authority::root);
    let (trusted, refused) = ((&root, &TRUSTED[..]), (&unknown, &[UNKNOWN][..]));
    let builder = support::trusting(&[&root]);
    let authorities = [trusted, trusted, trusted, refused];
    let crowd = Arc::new(Crowd::new(builder, &authorities).await);

    let count = most.min(descriptors() / 5);
    let attempts = crowd.connect_all(count).await;
    let mut open = Vec::new();
    for (number, attempt) in attempts {
        let outcome = crowd.outcome(number, &attempt);
        assert_eq!([outcome], crowd.host(number).expected);
        open.extend(attempt.ok());
    }
    println!("{} connections of {count} are open at once", open.len());
    assert!(open.len() > count * 2 / 5);
    for made in open {
        made.answers().await;
    }
    for (number, attempt) in crowd.connect_all(5 * crowd.hosts.len()).await {
        let outcome = crowd.outcome(number, &attempt);
        assert_eq!([outcome], crowd.host(number).expected);
    }
    only_its_own(&crowd);
}

/// No server has completed a handshake, or received a request, for another name than its own.
fn only_its_own(crowd: &Crowd) {
    for (name, origin) in &crowd.origins {
        let seen = origin.seen();
        let strays = seen.iter().filter(|it| !it.host.starts_with(name));
        assert_eq!(strays.count(), 0, "{name}");
        let handshakes = origin.handshakes().into_iter().flatten();
        let [mut resumed, mut completed] = [0; 2];
        for handshake in handshakes {
            assert_eq!(handshake.sni.as_deref(), Some(&**name));
            completed += 1;
            resumed += usize::from(handshake.resumed);
        }
        let trusted = crowd.hosts.iter().find(|it| it.name == *name);
        let trusted = trusted.is_some_and(|it| it.expected == TRUSTED);
        assert_eq!((completed > 0, resumed > 0), (trusted, trusted), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_obeys_the_trust_of_its_moment() {
    let [a, b, common, unknown] = ["A", "B", "Common", "Unknown"].map(Authority::root);
    let bundle = Bundle::of(&[&a, &common]);
    let bundles = [pem(&[&a, &common]), pem(&[&b, &common])];
    let authorities: [(_, &[Outcome]); 4] = [
        (&a, &[Outcome::Connected, UNKNOWN]),
        (&b, &[UNKNOWN, Outcome::Connected]),
        (&common, &TRUSTED),
        (&unknown, &[UNKNOWN]),
    ];
    let crowd = Arc::new(Crowd::new(bundle.builder(), &authorities).await);
    let rounds = Arc::new(Rounds::default());
    let mut attempts = JoinSet::new();
    for number in 0..TASKS {
        let (crowd, rounds) = (Arc::clone(&crowd), Arc::clone(&rounds));
        attempts.spawn(async move { rounds.attempts(&crowd, number).await });
    }
    let transport = crowd.transport.clone();
    let rotating = Arc::clone(&rounds);
    let rotation = std::thread::spawn(move || rotating.rotate(&transport, &bundle, &bundles));
    attempts.join_all().await;
    rounds.over.store(true, Ordering::SeqCst);
    rotation.join().expect("no panic");
    let certain = rounds.certain.load(Ordering::SeqCst);
    let done = rounds.done.load(Ordering::SeqCst);
    println!("{done} rounds, {certain} attempts within one");
    assert!(done >= 4 && certain >= TASKS, "{done} rounds, {certain}");
}

/// Which trust was in force, and when.
#[derive(Default)]
struct Rounds {
    begun: AtomicUsize,
    done: AtomicUsize,
    over: AtomicBool,
    ended: AtomicUsize,
    /// Of those that ended, the ones that have seen one trust alone.
    certain: AtomicUsize,
}

impl Rounds {
    async fn attempts(&self, crowd: &Crowd, first: usize) {
        for number in (first..).step_by(7).take(10) {
            let first = self.done.load(Ordering::SeqCst);
            let attempt = crowd.connect(number).await;
            let last = self.begun.load(Ordering::SeqCst);
            let expected = crowd.host(number).expected;
            let outcome = crowd.outcome(number, &attempt);
            let mut due = (first..=last).map(|round| expected[round % expected.len()]);
            assert!(
                due.any(|due| due == outcome),
                "{outcome:?}, {first}..{last}"
            );
            self.certain
                .fetch_add(usize::from(first == last), Ordering::SeqCst);
            self.ended.fetch_add(1, Ordering::SeqCst);
            if let Ok(made) = attempt {
                made.answers().await;
            }
        }
    }

    /// Long enough in each round for attempts that begin and end in it.
    fn enough(&self, ended: usize) -> bool {
        let ended = self.ended.load(Ordering::SeqCst) - ended;
        ended >= 2 * TASKS || self.over.load(Ordering::SeqCst)
    }

    fn rotate(&self, transport: &TrustedTransport, bundle: &Bundle, bundles: &[String; 2]) {
        while !self.over.load(Ordering::SeqCst) {
            let next = self.begun.fetch_add(1, Ordering::SeqCst) + 1;
            bundle.write(&bundles[next % 2]);
            transport.reload().expect("it loads");
            self.done.store(next, Ordering::SeqCst);
            let ended = self.ended.load(Ordering::SeqCst);
            while !self.enough(ended) {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
    }
}

/// How many this process may have. A connection takes two, one of them the server's.
fn descriptors() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let mut lines = limits.lines();
    let line = lines.find_map(|line| line.strip_prefix("Max open files"));
    let soft = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    soft.unwrap_or(256)
}

/// That connect at the same time, again and again.
const TASKS: usize = 100;

const TRUSTED: [Outcome; 1] = [Outcome::Connected];
const UNKNOWN: Outcome = Outcome::Refused(Refusal::UnknownIssuer);
const WRONG_HOST: Outcome = Outcome::Refused(Refusal::WrongHost);
