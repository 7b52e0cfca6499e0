//! `check`: connects to every URL through the token of the environment and says how each
//! went. Several are tried at the same time, and shown in their order.

mod facts;
mod judges;
mod progress;
mod show;

use std::io::{self, Write};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream;
use serde::Serialize;
use trusted_transport::http::{header, redirect};
use trusted_transport::{
    HttpClient, KeyExchange, Phase, Probe, TlsFault, TransportError, TrustReport, TrustedTransport,
};

use self::facts::{CheckResult, Failure};
use self::judges::Judges;
use self::progress::Progress;
use crate::Exit;
use crate::explain::Explanation;
use crate::output::Output;
use crate::target::{Scheme, Target};

/// What is to be checked, and how.
pub(crate) struct Options {
    pub(crate) urls: Vec<String>,
    /// Every host over HTTP and over WebSocket.
    pub(crate) both: bool,
    /// For a connection, from name resolution to the last handshake.
    pub(crate) timeout: Duration,
    pub(crate) json: bool,
}

pub(crate) async fn run(out: &mut Output<impl Write>, options: &Options) -> io::Result<Exit> {
    let (targets, checker) = match options.prepared() {
        Ok(prepared) => prepared,
        Err(error) => {
            match options.json {
                true => out.json(&Checked::nothing(*error))?,
                false => error.explanation.report()?,
            }
            return Ok(Exit::NoPolicy);
        }
    };
    let progress = Progress::of(targets.len(), options.json);
    let checks = targets.iter().map(|target| async {
        let result = checker.check(target).await;
        progress.one_more();
        result
    });
    let results: Vec<CheckResult> = stream::iter(checks).buffered(AT_ONCE).collect().await;
    drop(progress);
    let report = checker.transport.report();
    match options.json {
        true => out.json(&Checked::of(&results, &report))?,
        false => show::all(out, &results, &report)?,
    }
    Ok(match results.iter().all(|result| result.ok) {
        true => Exit::Success,
        false => Exit::Failed,
    })
}

impl Options {
    fn prepared(&self) -> Result<(Vec<Target>, Checker), Box<Failure>> {
        let targets = self.targets().map_err(|error| Failure::of(*error))?;
        let checker = Checker::from_env(self.timeout);
        Ok((targets, checker.map_err(|error| Failure::from(&error))?))
    }

    /// What is no URL is an error before anything is connected.
    fn targets(&self) -> Result<Vec<Target>, Box<Explanation>> {
        let mut targets = Vec::new();
        for url in &self.urls {
            let target = Target::of(url)?;
            let twin = self.both.then(|| target.twin());
            targets.push(target);
            targets.extend(twin);
        }
        Ok(targets)
    }
}

#[derive(Serialize)]
struct Checked<'a> {
    results: &'a [CheckResult],
    policy: Option<&'a TrustReport>,
    error: Option<Failure>,
}

impl<'a> Checked<'a> {
    fn of(results: &'a [CheckResult], policy: &'a TrustReport) -> Self {
        Self {
            results,
            policy: Some(policy),
            error: None,
        }
    }

    fn nothing(error: Failure) -> Self {
        Self {
            results: &[],
            policy: None,
            error: Some(error),
        }
    }
}

struct Checker {
    transport: TrustedTransport,
    client: HttpClient,
    judges: Judges,
    timeout: Duration,
}

/// What the other side said.
struct Answer {
    status: u16,
    protocol: String,
}

impl Checker {
    fn from_env(timeout: Duration) -> Result<Self, TransportError> {
        let anchors = trusted_transport::CaPolicy::from_env().load()?;
        let transport = TrustedTransport::builder(anchors)
            .connect_timeout(timeout)
            .build()?;
        let client = transport
            .http()
            .redirect(redirect::Policy::none())
            .timeout(2 * timeout)
            .user_agent(USER_AGENT)
            .build()?;
        Ok(Self {
            judges: Judges::new(&transport),
            transport,
            client,
            timeout,
        })
    }

    async fn check(&self, target: &Target) -> CheckResult {
        let start = Instant::now();
        let probe = self.transport.probe(&target.url).await;
        let connected = Instant::now();
        let answer = match &probe {
            Ok(_) => Some(self.connect(target).await),
            Err(_) => None,
        };
        let asked = connected.elapsed();
        let mut result = CheckResult::new(target, self.transport.route(&target.url).ok());
        result.elapsed_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
        match &probe {
            Ok(probe) => {
                result.add_probe(probe, self.resumes(target, probe).await);
                result.phases_ms.request = Some(facts::milliseconds(asked));
            }
            Err(error) => {
                result.classical_only_helps = self.classical_helps(target, error).await;
                result.add_error(error);
            }
        }
        match answer {
            Some(Ok(answer)) => result.add_answer(answer),
            Some(Err(error)) => result.add_error(&error),
            None => {}
        }
        result.would_verify = self.judges.judge(target, &result);
        result
    }

    /// Whether another connection goes on with the session of the first.
    async fn resumes(&self, target: &Target, first: &Probe) -> bool {
        if first.tls.is_none() {
            return false;
        }
        let second = self.transport.probe(&target.url).await;
        second.is_ok_and(|probe| probe.tls.is_some_and(|tls| tls.resumed))
    }

    /// Whether something on the way drops the large first message of a post-quantum key exchange;
    /// `None` if it does not look like it.
    async fn classical_helps(&self, target: &Target, error: &TransportError) -> Option<bool> {
        if !may_be_too_large(error) {
            return None;
        }
        let transport = TrustedTransport::builder(self.transport.anchors())
            .connect_timeout(self.timeout)
            .key_exchange(KeyExchange::Classical)
            .build();
        Some(transport.ok()?.probe(&target.url).await.is_ok())
    }

    async fn connect(&self, target: &Target) -> Result<Answer, TransportError> {
        match target.scheme {
            Scheme::Wss | Scheme::Ws => {
                let request = self.transport.websocket(target.url.as_str());
                let request = request.header(header::USER_AGENT, USER_AGENT);
                let (mut socket, response) = request.await?;
                // It is open, which is all that was asked; a bad farewell changes nothing.
                let _ = tokio::time::timeout(FAREWELL, socket.close(None)).await;
                Ok(Answer {
                    status: response.status().as_u16(),
                    protocol: format!("{:?}", response.version()),
                })
            }
            Scheme::Https | Scheme::Http => {
                let response = self.client.get(&target.url).send().await?;
                Ok(Answer {
                    status: response.status().as_u16(),
                    protocol: format!("{:?}", response.version()),
                })
            }
        }
    }
}

fn may_be_too_large(error: &TransportError) -> bool {
    match error {
        TransportError::ConnectTimeout { phase, .. } => *phase == Phase::Tls,
        TransportError::Tls { fault, .. } => *fault == TlsFault::CutOff,
        _ => false,
    }
}

const AT_ONCE: usize = 8;
const FAREWELL: Duration = Duration::from_secs(1);
const USER_AGENT: &str = concat!("trusted-transport-cli/", env!("CARGO_PKG_VERSION"));
