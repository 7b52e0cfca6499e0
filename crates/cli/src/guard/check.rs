//! `guard check`: is the fence whole, does nothing undo it, and is nobody outside?

use std::io::{self, Write};
use std::path::PathBuf;

use super::amend::Amended;
use super::census::Census;
use super::error::GuardError;
use super::exemptions::{Exempt, Exemptions};
use super::finding::{Finding, Kind};
use super::list::List;
use super::plan::Plan;
use super::workspace::{Workspace, line_of, parse};
use super::{bans, scan, shadow};
use crate::Exit;
use crate::explain::Explanation;
use crate::output::{Output, Text};
use serde::Serialize;

/// How cargo is asked.
pub(crate) struct Build {
    /// Instead of all.
    pub(crate) features: Option<String>,
    pub(crate) locked: bool,
}

pub(crate) fn run(
    out: &mut Output<impl Write>,
    manifest: Option<PathBuf>,
    build: Build,
    json: bool,
) -> io::Result<Exit> {
    let checked = Workspace::find(manifest).and_then(|workspace| check(&workspace, build));
    let checked = match checked {
        Ok(checked) => checked,
        Err(error) if json => {
            out.json(&Checked::failed(&error))?;
            return Ok(Exit::NoPolicy);
        }
        Err(error) => {
            Explanation::from(&error).report()?;
            return Ok(Exit::NoPolicy);
        }
    };
    match json {
        true => out.json(&checked)?,
        false => print(out, &checked)?,
    }
    Ok(match checked.findings.is_empty() {
        true => Exit::Success,
        false => Exit::Failed,
    })
}

/// What was found. The keys are the same in every case.
#[derive(Default, Serialize)]
struct Checked {
    version: &'static str,
    packages: usize,
    /// Whether there is a gap; `null` if nobody could look.
    open: Option<bool>,
    findings: Vec<Finding>,
    exempt: Vec<Excused>,
    /// What was left out.
    notes: Vec<String>,
    error: Option<Explanation>,
}

#[derive(Serialize)]
struct Excused {
    #[serde(flatten)]
    finding: Finding,
    reason: String,
}

impl Checked {
    fn failed(error: &GuardError) -> Self {
        Self {
            version: VERSION,
            error: Some(error.into()),
            ..Self::default()
        }
    }
}

fn check(workspace: &Workspace, build: Build) -> Result<Checked, GuardError> {
    let list = List::shipped();
    let plan = Plan::of(workspace)?;
    let mut findings: Vec<_> = plan.files().flat_map(|it| gaps(workspace, it)).collect();
    findings.extend(shadow::check(workspace));
    let deny = parse(
        &plan.deny.path,
        plan.deny.before.as_deref().unwrap_or_default(),
    )?;
    findings.extend(bans::direct(workspace, &deny)?);
    let census = Census {
        workspace,
        list: &list,
        features: build.features,
        locked: build.locked,
    };
    findings.extend(merged(census.take()?, scan::check(workspace, &list)));
    let mut notes = Vec::new();
    match bans::transitive(workspace, &deny, build.locked)? {
        Some(banned) => findings.extend(banned),
        None => notes.push(NO_CARGO_DENY.to_owned()),
    }
    findings.sort();
    findings.dedup();
    let (mut findings, exempt) = Exemptions::read(&workspace.root)?.apply(findings);
    // What others bring often goes with what brought them.
    findings.sort_by_key(|finding| finding.file == "Cargo.lock");
    Ok(Checked {
        version: VERSION,
        packages: workspace.members().len(),
        open: Some(!findings.is_empty()),
        findings,
        exempt: exempt.into_iter().map(Excused::from).collect(),
        notes,
        error: None,
    })
}

/// What a file of the fence lacks.
fn gaps(workspace: &Workspace, file: &Amended) -> Vec<Finding> {
    let name = workspace.name(&file.path);
    let text = file.before.as_deref().unwrap_or_default();
    let mut found = Vec::new();
    let mut note = |path: &str, line, message: String, instead: &str| {
        let finding = Finding::new(Kind::Incomplete, &name, path);
        found.push(finding.at(line, None).says(message, instead));
    };
    match (&file.before, &file.gaps.added[..]) {
        (None, _) => note("file", None, "this file is missing".to_owned(), INIT),
        (Some(_), []) => {}
        (Some(_), [one]) => note(one, Some(1), format!("`{one}` is missing"), INIT),
        (Some(_), [first, more @ ..]) => {
            let message = format!("`{first}` is missing, and {} more", more.len());
            note(first, Some(1), message, INIT);
        }
    }
    for conflict in &file.gaps.conflicts {
        let line = line_of(text, &conflict.key);
        note(
            &conflict.key,
            line,
            conflict.message.clone(),
            &conflict.instead,
        );
    }
    found
}

/// One finding for a place: the function before its type, and what is compiled before what is
/// only written.
fn merged(census: Vec<Finding>, written: Vec<Finding>) -> Vec<Finding> {
    let mut kept: Vec<Finding> = Vec::new();
    let (calls, others): (Vec<_>, Vec<_>) = census
        .into_iter()
        .chain(written)
        .partition(|finding| finding.kind == Kind::Call);
    for finding in calls {
        let is_same = |kept: &&mut Finding| {
            let place = |it: &Finding| (it.file.clone(), it.line);
            let is_part =
                is_below(&kept.path, &finding.path) || is_below(&finding.path, &kept.path);
            place(kept) == place(&finding) && is_part
        };
        match kept.iter_mut().find(is_same) {
            Some(kept) if kept.path.len() < finding.path.len() => *kept = finding,
            Some(_) => {}
            None => kept.push(finding),
        }
    }
    kept.extend(others);
    kept
}

fn is_below(path: &str, parent: &str) -> bool {
    let rest = path.strip_prefix(parent);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

fn print(out: &mut Output<impl Write>, checked: &Checked) -> io::Result<()> {
    for finding in &checked.findings {
        let place = finding.place();
        out.line(Text::strong(format!("{place}: {}", finding.message)))?;
        out.labelled(Text::odd("  instead:"), &*finding.instead)?;
    }
    if !checked.findings.is_empty() {
        out.blank()?;
    }
    if checked.findings.iter().any(|it| it.kind.can_be_exempt()) {
        out.labelled(Text::odd("hint:"), EXEMPT)?;
    }
    for note in &checked.notes {
        out.labelled(Text::odd("note:"), note)?;
    }
    let looked = format!(
        "{}; {} exempt{}",
        counted(checked.packages, "package"),
        checked.exempt.len(),
        match checked.notes.is_empty() {
            true => "",
            false => "; not all was looked at",
        }
    );
    out.text(match checked.findings.len() {
        0 => Text::good(format!("closed: {looked}")),
        open => Text::bad(format!("open: {}; {looked}", counted(open, "finding"))),
    })
}

fn counted(number: usize, thing: &str) -> String {
    match number {
        1 => format!("1 {thing}"),
        _ => format!("{number} {thing}s"),
    }
}

impl From<Exempt> for Excused {
    fn from(Exempt { finding, reason }: Exempt) -> Self {
        Self { finding, reason }
    }
}

const VERSION: &str = env!("CARGO_PKG_VERSION");
const INIT: &str = "run `trusted-transport guard init`";
const EXEMPT: &str = "what has to stay needs an `[[allow]]` with its file, its path and a reason in \
                      trusted-transport.guard.toml";
const NO_CARGO_DENY: &str = "cargo-deny is not installed, so that crates which others bring were \
                             not looked at; `cargo install --locked cargo-deny`";
