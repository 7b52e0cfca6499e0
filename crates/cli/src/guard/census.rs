//! The census: what clippy sees of the list when no attribute and no file of the workspace has a
//! say, and a canary for whatever else can silence it.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, IsTerminal, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::SystemTime;

use cargo_metadata::Message;
use cargo_metadata::diagnostic::{Diagnostic, DiagnosticLevel, DiagnosticSpan};
use toml_edit::{DocumentMut, InlineTable, Item, Value};
use trusted_transport::CLIPPY_TOML;

use super::error::GuardError;
use super::finding::{Finding, Kind};
use super::list::List;
use super::workspace::{Workspace, one_line};

/// How the census is taken.
pub(crate) struct Census<'a> {
    pub(crate) workspace: &'a Workspace,
    pub(crate) list: &'a List,
    /// Those of the workspace instead of all.
    pub(crate) features: Option<String>,
    pub(crate) locked: bool,
}

impl Census<'_> {
    /// Every use of the list in every target, on this machine.
    pub(crate) fn take(&self) -> Result<Vec<Finding>, GuardError> {
        let mut command = self.clippy()?;
        command.args(["--workspace", "--all-targets"]);
        match &self.features {
            Some(features) => command.args(["--features", features]),
            None => command.arg("--all-features"),
        };
        if self.locked {
            command.arg("--locked");
        }
        let said = listen(command)?;
        let mut found: Vec<_> = said
            .diagnostics
            .iter()
            .filter_map(|diagnostic| self.finding(diagnostic))
            .collect();
        if !said.finished {
            let cause = said.diagnostics.iter().find_map(error);
            found.push(incomplete(&cause.unwrap_or(said.last_words)));
        } else if !self.hears_the_canary()? {
            found.push(deaf());
        }
        Ok(found)
    }

    /// Whether clippy reports a use that is certainly there, under the same settings. Flags,
    /// variables and wrappers that silence it can stand in many places, also outside of the
    /// workspace; what they do can be heard.
    fn hears_the_canary(&self) -> Result<bool, GuardError> {
        let manifest = self
            .workspace
            .scratch("canary/Cargo.toml", CANARY_MANIFEST)?;
        self.workspace
            .scratch("canary/src/lib.rs", "pub fn sing() {}\n")?;
        // Never the same, so that nothing is taken from an earlier run.
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let main = format!(
            "// {:?} {}\nfn main() {{ {CANARY}() }}\n",
            now.unwrap_or_default(),
            std::process::id()
        );
        self.workspace.scratch("canary/src/main.rs", &main)?;
        let mut command = self.clippy()?;
        command.arg("--manifest-path").arg(&manifest);
        command
            .arg("--target-dir")
            .arg(manifest.with_file_name("target"));
        let said = listen(command)?;
        let found = said.diagnostics.iter().filter_map(|it| self.finding(it));
        Ok(found.into_iter().any(|finding| finding.path == CANARY))
    }

    /// Clippy with the list, which nothing in the workspace can take away.
    fn clippy(&self) -> Result<Command, GuardError> {
        let list = self.workspace.scratch("clippy.toml", &with_canary())?;
        let folder = list.parent().unwrap_or(&list).to_string_lossy();
        let folder = Value::from(folder.into_owned());
        let mut command = Command::new(cargo());
        command
            .current_dir(&self.workspace.root)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .args(["clippy", "--message-format", "json"]);
        for setting in [
            format!("env.CLIPPY_CONF_DIR.value={folder}"),
            "env.CLIPPY_CONF_DIR.relative=false".to_owned(),
            "env.CLIPPY_CONF_DIR.force=true".to_owned(),
        ] {
            command.args(["--config", &setting]);
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

/// What a run of clippy came to.
struct Said {
    diagnostics: Vec<Diagnostic>,
    finished: bool,
    /// Of cargo's.
    last_words: String,
}

fn listen(mut command: Command) -> Result<Said, GuardError> {
    // A lint of the workspace's that denies must not keep the rest from being looked at.
    command.args(["--", "--cap-lints", "warn"]);
    for lint in LINTS {
        command.args(["--force-warn", lint]);
    }
    let mut child = command.spawn().map_err(run)?;
    let stderr = child.stderr.take();
    let last_words = thread::spawn(move || stderr.map(follow).unwrap_or_default());
    let (mut diagnostics, mut finished) = (Vec::new(), false);
    let stdout = child.stdout.take().map(BufReader::new);
    for message in stdout.into_iter().flat_map(Message::parse_stream) {
        match message.map_err(run)? {
            Message::CompilerMessage(message) => diagnostics.push(message.message),
            Message::BuildFinished(build) => finished = build.success,
            _ => {}
        }
    }
    let status = child.wait().map_err(run)?;
    Ok(Said {
        diagnostics,
        finished: finished && status.success(),
        last_words: last_words.join().unwrap_or_default(),
    })
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
        format!(
            "clippy did not finish, so that some uses may not have been seen: {}",
            one_line(cause)
        ),
        "make `cargo clippy --workspace --all-targets --all-features` finish; where features \
         exclude each other, name some with --features",
    )
}

fn deaf() -> Finding {
    Finding::new(Kind::Unseen, "Cargo.toml", "canary").says(
        "clippy is silent about a use that is certainly there, so that it may be about others",
        "look for CLIPPY_ARGS and for wrappers of rustc in the environment, and in `[env]` and \
         `[build]` of every Cargo configuration from here up to the home folder",
    )
}

/// The list, and an entry that only the canary uses.
fn with_canary() -> String {
    let mut list: DocumentMut = CLIPPY_TOML.parse().unwrap_or_default();
    let mut entry = InlineTable::new();
    entry.insert("path", CANARY.into());
    entry.insert("allow-invalid", true.into());
    let methods = list.get_mut("disallowed-methods");
    if let Some(methods) = methods.and_then(Item::as_array_mut) {
        methods.push(entry);
    }
    list.to_string()
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
const CANARY: &str = "trusted_transport_canary::sing";
const CANARY_MANIFEST: &str = "\
[workspace]

[package]
name = \"trusted-transport-canary\"
version = \"0.0.0\"
edition = \"2021\"
";
const LAST_LINES: usize = 5;
