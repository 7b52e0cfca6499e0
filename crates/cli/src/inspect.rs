//! `inspect`: what the present environment, or a file as an explicit bundle, would be trusted
//! for. Nothing is connected to.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use trusted_transport::{
    AcceptedCertificate, BaseKind, BundleReport, CaPolicy, ExcludedCertificate, SourceKind,
    TrustReport,
};

use crate::Exit;
use crate::explain::Explanation;
use crate::output::{Output, Text};

pub(crate) fn run(
    out: &mut Output<impl Write>,
    file: Option<PathBuf>,
    json: bool,
) -> io::Result<Exit> {
    // A file takes the variables' place, and the report shall say which lost to it.
    let environment = CaPolicy::from_env();
    let policy = match file {
        Some(file) => environment.bundle(file),
        None => environment,
    };
    match policy.load() {
        Ok(anchors) if json => out.json(&Inspected::of(anchors.report()))?,
        Ok(anchors) => print(out, anchors.report())?,
        Err(error) => {
            let error = Explanation::from(&error);
            match json {
                true => out.json(&Failed { error })?,
                false => error.report()?,
            }
            return Ok(Exit::NoPolicy);
        }
    }
    Ok(Exit::Success)
}

#[derive(Serialize)]
struct Inspected<'a> {
    #[serde(flatten)]
    report: &'a TrustReport,
    error: Option<Explanation>,
}

impl<'a> Inspected<'a> {
    fn of(report: &'a TrustReport) -> Self {
        let error = None;
        Self { report, error }
    }
}

#[derive(Serialize)]
struct Failed {
    error: Explanation,
}

fn print(out: &mut Output<impl Write>, report: &TrustReport) -> io::Result<()> {
    let mut head = vec![(Text::strong("source"), Text::from(source(report)))];
    for lost in &report.lost {
        let text = format!("{} (set to {})", lost.name, lost.path.display());
        head.push((Text::odd("not used"), text.into()));
    }
    out.pairs(head)?;
    if report.source.kind != SourceKind::Platform {
        out.blank()?;
        certificates(out, &report.bundle)?;
    }
    out.blank()?;
    out.pairs(totals(report))
}

fn source(report: &TrustReport) -> String {
    let path = report.source.path.as_deref().map(Path::display);
    match (report.source.kind, &report.source.name, path) {
        (SourceKind::Variable, Some(name), Some(path)) => format!("{path} (from {name})"),
        (SourceKind::Explicit, _, Some(path)) => format!("{path} (from the command line)"),
        (SourceKind::Platform, ..) => "the base roots alone; no variable names a bundle".into(),
        _ => report.source.to_string(),
    }
}

fn totals(report: &TrustReport) -> Vec<(Text, Text)> {
    let mut lines = Vec::new();
    if report.source.kind != SourceKind::Platform {
        lines.push((Text::strong("bundle"), Text::from(bundle(&report.bundle))));
    }
    lines.push((Text::strong("base roots"), Text::from(base(report))));
    let in_force = match report.anchors {
        Some(1) => "1 trust anchor in force".to_owned(),
        Some(count) => format!("{count} trust anchors in force"),
        None => "the bundle's and the operating system's own".to_owned(),
    };
    lines.push((Text::strong("in all"), in_force.into()));
    lines.push((Text::strong("fingerprint"), (&report.fingerprint).into()));
    for warning in &report.warnings {
        lines.push((Text::odd("warning"), warning.into()));
    }
    lines
}

fn base(report: &TrustReport) -> String {
    let whose = match report.base.kind {
        BaseKind::Platform => "the platform",
        BaseKind::Mozilla => "Mozilla",
        BaseKind::None => return "none".to_owned(),
        _ => return "the operating system's, which it does not list".to_owned(),
    };
    let anchors = report.base.anchors.unwrap_or_default();
    match report.base.ignored.unwrap_or_default() {
        0 => format!("{anchors} of {whose}"),
        ignored => format!("{anchors} of {whose}; {ignored} more are unusable"),
    }
}

/// What there is none of is not named.
fn bundle(bundle: &BundleReport) -> String {
    let mut parts = vec![format!("{} accepted", bundle.accepted.len())];
    let others = [
        (bundle.distrusted.len(), "distrusted"),
        (bundle.unusable.len(), "unusable"),
        (bundle.duplicates, "duplicate"),
        (bundle.crls, "CRL, not enforced"),
        (bundle.private_keys, "private key, passed over"),
        (bundle.other, "of another kind, passed over"),
    ];
    let others = others.into_iter().filter(|&(count, _)| count > 0);
    parts.extend(others.map(|(count, what)| format!("{count} {what}")));
    parts.join("; ")
}

/// A row of the table, whatever became of the certificate.
struct Row<'a> {
    state: Text,
    subject: &'a str,
    expires: &'a str,
    file: &'a Path,
    position: usize,
    line: usize,
    notes: Text,
}

impl<'a> Row<'a> {
    fn accepted(certificate: &'a AcceptedCertificate) -> Self {
        Self {
            state: Text::good("accepted"),
            subject: &certificate.subject,
            expires: day(&certificate.not_after),
            file: &certificate.file,
            position: certificate.position,
            line: certificate.line,
            notes: Text::odd(certificate.warnings.join("; ")),
        }
    }

    fn excluded(state: Text, certificate: &'a ExcludedCertificate) -> Self {
        Self {
            state,
            subject: &certificate.subject,
            expires: day(&certificate.not_after),
            file: &certificate.file,
            position: certificate.position,
            line: certificate.line,
            notes: (&certificate.reason).into(),
        }
    }

    fn cells(self, with_file: bool) -> Vec<Text> {
        let mut cells = vec![
            self.state,
            self.subject.into(),
            self.expires.into(),
            self.position.to_string().into(),
            self.line.to_string().into(),
            self.notes,
        ];
        if with_file {
            let name = self.file.file_name().unwrap_or_default();
            cells.insert(3, name.to_string_lossy().into());
        }
        cells
    }
}

/// In the order of the bundle, which is how its owner knows it.
fn certificates(out: &mut Output<impl Write>, bundle: &BundleReport) -> io::Result<()> {
    let accepted = bundle.accepted.iter().map(Row::accepted);
    let distrusted = bundle.distrusted.iter();
    let distrusted = distrusted.map(|it| Row::excluded(Text::bad("distrusted"), it));
    let unusable = bundle.unusable.iter();
    let unusable = unusable.map(|it| Row::excluded(Text::odd("unusable"), it));
    let mut rows: Vec<Row<'_>> = accepted.chain(distrusted).chain(unusable).collect();
    let file = |path: &Path| bundle.files.iter().position(|file| file == path);
    rows.sort_by_key(|row| (file(row.file), row.position));

    let with_file = bundle.files.len() > 1;
    let header: &[&str] = match with_file {
        true => &[
            "state", "subject", "expires", "file", "block", "line", "notes",
        ],
        false => &["state", "subject", "expires", "block", "line", "notes"],
    };
    let rows = rows.into_iter().map(|row| row.cells(with_file));
    out.table(header, rows)
}

/// The day is enough for people.
fn day(time: &str) -> &str {
    time.split_once('T').map_or(time, |(day, _)| day)
}
