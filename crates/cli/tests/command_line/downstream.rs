//! `guard check`, with clippy and cargo-deny at work: in the two workspaces of
//! `examples/downstream`, and in one that goes the whole way from raw clients to the token.
//! The first run builds what these depend on, so that CI asks for it by name.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::guard::{Workspace, guard};
use crate::run::{Ran, Result, text};

/// File, line, kind and path.
type Place = (String, Option<u64>, String);

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn example(name: &str) -> PathBuf {
    root().join("examples/downstream").join(name)
}

/// All of them build into one folder, so that they share what they depend on.
async fn check(manifest: &Path, arguments: &[&str]) -> Result<Ran> {
    let target = root().join("target/downstream");
    let arguments = [&["check"], arguments].concat();
    // The list that this variable names is empty. It has no say.
    let quiet = example("open/quiet").canonicalize()?;
    let variables = [
        ("CARGO_TARGET_DIR", text(&target)?),
        ("CLIPPY_CONF_DIR", text(&quiet)?),
    ];
    guard(manifest, &arguments, &variables).await
}

fn found(json: &Value) -> Result<BTreeSet<Place>> {
    let findings = json["findings"].as_array().ok_or("a list")?.iter();
    let places = findings.map(|finding| {
        let text = |key: &str| finding[key].as_str();
        let what = format!("{} {}", text("kind")?, text("path")?);
        Some((text("file")?.to_owned(), finding["line"].as_u64(), what))
    });
    Ok(places.collect::<Option<_>>().ok_or("a place")?)
}

/// The lines of a workspace that end in `open: KIND PATH`.
fn planted(folder: &Path) -> Result<BTreeSet<Place>> {
    let mut planted = BTreeSet::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next)? {
            let path = entry?.path();
            if path.is_dir() {
                // A build by hand leaves one.
                folders.extend((!path.ends_with("target")).then_some(path));
                continue;
            }
            let name = text(path.strip_prefix(folder)?)?.replace('\\', "/");
            for (line, number) in fs::read_to_string(&path)?.lines().zip(1..) {
                if let Some((_, what)) = line.split_once(" open: ") {
                    planted.insert((name.clone(), Some(number), what.to_owned()));
                }
            }
        }
    }
    // This line says how the others look.
    planted.retain(|(.., what)| !what.contains('`'));
    Ok(planted)
}

/// Whether cargo-deny had its say. .ci/run has it, and says so.
fn has_cargo_deny(json: &Value) -> bool {
    let has = json["notes"] == Value::Array(Vec::new());
    let must = std::env::var_os("TEST_CARGO_DENY").is_some();
    assert!(has || !must, "{}", json["notes"]);
    has
}

/// What the vendored SDK brings, and what `connect` switches on.
fn brought() -> Result<BTreeSet<Place>> {
    let lock = fs::read_to_string(example("open").join("Cargo.lock"))?;
    let place = |name: &str, what: &str| {
        let mut lines = lock.lines().zip(1..);
        let line = lines.find(|(line, _)| *line == format!("name = \"{name}\""));
        let line = line.map(|(_, number)| number);
        ("Cargo.lock".to_owned(), line, format!("dependency {what}"))
    };
    Ok(BTreeSet::from([
        place("sdk", "sdk::reqwest"),
        place("tokio-tungstenite", "tokio-tungstenite"),
    ]))
}

#[tokio::test]
#[ignore = "needs clippy, and builds for a minute; .ci/run runs it"]
async fn every_planted_hole_is_found_and_nothing_else() -> Result {
    let ran = check(&example("open").join("Cargo.toml"), &["--json", "--locked"]).await?;
    assert_eq!(ran.code, Some(1), "{}", ran.output());
    let json = ran.json()?;
    assert_eq!(json["open"], true);
    // What a crate brings that is no member is for cargo-deny, and has its line in Cargo.lock.
    let (locked, found): (BTreeSet<_>, BTreeSet<_>) = found(&json)?
        .into_iter()
        .partition(|place| place.0 == "Cargo.lock");
    let planted = planted(&example("open"))?;
    let missed: Vec<_> = planted.difference(&found).collect();
    let invented: Vec<_> = found.difference(&planted).collect();
    assert!(
        missed.is_empty() && invented.is_empty(),
        "missed {missed:#?}\ninvented {invented:#?}"
    );
    assert!(planted.len() > 30, "{}", planted.len());
    let expected = match has_cargo_deny(&json) {
        true => brought()?,
        false => BTreeSet::new(),
    };
    assert_eq!(locked, expected);
    for finding in json["findings"].as_array().into_iter().flatten() {
        for key in ["message", "instead"] {
            let said = finding[key].as_str().is_some_and(|text| !text.is_empty());
            assert!(said, "{key} of {finding:#}");
        }
    }
    Ok(())
}

#[tokio::test]
#[ignore = "needs clippy, and builds for a minute; .ci/run runs it"]
async fn the_closed_workspace_has_no_hole() -> Result {
    let manifest = example("closed").join("Cargo.toml");
    let ran = check(&manifest, &["--json", "--locked"]).await?;
    assert_eq!(ran.code, Some(0), "{}", ran.output());
    let json = ran.json()?;
    assert_eq!(json["open"], false);
    assert_eq!(json["exempt"].as_array().map(Vec::len), Some(1), "{json:#}");
    has_cargo_deny(&json);
    let init = guard(&manifest, &["init", "--dry-run"], &[]).await?;
    assert!(
        init.stdout.contains("nothing has changed"),
        "{}",
        init.stdout
    );
    Ok(())
}

const ROOT: &str = "[workspace]\nmembers = [\"app\", \"login\"]\nresolver = \"3\"\n";
const RAW_APP: &str = "#[tokio::main(flavor = \"current_thread\")]
async fn main() -> Result<(), reqwest::Error> {
    let client = reqwest::Client::builder().build()?;
    println!(\"{}\", client.get(\"https://example.com/\").send().await?.status());
    login::login().await
}
";
const RAW_LOGIN: &str = "pub async fn login() -> Result<(), reqwest::Error> {
    reqwest::get(\"https://example.com/login\").await.map(drop)
}
";
const APP: &str = "use trusted_transport::{TransportError, TrustedTransport};

#[tokio::main(flavor = \"current_thread\")]
async fn main() -> Result<(), TransportError> {
    let transport = TrustedTransport::from_env()?;
    let client = transport.http().build()?;
    println!(\"{}\", client.get(\"https://example.com/\").send().await?.status());
    login::login(&transport).await
}
";
const LOGIN: &str = "use trusted_transport::{TransportError, TrustedTransport};

pub async fn login(transport: &TrustedTransport) -> Result<(), TransportError> {
    let client = transport.http().build()?;
    client.get(\"https://example.com/login\").send().await.map(drop)
}
";

fn manifest(name: &str, dependencies: &str) -> String {
    format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
         [dependencies]\n{dependencies}\n"
    )
}

fn app(client: &str) -> String {
    let tokio = "tokio = { version = \"1\", features = [\"macros\", \"rt\"] }";
    manifest(
        "app",
        &format!("login.path = \"../login\"\n{tokio}\n{client}"),
    )
}

#[tokio::test]
#[ignore = "needs clippy, and builds for a minute; .ci/run runs it"]
async fn a_workspace_comes_from_raw_clients_to_the_token() -> Result {
    let raw = "reqwest = { version = \"0.13\", default-features = false, features = [\"rustls-no-provider\"] }";
    let workspace = Workspace::new(&[
        ("Cargo.toml", ROOT),
        ("app/Cargo.toml", &app(raw)),
        ("app/src/main.rs", RAW_APP),
        ("login/Cargo.toml", &manifest("login", raw)),
        ("login/src/lib.rs", RAW_LOGIN),
    ])?;
    let root_manifest = workspace.path("Cargo.toml");
    let before = check(&root_manifest, &["--json"]).await?.json()?;
    let kinds = |json: &Value, kind| {
        let findings = json["findings"].as_array().into_iter().flatten();
        findings.filter(|finding| finding["kind"] == kind).count()
    };
    // Two files, the levels of the root and of two members, and the version.
    assert_eq!(kinds(&before, "incomplete"), 6, "{before:#}");

    let init = workspace.guard(&["init"]).await?;
    assert_eq!(init.code, Some(0), "{}", init.output());
    let ran = check(&root_manifest, &["--json"]).await?;
    assert_eq!(ran.code, Some(1), "{}", ran.output());
    let place = |file: &str, line, what: &str| (file.to_owned(), Some(line), what.to_owned());
    let expected = BTreeSet::from([
        place("app/Cargo.toml", 9, "dependency reqwest"),
        place("app/src/main.rs", 3, "call reqwest::Client::builder"),
        place("login/Cargo.toml", 7, "dependency reqwest"),
        place("login/src/lib.rs", 2, "call reqwest::get"),
    ]);
    assert_eq!(found(&ran.json()?)?, expected);

    let root = root().canonicalize()?;
    let token = format!("trusted-transport.path = {:?}", text(&root)?);
    let manifests = [app(&token), manifest("login", &token)];
    let lints = "\n[lints]\nworkspace = true\n";
    let manifests = manifests.map(|manifest| format!("{manifest}{lints}"));
    workspace.write(&[
        ("app/Cargo.toml", &manifests[0]),
        ("app/src/main.rs", APP),
        ("login/Cargo.toml", &manifests[1]),
        ("login/src/lib.rs", LOGIN),
    ])?;
    let ran = check(&root_manifest, &[]).await?;
    assert_eq!(ran.code, Some(0), "{}", ran.output());
    assert!(
        ran.stdout
            .lines()
            .last()
            .is_some_and(|line| line.starts_with("closed: "))
    );
    Ok(())
}

const ALONE: [(&str, &str); 2] = [
    (
        "Cargo.toml",
        "[workspace]\n\n[package]\nname = \"alone\"\nversion = \"0.1.0\"\nedition = \"2024\"\n",
    ),
    ("src/lib.rs", "//! Nothing.\n"),
];

/// The kinds and paths of what is found in a workspace of one crate, below a folder with `above`.
async fn found_alone(above: &[(&str, &str)], own: &[(&str, &str)]) -> Result<BTreeSet<String>> {
    let files = [&ALONE[..], own].concat();
    let files: Vec<_> = files
        .iter()
        .map(|(name, text)| (format!("alone/{name}"), *text))
        .collect();
    let files: Vec<_> = files
        .iter()
        .map(|(name, text)| (name.as_str(), *text))
        .collect();
    let folder = Workspace::new(&[above, &files].concat())?;
    let manifest = folder.path("alone/Cargo.toml");
    let init = guard(&manifest, &["init"], &[]).await?;
    assert_eq!(init.code, Some(0), "{}", init.output());
    let ran = guard(&manifest, &["check", "--json"], &[]).await?;
    let found = found(&ran.json()?)?;
    assert_eq!(
        ran.code,
        Some(i32::from(!found.is_empty())),
        "{}",
        ran.output()
    );
    Ok(found.into_iter().map(|(.., what)| what).collect())
}

#[tokio::test]
#[ignore = "needs clippy; .ci/run runs it"]
async fn what_nobody_can_look_at_is_open() -> Result {
    let broken = [("src/lib.rs", "fn broken( {\n")];
    let silent = [(
        ".cargo/config.toml",
        "[env]\nCLIPPY_ARGS = { value = \"--cap-lints__CLIPPY_HACKERY__allow__CLIPPY_HACKERY__\", \
         force = true }\n",
    )];
    let none = BTreeSet::new();
    assert_eq!(found_alone(&[], &[]).await?, none);
    let found = found_alone(&[], &broken).await?;
    assert!(found.contains("unseen census"), "{found:?}");
    let found = found_alone(&silent, &[]).await?;
    assert_eq!(found, BTreeSet::from(["unseen canary".to_owned()]));
    Ok(())
}
