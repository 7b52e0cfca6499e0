//! What the crate makes public, as the compiler sees it: its lint names every type of a private
//! dependency in a public position. The lint is of a nightly compiler, and this test a second
//! opinion on `public.rs`.

use std::collections::BTreeSet;
use std::process::Command;

use expect_test::expect_file;
use serde_json::Value;

use crate::cargo;
use crate::public::RAW;

#[test]
#[ignore = "needs a nightly toolchain: .ci/run has it run where there is one"]
fn nothing_new_is_exported() {
    let mut exported = BTreeSet::new();
    for message in messages() {
        let Some((name, dependency)) = exported_item(&message) else {
            continue;
        };
        if RAW.contains(&name) {
            let line = message["spans"][0]["text"][0]["text"].as_str();
            let line = line.map(str::trim);
            assert_eq!(line, Some(WAY_OUT), "a raw type is public: {message}");
        }
        exported.insert(format!("{dependency}: {name}\n"));
    }
    let exported: String = exported.into_iter().collect();
    expect_file!["exported.txt"].assert_eq(&exported);
}

/// What the compiler says of the library.
fn messages() -> Vec<Value> {
    let (workspace, target) = cargo::folders();
    let check = "check --locked --offline --quiet --lib --all-features -p trusted-transport \
                 -Zpublic-dependency --message-format=json";
    let output = Command::new("rustup")
        .args(["run", "nightly", "cargo"])
        .args(check.split_whitespace())
        .current_dir(workspace)
        .env_remove("CARGO")
        .env("CARGO_TARGET_DIR", target.join("nightly"))
        .output();
    let output = output.expect("rustup");
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{log}");
    let lines = output.stdout.split(|&byte| byte == b'\n');
    let lines = lines.filter(|line| !line.is_empty());
    let parsed = lines.map(|line| serde_json::from_slice::<Value>(line).expect("JSON"));
    parsed.map(|mut line| line["message"].take()).collect()
}

/// The item's name, without a path or arguments, and its crate: how much of a path is written
/// depends on the compiler.
fn exported_item(message: &Value) -> Option<(&str, &str)> {
    if message["code"]["code"].as_str()? != "exported_private_dependencies" {
        return None;
    }
    let text = message["message"].as_str()?;
    let (_, text) = text.split_once('`').expect("an item");
    let (path, text) = text.split_once('`').expect("an item");
    let path = path.split('<').next().unwrap_or(path);
    let name = path.rsplit("::").next().unwrap_or(path);
    let dependency = text.split('\'').nth(1).expect("a crate");
    Some((name, dependency))
}

const WAY_OUT: &str = "pub fn into_reqwest(self) -> RawClient {";
