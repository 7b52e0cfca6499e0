//! `demo`: six connections on this machine, each tried by a raw client and by the token, and
//! a table of what both saw. It needs no network and no configuration, and no variable of
//! the environment changes the table; what the environment trusts is shown below it.

mod stage;
mod witness;

use std::io::{self, Write};
use std::time::{Duration, Instant};

use trusted_transport::{CaPolicy, TrustReport};

use self::stage::{Kind, Seen, Stage, Way};
use self::witness::Witness;
use crate::Exit;
use crate::explain::Explanation;
use crate::output::{Output, Text};

pub(crate) async fn run(out: &mut Output<impl Write>) -> io::Result<Exit> {
    let start = Instant::now();
    let stage = match Stage::start().await {
        Ok(stage) => stage,
        Err(error) => {
            let mut out = Output::stderr();
            out.text(format!("error: failed to start the demo: {error}"))?;
            return Ok(Exit::Failed);
        }
    };
    introduce(out)?;
    let mut rows = Vec::new();
    for way in [Way::Direct, Way::Company, Way::Impostor] {
        for kind in [Kind::Https, Kind::Wss] {
            rows.push(Row::of(&stage, kind, way).await);
        }
    }
    let wrong = rows.iter().filter(|row| row.wrong.is_some()).count();
    let header = ["tried", "route", "raw client", "token", "verdict"];
    out.table(&header, rows.into_iter().map(Row::cells))?;
    out.blank()?;
    conclude(out, wrong, start.elapsed())?;
    out.blank()?;
    your_policy(out)?;
    out.blank()?;
    next(out)?;
    Ok(match wrong {
        0 => Exit::Success,
        _ => Exit::Failed,
    })
}

fn introduce(out: &mut Output<impl Write>) -> io::Result<()> {
    out.text(Text::strong(
        "What a company's proxy does to HTTPS and WebSocket, on this machine alone:",
    ))?;
    out.blank()?;
    out.pairs(TERMS.map(|(term, meaning)| (Text::strong(term), meaning)))?;
    out.blank()
}

/// One kind of connection over one route, tried by both clients.
struct Row {
    kind: Kind,
    way: Way,
    raw: Seen,
    token: Seen,
    wrong: Option<String>,
}

impl Row {
    async fn of(stage: &Stage, kind: Kind, way: Way) -> Self {
        // The row's time is shared out, so that a silent raw client leaves some to the token.
        let (raw, raw_wrong) = attempt(stage, way, stage.raw(kind, way), way.raw_connects()).await;
        let (token, token_wrong) =
            attempt(stage, way, stage.token(kind, way), way.token_connects()).await;
        let raw_wrong = raw_wrong.map(|wrong| format!("raw client: {wrong}"));
        let token_wrong = token_wrong.map(|wrong| format!("token: {wrong}"));
        Self {
            kind,
            way,
            raw,
            token,
            wrong: raw_wrong.or(token_wrong),
        }
    }

    fn cells(self) -> Vec<Text> {
        vec![
            self.kind.to_string().into(),
            self.way.to_string().into(),
            seen(&self.raw),
            seen(&self.token),
            match self.wrong {
                None => Text::good("as it must be"),
                Some(wrong) => Text::bad(format!("WRONG: {wrong}")),
            },
        ]
    }
}

/// What the client saw, and what is wrong with it or with what the far side saw.
async fn attempt(
    stage: &Stage,
    way: Way,
    client: impl Future<Output = Seen>,
    must_connect: bool,
) -> (Seen, Option<String>) {
    let witness = Witness::before(stage);
    let seen = tokio::time::timeout(ROW_TIMEOUT / 2, client).await;
    let seen = seen.unwrap_or_else(|_| Seen::Failed("no answer in time".to_owned()));
    let wrong = match (&seen, must_connect) {
        (Seen::Connected(_), true) | (Seen::UnknownIssuer, false) => {
            witness.contradicts(stage, way, must_connect)
        }
        (_, true) => Some("it must connect"),
        (_, false) => Some("it must be refused"),
    };
    let wrong = wrong.map(str::to_owned);
    (seen, wrong)
}

fn seen(seen: &Seen) -> Text {
    match seen {
        Seen::Connected(what) => Text::good(format!("✓ {what}")),
        Seen::UnknownIssuer => Text::bad("✗ UnknownIssuer"),
        Seen::Failed(why) => Text::bad(format!("✗ {why}")),
    }
}

fn conclude(out: &mut Output<impl Write>, wrong: usize, elapsed: Duration) -> io::Result<()> {
    if wrong > 0 {
        let text = format!("{wrong} of 6 rows are WRONG: this build does not do what it promises.");
        return out.text(Text::bad(text));
    }
    let seconds = elapsed.as_secs_f32();
    out.text(format!(
        "Behind the company's proxy the raw client loses HTTPS and WebSocket alike; the token \
         keeps both, because the company's CA was given to it once, for everything that \
         connects. The impostor gets nowhere: both clients refuse its proxy. ({seconds:.1} s)"
    ))
}

fn your_policy(out: &mut Output<impl Write>) -> io::Result<()> {
    out.text(Text::strong("In your own environment, now:"))?;
    match CaPolicy::from_env().load() {
        Ok(anchors) => {
            let report = anchors.report();
            note_cargo(out, report)?;
            let report = report.to_string();
            let lines = report.lines().map(|line| match line.split_once(": ") {
                Some((label, text)) => (format!("  {label}:"), text),
                None => (String::new(), line),
            });
            out.pairs(lines)
        }
        Err(error) => Explanation::from(&error).print(out),
    }
}

/// Cargo gives the programs that it runs an `SSL_CERT_FILE`, if the person has none that exists.
fn note_cargo(out: &mut Output<impl Write>, report: &TrustReport) -> io::Result<()> {
    let by_cargo = std::env::var_os("CARGO").is_some()
        && report.source.name.as_deref() == Some("SSL_CERT_FILE");
    if by_cargo {
        out.text(Text::odd(
            "(cargo may have set SSL_CERT_FILE; run the program itself to see without)",
        ))?;
    }
    Ok(())
}

fn next(out: &mut Output<impl Write>) -> io::Result<()> {
    // As it was called, so that the lines can be copied: it need not be on the PATH.
    let program = std::env::args().next();
    let program = program.as_deref().unwrap_or(env!("CARGO_BIN_NAME"));
    out.text(Text::strong("Next:"))?;
    out.pairs([
        (
            format!("  {program} inspect"),
            "what your environment trusts, and why",
        ),
        (format!("  {program} check URL"), "whether you can connect"),
    ])
}

const TERMS: [(&str, &str); 5] = [
    (
        "company's proxy",
        "an intercepting proxy: it opens TLS and signs it again with the company's CA",
    ),
    (
        "impostor's proxy",
        "the same, but signed by a CA that nobody here trusts",
    ),
    (
        "raw client",
        "stands for any program that knows the public roots, and only these",
    ),
    (
        "token",
        "a TrustedTransport: its policy is the public root and the company's CA",
    ),
    (
        "UnknownIssuer",
        "the certificate was refused: no CA that is trusted has signed it",
    ),
];

/// For the raw client and the token together.
const ROW_TIMEOUT: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use std::error::Error;
    use std::future::ready;

    use super::*;

    #[tokio::test]
    async fn a_client_is_not_taken_at_its_word() -> Result<(), Box<dyn Error>> {
        let stage = Stage::start().await?;
        for way in [Way::Direct, Way::Company, Way::Impostor] {
            let connected = ready(Seen::Connected("200".to_owned()));
            let (_, wrong) = attempt(&stage, way, connected, true).await;
            assert_eq!(wrong.as_deref(), Some("the origin saw something else"));
        }
        let refused = ready(Seen::UnknownIssuer);
        let (_, wrong) = attempt(&stage, Way::Impostor, refused, false).await;
        assert_eq!(wrong.as_deref(), Some("the proxies saw something else"));

        let around = stage.token(Kind::Https, Way::Direct);
        let (_, wrong) = attempt(&stage, Way::Company, around, true).await;
        assert_eq!(wrong.as_deref(), Some("the proxies saw something else"));
        Ok(())
    }

    #[tokio::test]
    async fn a_client_that_sees_something_else_is_wrong() -> Result<(), Box<dyn Error>> {
        let stage = Stage::start().await?;
        let token = stage.token(Kind::Wss, Way::Company);
        let (_, wrong) = attempt(&stage, Way::Company, token, false).await;
        assert_eq!(wrong.as_deref(), Some("it must be refused"));
        let raw = stage.raw(Kind::Wss, Way::Company);
        let (_, wrong) = attempt(&stage, Way::Company, raw, true).await;
        assert_eq!(wrong.as_deref(), Some("it must connect"));
        Ok(())
    }
}
