//! The census: what clippy sees of the list when no attribute, setting or file of the workspace
//! can silence it.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, IsTerminal, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use cargo_metadata::Message;
use cargo_metadata::diagnostic::{Diagnostic, DiagnosticLevel, DiagnosticSpan};
use trusted_transport::CLIPPY_TOML;

use super::error::GuardError;
use super::finding::{Finding, Kind};
use super::list::List;
use super::workspace::Workspace;

/// How the census is taken.
pub(crate) struct Census<'a> {
    pub(crate) workspace: &'a Workspace,
    pub(crate) list: &'a List,
    /// The `--cfg`s of the workspace; its other compiler flags are left out.
    pub(crate) cfgs: Vec<String>,
    /// Those of the workspace instead of all.
    pub(crate) features: Option<String>,
    pub(crate) locked: bool,
}

impl Census<'_> {
    /// Every use of the list in every target, on this machine.
    pub(crate) fn take(&self) -> Result<Vec<Finding>, GuardError> {
        let mut child = self.command()?.spawn().map_err(run)?;
        let stderr = child.stderr.take();
        let last_words = thread::spawn(move || stderr.map(follow).unwrap_or_default());
        let (mut found, mut errors, mut finished) = (Vec::new(), Vec::new(), false);
        let stdout = child.stdout.take().map(BufReader::new);
        for message in stdout.into_iter().flat_map(Message::parse_stream) {
            match message.map_err(run)? {
                Message::CompilerMessage(message) => {
                    found.extend(self.finding(&message.message));
                    errors.extend(error(&message.message));
                }
                Message::BuildFinished(build) => finished = build.success,
                _ => {}
            }
        }
        let status = child.wait().map_err(run)?;
        let last_words = last_words.join().unwrap_or_default();
        if !(finished && status.success()) {
            let cause = errors.into_iter().next().unwrap_or(last_words);
            found.push(incomplete(&cause));
        }
        Ok(found)
    }

    fn command(&self) -> Result<Command, GuardError> {
        let list = self.workspace.scratch("clippy.toml", CLIPPY_TOML)?;
        let folder = list.parent().unwrap_or(&list).to_string_lossy();
        let mut command = Command::new(cargo());
        command
            .current_dir(&self.workspace.root)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // In the place of all flags of the environment and of configurations.
            .env("CARGO_ENCODED_RUSTFLAGS", self.cfgs.join("\u{1f}"))
            .args(["clippy", "--workspace", "--all-targets"])
            .args(["--message-format", "json"]);
        match &self.features {
            Some(features) => command.args(["--features", features]),
            None => command.arg("--all-features"),
        };
        if self.locked {
            command.arg("--locked");
        }
        let folder = toml_edit::Value::from(folder.into_owned());
        for setting in [
            format!("env.CLIPPY_CONF_DIR.value={folder}"),
            "env.CLIPPY_CONF_DIR.relative=false".to_owned(),
            "env.CLIPPY_CONF_DIR.force=true".to_owned(),
        ] {
            command.args(["--config", &setting]);
        }
        // A lint of the workspace's that denies must not keep the rest from being looked at.
        command.args(["--", "--cap-lints", "warn"]);
        for lint in LINTS {
            command.args(["--force-warn", lint]);
        }
        Ok(command)
    }

    fn finding(&self, diagnostic: &Diagnostic) -> Option<Finding> {
        let code = diagnostic.code.as_ref()?;
        if !LINTS.contains(&code.code.as_str()) {
            return None;
        }
        // "use of a disallowed method `reqwest::get`": there is no field for it.
        let path = diagnostic.message.split('`').nth(1)?;
        let span = diagnostic.spans.iter().find(|span| span.is_primary)?;
        let span = call_site(span);
        let file = self.workspace.name(Path::new(&span.file_name));
        let finding = Finding::new(Kind::Call, file, path)
            .at(Some(span.line_start), Some(span.column_start))
            .says(
                format!("`{path}` goes around the token"),
                self.list.reason(path).unwrap_or_default(),
            );
        Some(finding)
    }
}

/// Where a macro was called, and not what it is made of.
fn call_site(span: &DiagnosticSpan) -> &DiagnosticSpan {
    let mut span = span;
    while let Some(expansion) = &span.expansion {
        span = &expansion.span;
    }
    span
}

fn error(diagnostic: &Diagnostic) -> Option<String> {
    matches!(
        diagnostic.level,
        DiagnosticLevel::Error | DiagnosticLevel::Ice
    )
    .then(|| {
        let span = diagnostic.spans.iter().find(|span| span.is_primary);
        match span {
            Some(span) => format!(
                "{}:{}: {}",
                span.file_name, span.line_start, diagnostic.message
            ),
            None => diagnostic.message.clone(),
        }
    })
}

fn incomplete(cause: &str) -> Finding {
    Finding::new(Kind::Unseen, "Cargo.toml", "census").says(
        format!("clippy did not finish, so that some uses may not have been seen: {cause}"),
        "make `cargo clippy --workspace --all-targets --all-features` finish; where features \
         exclude each other, name some with --features",
    )
}

/// Passes on what cargo says on the way, to a person; keeps its last lines.
fn follow(stderr: impl Read) -> String {
    let mut last = VecDeque::new();
    let shown = std::io::stderr().is_terminal();
    for line in BufReader::new(stderr).lines().map_while(Result::ok) {
        if shown {
            // Where nobody can read it, nobody misses it.
            let _ = writeln!(std::io::stderr(), "{line}");
        }
        if last.len() == LAST_LINES {
            last.pop_front();
        }
        last.push_back(line.trim().to_owned());
    }
    Vec::from(last).join("; ")
}

/// The cargo that runs this, if one does.
fn cargo() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

fn run(source: std::io::Error) -> GuardError {
    let program = "cargo";
    GuardError::Run { program, source }
}

const LINTS: [&str; 2] = ["clippy::disallowed_methods", "clippy::disallowed_types"];
const LAST_LINES: usize = 5;
