//! Runs the binary for a bounded time, and keeps the files that it is given.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::process::Command;

pub(crate) type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

/// What the process left behind.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Waits for the process, and fails if it takes too long.
pub(crate) async fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Result<Ran> {
    let mut command = binary();
    command.args(arguments).envs(variables.iter().copied());
    let output = tokio::time::timeout(LIMIT, command.output()).await??;
    Ok(Ran {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout)?,
        stderr: String::from_utf8(output.stderr)?,
    })
}

/// The binary without any variable.
pub(crate) fn binary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trusted-transport"));
    command.env_clear().stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// What cargo has to know to run at all.
pub(crate) fn tools() -> Vec<(&'static str, String)> {
    let names = [
        "PATH",
        "HOME",
        "CARGO_HOME",
        "RUSTUP_HOME",
        "RUSTUP_TOOLCHAIN",
        "CARGO_NET_OFFLINE",
    ];
    let set = names.into_iter().map(|name| (name, std::env::var(name)));
    set.filter_map(|(name, value)| Some((name, value.ok()?)))
        .collect()
}

impl Ran {
    pub(crate) fn json(&self) -> Result<Value> {
        Ok(serde_json::from_str(&self.stdout)?)
    }

    /// Everything that somebody could read.
    pub(crate) fn output(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

/// Writes a file that no other test has.
pub(crate) fn file(name: &str, content: &str) -> Result<PathBuf> {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, content)?;
    Ok(path)
}

pub(crate) fn text(path: &Path) -> Result<&str> {
    Ok(path.to_str().ok_or("a path that is not UTF-8")?)
}

/// A build is the longest that one of them does.
pub(crate) const LIMIT: Duration = Duration::from_secs(600);
