//! What cargo-deny makes of the bans that other workspaces get: every way to depend on another
//! client is refused, and `trusted-transport` alone is not.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;

use crate::program::{output, repository};

/// Where cargo-deny is.
const CARGO_DENY: &str = "TEST_CARGO_DENY";

/// The bans that other workspaces get.
const BANS: &str = include_str!("../../crates/cli/src/guard/deny.toml");

/// Crates of the same names, because names and features are what is banned.
const CRATES: &[(&str, &str, &str)] = &[
    ("reqwest", "reqwest", "0.13.5"),
    ("old-reqwest", "reqwest", "0.11.0"),
    ("tokio-tungstenite", "tokio-tungstenite", "0.30.0"),
    ("trusted-transport", "trusted-transport", "0.1.0"),
    ("sdk", "sdk", "1.0.0"),
    ("middle", "middle", "1.0.0"),
    ("chat", "chat", "1.0.0"),
];

/// The manifests of these crates, after `[package]`.
fn manifest(folder: &str) -> &'static str {
    match folder {
        "tokio-tungstenite" => "[features]\nconnect = []\nhandshake = []",
        "trusted-transport" => {
            "[dependencies]\nreqwest = { path = \"../reqwest\", version = \"0.13\" }\n\
             tokio-tungstenite = { path = \"../tokio-tungstenite\", features = [\"handshake\"] }"
        }
        "sdk" => "[dependencies]\nreqwest = { path = \"../reqwest\" }",
        "middle" => "[dependencies]\nsdk = { path = \"../sdk\" }",
        "chat" => {
            "[dependencies]\n\
             tokio-tungstenite = { path = \"../tokio-tungstenite\", features = [\"connect\"] }"
        }
        _ => "",
    }
}

fn package(folder: &Path, name: &str, version: &str, rest: &str) {
    fs::create_dir_all(folder.join("src")).expect("a folder");
    fs::write(folder.join("src/lib.rs"), "").expect("written");
    fs::write(folder.join("build.rs"), "fn main() {}").expect("written");
    let text = format!(
        "[package]\nname = \"{name}\"\nversion = \"{version}\"\nedition = \"2024\"\n\
         license = \"MIT\"\n{rest}\n"
    );
    fs::write(folder.join("Cargo.toml"), text).expect("written");
}

/// What is refused in a crate that has trusted-transport, and `dependencies`.
async fn refused(dependencies: &str) -> Vec<String> {
    let folder = TempDir::new().expect("a folder");
    for (path, name, version) in CRATES {
        package(&folder.path().join(path), name, version, manifest(path));
    }
    let app = folder.path().join("app");
    let rest = format!(
        "[workspace]\n[dependencies]\n\
         trusted-transport = {{ path = \"../trusted-transport\" }}\n{dependencies}"
    );
    package(&app, "app", "0.0.0", &rest);
    fs::write(app.join("deny.toml"), BANS).expect("written");

    let program = std::env::var_os(CARGO_DENY).expect("TEST_CARGO_DENY names cargo-deny");
    let mut command = Command::new(program);
    command
        .args([
            "--offline",
            "--all-features",
            "--format=json",
            "check",
            "bans",
        ])
        .current_dir(&app);
    let output = output(command).await;
    let lines = String::from_utf8(output.stderr).expect("UTF-8");
    let errors: Vec<_> = lines.lines().filter_map(error).collect();
    assert_eq!(output.status.success(), errors.is_empty(), "{lines}");
    errors
}

/// The message of a line, if it is an error.
fn error(line: &str) -> Option<String> {
    let line: Value = serde_json::from_str(line).expect("JSON");
    let fields = &line["fields"];
    (fields["severity"] == "error").then(|| {
        let message = fields["message"].as_str().expect("a message");
        message.to_owned()
    })
}

#[tokio::test]
#[ignore = "needs cargo-deny; .ci/run installs and names it"]
async fn trusted_transport_alone_is_allowed() {
    assert_eq!(refused("").await, [""; 0]);
}

#[tokio::test]
#[ignore = "needs cargo-deny; .ci/run installs and names it"]
async fn reqwest_is_refused_however_it_comes_in() {
    for dependencies in [
        "reqwest = { path = \"../reqwest\" }",
        "http_client = { package = \"reqwest\", path = \"../reqwest\" }",
        "reqwest = { path = \"../reqwest\", optional = true }",
        "reqwest = { path = \"../old-reqwest\" }",
        "[dev-dependencies]\nreqwest = { path = \"../reqwest\" }",
        "[build-dependencies]\nreqwest = { path = \"../reqwest\" }",
        "[target.'cfg(windows)'.dependencies]\nreqwest = { path = \"../reqwest\" }",
        "sdk = { path = \"../sdk\" }",
        "middle = { path = \"../middle\" }",
    ] {
        let errors = refused(dependencies).await;
        assert!(
            !errors.is_empty() && errors.iter().all(|error| error.contains("crate 'reqwest")),
            "{dependencies}: {errors:#?}"
        );
    }
}

#[tokio::test]
#[ignore = "needs cargo-deny; .ci/run installs and names it"]
async fn a_feature_is_refused_that_another_crate_switches_on() {
    let errors = refused("chat = { path = \"../chat\" }").await;
    let connect = "feature 'connect' for crate 'tokio-tungstenite";
    assert!(
        errors.iter().any(|error| error.starts_with(connect)),
        "{errors:#?}"
    );
}

/// Crates that are banned, with their wrappers, and features.
type Bans = BTreeMap<String, Vec<String>>;

/// The tables below `key`, by crate, with the names in `list`.
fn tables(bans: &toml::Table, key: &str, list: &str) -> Bans {
    let tables = bans["bans"][key].as_array().expect("tables");
    let names = |table: &toml::Value| {
        let names = table.get(list).and_then(toml::Value::as_array);
        let names = names.into_iter().flatten();
        names
            .map(|name| name.as_str().expect("a name").to_owned())
            .collect()
    };
    tables
        .iter()
        .map(|table| {
            (
                table["crate"].as_str().expect("a crate").to_owned(),
                names(table),
            )
        })
        .collect()
}

/// Who may use here what others ban: the lab, and the cases that must not compile, show what
/// others are kept from; the examples show the libraries that are handed the token's own clients.
const THIS_WORKSPACE_ONLY: [&str; 5] = [
    "trusted-transport-lab",
    "trusted-transport-ui",
    "trusted-transport-examples",
    "async-openai",
    "reqwest-middleware",
];

#[test]
fn this_workspace_bans_what_it_tells_others_to_ban() {
    let text = fs::read_to_string(repository("deny.toml")).expect("a file");
    let (own, others): (toml::Table, toml::Table) =
        (text.parse().expect("TOML"), BANS.parse().expect("TOML"));
    let denied = tables(&own, "deny", "wrappers");
    for (name, mut wrappers) in tables(&others, "deny", "wrappers") {
        let mut own = denied.get(&name).cloned().unwrap_or_default();
        own.retain(|wrapper| !THIS_WORKSPACE_ONLY.contains(&&**wrapper));
        assert!(denied.contains_key(&name), "{name} is not banned");
        own.sort();
        wrappers.sort();
        assert_eq!(own, wrappers, "who may use {name}");
    }
    let denied = tables(&own, "features", "deny");
    for (name, features) in tables(&others, "features", "deny") {
        for feature in features {
            let own = denied.get(&name).is_some_and(|own| own.contains(&feature));
            assert!(own, "{feature} of {name} is not banned");
        }
    }
}

#[test]
fn every_ban_says_what_to_do_instead() {
    let bans: toml::Table = BANS.parse().expect("TOML");
    for key in ["deny", "features"] {
        for table in bans["bans"][key].as_array().expect("tables") {
            let reason = table.get("reason").and_then(toml::Value::as_str);
            assert!(reason.is_some_and(|reason| reason.len() > 20), "{table}");
        }
    }
}
