//! Other programs, with an end to how long they may take.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use tokio::process::Command;

/// What is below the root of the repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The cargo that runs the tests, without what it or `.ci/run` set for them.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(env!("CARGO"));
    for variable in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_TARGET_DIR"] {
        command.env_remove(variable);
    }
    command
}

/// The output of a program that ends, whatever its status.
pub(crate) async fn output(mut command: Command) -> Output {
    command.stdin(Stdio::null()).kill_on_drop(true);
    tokio::time::timeout(PATIENCE, command.output())
        .await
        .expect("the program ends")
        .expect("the program starts")
}

/// From nothing, the dependencies of the mentions take minutes.
const PATIENCE: Duration = Duration::from_secs(900);
