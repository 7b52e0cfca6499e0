//! `guard init`: writes the fence, and shows what it did as a diff.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use similar::TextDiff;

use super::amend::Amended;
use super::error::GuardError;
use super::plan::Plan;
use super::workspace::Workspace;
use crate::Exit;
use crate::explain::Explanation;
use crate::output::{Output, Text};

pub(crate) fn run(
    out: &mut Output<impl Write>,
    manifest: Option<PathBuf>,
    dry_run: bool,
) -> io::Result<Exit> {
    let plan = Workspace::find(manifest).and_then(|workspace| {
        let plan = Plan::of(&workspace)?;
        Ok((workspace, plan))
    });
    let written = match plan {
        Ok((workspace, plan)) => show(out, &workspace, &plan, dry_run)?,
        Err(error) => Err(error),
    };
    match written {
        Ok(()) => Ok(Exit::Success),
        Err(error) => {
            out.flush()?;
            Explanation::from(&error).report()?;
            Ok(Exit::NoPolicy)
        }
    }
}

fn show(
    out: &mut Output<impl Write>,
    workspace: &Workspace,
    plan: &Plan,
    dry_run: bool,
) -> io::Result<Result<(), GuardError>> {
    // All is known to be possible before the first file is touched.
    for file in plan.files().filter(|file| file.is_changed()) {
        if !dry_run && let Err(error) = write(file) {
            return Ok(Err(error));
        }
        diff(out, workspace, file)?;
    }
    conflicts(out, workspace, plan)?;
    out.text(Text::strong(match (plan.is_changed(), dry_run) {
        (false, _) => "The fence is written already; nothing has changed. The line for CI:",
        (true, true) => "Nothing has been written. The line for CI:",
        (true, false) => "The fence is written. Commit it; the line for CI:",
    }))?;
    out.command("trusted-transport guard check --locked")?;
    Ok(Ok(()))
}

fn write(file: &Amended) -> Result<(), GuardError> {
    fs::write(&file.path, &file.after).map_err(|source| GuardError::Write {
        path: file.path.clone(),
        source,
    })
}

fn diff(out: &mut Output<impl Write>, workspace: &Workspace, file: &Amended) -> io::Result<()> {
    let name = workspace.name(&file.path);
    let (before, old) = match &file.before {
        Some(before) => (before.as_str(), format!("a/{name}")),
        None => ("", "/dev/null".to_owned()),
    };
    let diff = TextDiff::from_lines(before, &file.after);
    let diff = diff
        .unified_diff()
        .header(&old, &format!("b/{name}"))
        .to_string();
    for line in diff.lines() {
        out.line(match line.as_bytes().first() {
            Some(b'+') => Text::good(line),
            Some(b'-') => Text::bad(line),
            _ => line.into(),
        })?;
    }
    out.blank()
}

/// What only a person can decide.
fn conflicts(out: &mut Output<impl Write>, workspace: &Workspace, plan: &Plan) -> io::Result<()> {
    for file in plan.files() {
        let name = workspace.name(&file.path);
        for conflict in &file.gaps.conflicts {
            let text = format!("{name}: {}; {}", conflict.message, conflict.instead);
            out.labelled(Text::odd("kept:"), text)?;
        }
    }
    Ok(())
}
