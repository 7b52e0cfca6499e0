//! What clippy makes of the list: it finds every mention, because of the list, and is silent
//! where there is nothing to find.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;
use trusted_transport::CLIPPY_TOML;

use crate::list::{Kind, listed};
use crate::program::{cargo, output, repository};

/// What clippy said.
#[derive(Debug, Default, PartialEq)]
struct Said {
    disallowed: BTreeSet<(Kind, String)>,
    /// Such as that a path of the list leads nowhere. It has no lint's name.
    otherwise: Vec<String>,
}

/// Clippy over the crate in `folder`, with `list` for its configuration.
async fn clippy(folder: &Path, list: &str) -> Said {
    let configuration = TempDir::new().expect("a folder");
    fs::write(configuration.path().join("clippy.toml"), list).expect("written");
    let mut command = cargo();
    command
        .args(["clippy", "--locked", "--quiet", "--message-format=json"])
        .arg("--manifest-path")
        .arg(folder.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(target())
        .args(["--", "--force-warn", "clippy::disallowed_methods"])
        .args(["--force-warn", "clippy::disallowed_types"])
        .env("CLIPPY_CONF_DIR", configuration.path());
    let output = output(command).await;
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let mut said = Said::default();
    for line in String::from_utf8(output.stdout).expect("UTF-8").lines() {
        let line: Value = serde_json::from_str(line).expect("JSON");
        if line["reason"] == "compiler-message" {
            said.add(&line["message"]);
        }
    }
    said
}

impl Said {
    fn add(&mut self, message: &Value) {
        let text = message["message"].as_str().expect("a text");
        let kind = match message["code"]["code"].as_str() {
            Some("clippy::disallowed_methods") => Kind::Method,
            Some("clippy::disallowed_types") => Kind::Type,
            _ => return self.otherwise.push(text.to_owned()),
        };
        let path = text.split('`').nth(1).expect("a path");
        self.disallowed.insert((kind, path.to_owned()));
    }
}

fn mentions() -> PathBuf {
    repository("tests/fence/mentions")
}

fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("fence")
}

/// The list, with nothing in it that is allowed to lead nowhere.
fn strict() -> String {
    let mut list: toml::Table = CLIPPY_TOML.parse().expect("a list");
    for (_, entries) in &mut list {
        for entry in entries.as_array_mut().expect("entries") {
            entry
                .as_table_mut()
                .expect("an entry")
                .remove("allow-invalid");
        }
    }
    list.to_string()
}

#[tokio::test]
#[ignore = "builds 250 crates, with OpenSSL's headers; .ci/run runs it"]
async fn every_entry_leads_somewhere_and_finds_its_mention() {
    let said = clippy(&mentions(), &strict()).await;
    assert_eq!(said.otherwise, [""; 0]);
    let listed = listed();
    let silent: Vec<_> = listed.difference(&said.disallowed).collect();
    assert!(silent.is_empty(), "clippy does not see: {silent:#?}");
    assert_eq!(said.disallowed, listed);
}

#[tokio::test]
#[ignore = "builds 250 crates, with OpenSSL's headers; .ci/run runs it"]
async fn it_is_the_list_that_finds_them() {
    assert_eq!(clippy(&mentions(), "").await, Said::default());
}

#[tokio::test]
#[ignore = "runs clippy; .ci/run runs it"]
async fn the_list_is_silent_in_a_crate_without_dependencies() {
    let folder = TempDir::new().expect("a folder");
    let write = |name, text| fs::write(folder.path().join(name), text).expect("written");
    write("Cargo.toml", ALONE);
    write(
        "Cargo.lock",
        "version = 4\n[[package]]\nname = \"alone\"\nversion = \"0.0.0\"\n",
    );
    write("lib.rs", "//! Nothing.\n");
    assert_eq!(clippy(folder.path(), CLIPPY_TOML).await, Said::default());
}

const ALONE: &str = r#"
[workspace]
[package]
name = "alone"
version = "0.0.0"
edition = "2024"
[lib]
path = "lib.rs"
"#;
