//! Cargo, run from a test.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

/// Cargo with these arguments, which hold no blanks.
pub(crate) fn command(arguments: &str) -> Command {
    let cargo = env::var_os("CARGO").expect("cargo runs the tests");
    let mut command = Command::new(cargo);
    command.args(arguments.split_whitespace());
    command
}

/// Those of the workspace and of what is built.
pub(crate) fn folders() -> (PathBuf, PathBuf) {
    let metadata = metadata("metadata --locked --offline --format-version=1 --no-deps");
    let folder = |key| PathBuf::from(metadata[key].as_str().expect("a path"));
    (folder("workspace_root"), folder("target_directory"))
}

/// The names of all libraries that the workspace may be built with, but for its own crate.
pub(crate) fn libraries() -> Vec<String> {
    let metadata = metadata("metadata --locked --offline --format-version=1 --all-features");
    let array = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let packages = array(&metadata["packages"]);
    let targets = packages
        .iter()
        .flat_map(|package| array(&package["targets"]));
    let names = targets.filter_map(|target| {
        let library = array(&target["kind"])
            .iter()
            .any(|kind| kind == "lib" || kind == "rlib");
        let name = target["name"].as_str()?.replace('-', "_");
        (library && name != "trusted_transport").then_some(name)
    });
    let names: Vec<_> = names.collect();
    assert!(names.len() > 100, "cargo metadata has changed: {names:?}");
    names
}

fn metadata(arguments: &str) -> Value {
    let output = command(arguments).output().expect("cargo");
    serde_json::from_slice(&output.stdout).expect("metadata in JSON")
}
