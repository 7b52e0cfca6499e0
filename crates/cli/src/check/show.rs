//! The results for people: a table, then each URL with its facts, then one line.

use std::io::{self, Write};

use trusted_transport::{PresentedCertificate, TrustReport};

use super::facts::{CheckResult, DIRECT, Phases, Tls, Verified};
use super::judges::WouldVerify;
use crate::output::{Output, Text};

pub(crate) fn all(
    out: &mut Output<impl Write>,
    results: &[CheckResult],
    report: &TrustReport,
) -> io::Result<()> {
    policy(out, report)?;
    let header = ["URL", "route", "result", "protocol", "time"];
    out.table(&header, results.iter().map(row))?;
    for result in results {
        one(out, result)?;
    }
    out.blank()?;
    last_line(out, results)
}

/// What decides about trust, in case that is what failed.
fn policy(out: &mut Output<impl Write>, report: &TrustReport) -> io::Result<()> {
    let pair = |label: &str, text| (label.to_owned(), text);
    let source = pair("policy", report.source.to_string());
    let lost = report.lost.iter().map(|lost| {
        let path = lost.path.display();
        pair("not used", format!("{} (set to {path})", lost.name))
    });
    let warnings = report.warnings.iter();
    let warnings = warnings.map(|warning| pair("warning", warning.clone()));
    out.pairs(std::iter::once(source).chain(lost).chain(warnings))?;
    out.blank()
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
        (Some(_), Some(status)) => Text::bad(format!("failed: {}, {status}", kind(result))),
        (Some(_), None) => Text::bad(format!("failed: {}", kind(result))),
    };
    vec![
        (&result.url).into(),
        route.into(),
        outcome,
        result.protocol.as_deref().unwrap_or_default().into(),
        format!("{} ms", result.elapsed_ms).into(),
    ]
}

fn kind(result: &CheckResult) -> String {
    let error = result.error.as_ref();
    let kind = error.map(|error| error.refusal.unwrap_or(error.explanation.kind));
    kind.unwrap_or_default().replace('_', " ")
}

fn one(out: &mut Output<impl Write>, result: &CheckResult) -> io::Result<()> {
    out.blank()?;
    out.text(Text::strong(format!(
        "{} ({})",
        result.url, result.transport
    )))?;
    if let Some(error) = &result.error {
        error.explanation.print(out)?;
    }
    if result.classical_only_helps == Some(true) {
        out.labelled(
            Text::odd("note:"),
            "without post-quantum key exchange the connection is made: something on the way drops \
             its large first message. A program can do without it by \
             `key_exchange(KeyExchange::Classical)`",
        )?;
    }
    let route = match (&result.route, &result.route_reason) {
        (Some(route), Some(reason)) => Some(format!("{route} ({reason})")),
        _ => None,
    };
    let chain = result.chain.iter().enumerate();
    let chain = chain.map(|(number, certificate)| {
        let label = if number == 0 { "chain" } else { "" };
        (label, described(certificate))
    });
    let facts = [
        ("route", route),
        ("TLS", result.tls.as_ref().map(tls)),
        ("verified by", result.verified_by.as_ref().map(verified)),
        (
            "would verify",
            result.is_refused().then(|| would(&result.would_verify)),
        ),
        ("phases", phases(&result.phases_ms)),
    ];
    let facts = facts
        .into_iter()
        .filter_map(|(label, fact)| Some((label, fact?)));
    out.pairs(facts.chain(chain))
}

fn tls(tls: &Tls) -> String {
    let resumed = tls.resumed.map(|resumed| match resumed {
        true => "sessions are resumed",
        false => "sessions are not resumed",
    });
    let named = [&tls.key_exchange, &tls.cipher_suite, &tls.alpn].map(Option::as_deref);
    let known = [Some(tls.version)]
        .into_iter()
        .chain(named)
        .chain([resumed]);
    known.flatten().collect::<Vec<_>>().join(", ")
}

fn verified(verified: &Verified) -> String {
    match (&verified.subject, &verified.file, verified.position) {
        (Some(subject), Some(file), Some(position)) => {
            format!("`{subject}`, block {position} of {file}")
        }
        _ if verified.kind == "pinned" => {
            "the bundle, which holds this very certificate".to_owned()
        }
        _ => "the operating system".to_owned(),
    }
}

fn would(would: &WouldVerify) -> String {
    let answers = [
        ("the platform's roots", would.platform),
        ("the bundle alone", would.bundle),
        ("both", would.both),
        ("Mozilla's roots", would.mozilla),
    ];
    let answers = answers.into_iter().filter_map(|(whose, answer)| {
        let answer = if answer? { "yes" } else { "no" };
        Some(format!("{whose} {answer}"))
    });
    answers.collect::<Vec<_>>().join(", ")
}

fn phases(phases: &Phases) -> Option<String> {
    let named = [
        ("name", phases.resolve),
        ("TCP", phases.connect),
        ("proxy", phases.proxy),
        ("TLS", phases.tls),
        ("request", phases.request),
    ];
    let named = named.into_iter();
    let named = named.filter_map(|(name, took)| Some(format!("{name} {:.1} ms", took?)));
    let named: Vec<String> = named.collect();
    (!named.is_empty()).then(|| named.join(", "))
}

fn described(certificate: &PresentedCertificate) -> String {
    let PresentedCertificate {
        subject,
        issuer,
        key,
        not_after,
        names,
        ..
    } = certificate;
    let names = match &names[..] {
        [] => String::new(),
        names if names.len() > MOST_NAMES => {
            let more = names.len() - MOST_NAMES;
            format!("; for {} and {more} more", names[..MOST_NAMES].join(", "))
        }
        names => format!("; for {}", names.join(", ")),
    };
    format!("`{subject}`, issued by `{issuer}`; {key}; until {not_after}{names}")
}

fn last_line(out: &mut Output<impl Write>, results: &[CheckResult]) -> io::Result<()> {
    let count = results.len();
    let connected = results.iter().filter(|result| result.ok).count();
    let urls = if count == 1 { "URL" } else { "URLs" };
    let mut failed: Vec<String> = results.iter().filter(|it| !it.ok).map(kind).collect();
    failed.sort_unstable();
    failed.dedup();
    out.text(match connected == count {
        true => Text::good(format!("{connected} of {count} {urls} connected")),
        false => Text::bad(format!(
            "{connected} of {count} {urls} connected; failed: {}",
            failed.join(", ")
        )),
    })
}

/// More are in JSON.
const MOST_NAMES: usize = 5;
