//! `check`: connects to every URL through the token of the environment and says how each
//! went. They are tried at the same time and shown in their order.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde::Serialize;
use trusted_transport::http::{header, redirect};
use trusted_transport::{HttpClient, TransportError, TrustReport, TrustedTransport};

use crate::Exit;
use crate::explain::Explanation;
use crate::output::{Output, Text};
use crate::target::{Scheme, Target};

pub(crate) async fn run(
    out: &mut Output<impl Write>,
    urls: &[String],
    json: bool,
) -> io::Result<Exit> {
    let checker = match Checker::from_env() {
        Ok(checker) => checker,
        Err(error) => {
            let error = Explanation::from(&error);
            match json {
                true => out.json(&Checked::nothing(error))?,
                false => error.report()?,
            }
            return Ok(Exit::NoPolicy);
        }
    };
    let mut waiting = Output::stderr();
    if waiting.is_terminal() {
        let (count, limit) = (urls.len(), 2 * TIMEOUT.as_secs());
        waiting.text(format!(
            "connecting to {count} URL(s), for at most {limit} s"
        ))?;
    }
    drop(waiting);
    let results = join_all(urls.iter().map(|url| checker.check(url))).await;
    let connected = results.iter().filter(|result| result.ok).count();
    match json {
        true => out.json(&Checked::of(&results, &checker.transport.report()))?,
        false => {
            policy(out, &checker.transport.report())?;
            print(out, &results, connected)?;
        }
    }
    Ok(match connected == results.len() {
        true => Exit::Success,
        false => Exit::Failed,
    })
}

#[derive(Serialize)]
struct Checked<'a> {
    results: &'a [CheckResult],
    policy: Option<&'a TrustReport>,
    error: Option<Explanation>,
}

#[derive(Serialize)]
struct CheckResult {
    /// Without query, fragment and credentials.
    url: String,
    ok: bool,
    /// `direct`, or the URL of the proxy without credentials.
    route: Option<String>,
    transport: Option<&'static str>,
    status: Option<u16>,
    protocol: Option<String>,
    elapsed_ms: u64,
    error: Option<Explanation>,
}

impl<'a> Checked<'a> {
    fn of(results: &'a [CheckResult], policy: &'a TrustReport) -> Self {
        Self {
            results,
            policy: Some(policy),
            error: None,
        }
    }

    fn nothing(error: Explanation) -> Self {
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
}

/// What the other side said.
struct Answer {
    status: u16,
    protocol: String,
}

impl Checker {
    fn from_env() -> Result<Self, TransportError> {
        let transport = TrustedTransport::from_env()?;
        let client = transport
            .http()
            .redirect(redirect::Policy::none())
            .connect_timeout(TIMEOUT)
            .timeout(2 * TIMEOUT)
            .user_agent(USER_AGENT)
            .build()?;
        Ok(Self { transport, client })
    }

    async fn check(&self, argument: &str) -> CheckResult {
        let target = Target::of(argument);
        let route = self.transport.route(&target.url).ok();
        let start = Instant::now();
        let outcome = self.connect(&target).await;
        let elapsed = start.elapsed();
        let refused = match &outcome {
            Err(TransportError::UpgradeRefused { status, .. }) => Some(status.as_u16()),
            _ => None,
        };
        CheckResult {
            ok: outcome.is_ok(),
            route: route.map(|route| route.proxy().unwrap_or_else(|| DIRECT.to_owned())),
            transport: target.scheme.map(Scheme::as_str),
            status: outcome.as_ref().map(|it| it.status).ok().or(refused),
            protocol: outcome.as_ref().map(|it| it.protocol.clone()).ok(),
            elapsed_ms: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
            error: outcome.as_ref().err().map(Explanation::from),
            url: target.shown,
        }
    }

    async fn connect(&self, target: &Target) -> Result<Answer, TransportError> {
        match target.scheme {
            Some(Scheme::Wss | Scheme::Ws) => {
                let request = self.transport.websocket(target.url.as_str());
                let request = request.header(header::USER_AGENT, USER_AGENT);
                let (mut socket, response) = request.connect_timeout(TIMEOUT).await?;
                // It is open, which is all that was asked; a bad farewell changes nothing.
                let _ = tokio::time::timeout(FAREWELL, socket.close(None)).await;
                Ok(Answer {
                    status: response.status().as_u16(),
                    protocol: format!("{:?}", response.version()),
                })
            }
            // Without a scheme, sending says what is wrong.
            Some(Scheme::Https | Scheme::Http) | None => {
                let response = self.client.get(&target.url).send().await?;
                Ok(Answer {
                    status: response.status().as_u16(),
                    protocol: format!("{:?}", response.version()),
                })
            }
        }
    }
}

/// What decides about trust, in case that is what failed.
fn policy(out: &mut Output<impl Write>, report: &TrustReport) -> io::Result<()> {
    let lost = report.lost.iter().map(|lost| {
        let path = lost.path.display();
        (
            "not used".to_owned(),
            format!("{} (set to {path})", lost.name),
        )
    });
    let source = ("policy".to_owned(), report.source.to_string());
    out.pairs(std::iter::once(source).chain(lost))?;
    out.blank()
}

fn print(
    out: &mut Output<impl Write>,
    results: &[CheckResult],
    connected: usize,
) -> io::Result<()> {
    let rows = results.iter().map(row);
    out.table(&["URL", "route", "result", "protocol", "time"], rows)?;
    for result in results {
        if let Some(error) = &result.error {
            out.blank()?;
            out.text(Text::strong(&result.url))?;
            error.print(out)?;
        }
    }
    out.blank()?;
    let count = results.len();
    let summary = match count {
        1 => format!("{connected} of 1 URL connected"),
        _ => format!("{connected} of {count} URLs connected"),
    };
    out.text(match connected == count {
        true => Text::good(summary),
        false => Text::bad(summary),
    })
}

fn row(result: &CheckResult) -> Vec<Text> {
    let status = result.status.map(|status| status.to_string());
    let route = match result.route.as_deref() {
        Some(DIRECT) => DIRECT.to_owned(),
        Some(proxy) => format!("through {proxy}"),
        None => String::new(),
    };
    let outcome = match (&result.error, status) {
        (None, status) => Text::good(format!("connected, {}", status.unwrap_or_default())),
        (Some(error), Some(status)) => Text::bad(format!("{}, {status}", failed(error))),
        (Some(error), None) => Text::bad(failed(error)),
    };
    vec![
        (&result.url).into(),
        route.into(),
        outcome,
        result.protocol.as_deref().unwrap_or_default().into(),
        format!("{} ms", result.elapsed_ms).into(),
    ]
}

fn failed(error: &Explanation) -> String {
    format!("failed: {}", error.kind.replace('_', " "))
}

const DIRECT: &str = "direct";

/// From name resolution to the last handshake; the response may take as long again.
const TIMEOUT: Duration = Duration::from_secs(30);
const FAREWELL: Duration = Duration::from_secs(1);
const USER_AGENT: &str = concat!("trusted-transport-cli/", env!("CARGO_PKG_VERSION"));
