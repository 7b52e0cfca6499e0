//! `inspect`: what the present environment, or a file as an explicit bundle, would be trusted
//! for. Nothing is connected to.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use trusted_transport::{
    BaseKind, BaseReport, BundleReport, CaPolicy, LostVariable, SourceKind, TrustReport,
    TrustSource,
};

use crate::Exit;
use crate::certificates;
use crate::explain::Explanation;
use crate::output::{Output, Text};
use crate::revocation;

pub(crate) fn run(
    out: &mut Output<impl Write>,
    file: Option<PathBuf>,
    json: bool,
    all: bool,
) -> io::Result<Exit> {
    // A file takes the variables' place, and the report shall say which lost to it.
    let environment = CaPolicy::from_env();
    let policy = match file {
        Some(file) => environment.bundle(file),
        None => environment,
    };
    match policy.load() {
        Ok(anchors) => {
            let report = anchors.report();
            // Where the operating system keeps them, an empty list would be an invention.
            let listed = all && report.base.kind != BaseKind::Delegated;
            let roots = listed.then(|| anchors.base_roots());
            match json {
                true => out.json(&Inspected::of(report, roots.as_ref()))?,
                false => print(out, report, all, roots.as_ref())?,
            }
            Ok(Exit::Success)
        }
        Err(error) => {
            let error = Explanation::from(&error);
            match json {
                true => out.json(&Inspected::failed(error))?,
                false => error.report()?,
            }
            Ok(Exit::NoPolicy)
        }
    }
}

/// The keys are the same in every case; without a policy all but the error are null.
#[derive(Default, Serialize)]
struct Inspected<'a> {
    source: Option<&'a TrustSource>,
    variables: Option<&'a [String]>,
    lost: Option<&'a [LostVariable]>,
    base: Option<Base<'a>>,
    bundle: Option<&'a BundleReport>,
    anchors: Option<usize>,
    fingerprint: Option<&'a str>,
    warnings: Option<&'a [String]>,
    error: Option<Explanation>,
}

#[derive(Serialize)]
struct Base<'a> {
    #[serde(flatten)]
    report: &'a BaseReport,
    /// With `--all`.
    #[serde(skip_serializing_if = "Option::is_none")]
    roots: Option<&'a BundleReport>,
}

impl<'a> Inspected<'a> {
    fn of(report: &'a TrustReport, roots: Option<&'a BundleReport>) -> Self {
        Self {
            source: Some(&report.source),
            variables: Some(&report.variables),
            lost: Some(&report.lost),
            base: Some(Base {
                report: &report.base,
                roots,
            }),
            bundle: Some(&report.bundle),
            anchors: report.anchors,
            fingerprint: Some(&report.fingerprint),
            warnings: Some(&report.warnings),
            error: None,
        }
    }

    fn failed(error: Explanation) -> Self {
        Self {
            error: Some(error),
            ..Self::default()
        }
    }
}

fn print(
    out: &mut Output<impl Write>,
    report: &TrustReport,
    all: bool,
    roots: Option<&BundleReport>,
) -> io::Result<()> {
    let mut head = vec![(Text::strong("source"), Text::from(source(report)))];
    for lost in &report.lost {
        let text = format!("{} (set to {})", lost.name, lost.path.display());
        head.push((Text::odd("not used"), text.into()));
    }
    out.pairs(head)?;
    if report.source.kind != SourceKind::Platform {
        out.blank()?;
        if all {
            out.text(Text::strong("The bundle:"))?;
        }
        certificates::print(out, &report.bundle)?;
        revocation::print(out, &report.bundle)?;
    }
    if all {
        out.blank()?;
        base_roots(out, roots)?;
    }
    out.blank()?;
    out.pairs(totals(report, all))
}

fn base_roots(out: &mut Output<impl Write>, roots: Option<&BundleReport>) -> io::Result<()> {
    let Some(roots) = roots else {
        out.text(Text::strong("The base roots:"))?;
        return out.text(DELEGATED);
    };
    out.text(Text::strong(match &roots.files[..] {
        // The table has no column for a single file, and nobody has named this one.
        [file] => format!("The base roots, in {}:", file.display()),
        _ => "The base roots:".to_owned(),
    }))?;
    certificates::print(out, roots)
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

fn totals(report: &TrustReport, all: bool) -> Vec<(Text, Text)> {
    let mut lines = Vec::new();
    if report.source.kind != SourceKind::Platform {
        lines.push((Text::strong("bundle"), Text::from(bundle(&report.bundle))));
    }
    lines.push((
        Text::strong("base roots"),
        Text::from(base(&report.base, all)),
    ));
    let in_force = match report.anchors {
        Some(1) => "1 trust anchor in force".to_owned(),
        Some(count) => format!("{count} trust anchors in force"),
        None => "the bundle's and the operating system's own".to_owned(),
    };
    let twice = match (report.anchors, report.base.anchors) {
        (Some(all), Some(base)) => report.bundle.accepted.len() + base - all,
        _ => 0,
    };
    let in_force = match twice {
        0 => in_force,
        _ => format!("{in_force}; {twice} of the bundle's are base roots too"),
    };
    lines.push((Text::strong("in all"), in_force.into()));
    lines.push((Text::strong("fingerprint"), (&report.fingerprint).into()));
    for warning in &report.warnings {
        lines.push((Text::odd("warning"), warning.into()));
    }
    lines
}

fn base(base: &BaseReport, all: bool) -> String {
    let whose = match base.kind {
        BaseKind::Platform => "the platform",
        BaseKind::Mozilla => "Mozilla",
        BaseKind::None => return "none".to_owned(),
        _ => return DELEGATED.to_owned(),
    };
    let mut parts = vec![format!("{} of {whose}", base.anchors.unwrap_or_default())];
    parts.extend(found([
        (base.distrusted.unwrap_or_default(), DISTRUSTED),
        (base.ignored.unwrap_or_default(), UNUSABLE),
    ]));
    if !all {
        parts.push("--all lists them".to_owned());
    }
    parts.join("; ")
}

fn bundle(bundle: &BundleReport) -> String {
    let mut parts = vec![format!("{} accepted", bundle.accepted.len())];
    parts.extend(found([
        (bundle.distrusted.len(), DISTRUSTED),
        (bundle.unusable.len(), UNUSABLE),
        (bundle.duplicates, ["duplicate", "duplicates"]),
    ]));
    parts.extend(found(revocation::counts(bundle)));
    parts.extend(found([
        (
            bundle.private_keys,
            ["private key, passed over", "private keys, passed over"],
        ),
        (
            bundle.other,
            ["other block, passed over", "other blocks, passed over"],
        ),
    ]));
    parts.join("; ")
}

/// What there is none of is not named. The words are for one and for several.
fn found<const N: usize>(counts: [(usize, [&str; 2]); N]) -> impl Iterator<Item = String> {
    let found = counts.into_iter().filter(|&(count, _)| count > 0);
    found.map(|(count, [one, several])| {
        let what = if count == 1 { one } else { several };
        format!("{count} {what}")
    })
}

const DISTRUSTED: [&str; 2] = ["distrusted"; 2];
const UNUSABLE: [&str; 2] = ["unusable"; 2];
const DELEGATED: &str = "the operating system's, which it does not list";
