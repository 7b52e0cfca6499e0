//! Crates that connect without the token: those that members name themselves, and with
//! cargo-deny those that come with others.

use std::collections::BTreeSet;
use std::io;
use std::process::{Command, Output, Stdio};

use cargo_metadata::Package;
use serde::Deserialize;
use serde_json::Value;
use toml_edit::DocumentMut;

use super::deny::{Banned, banned, hardened};
use super::error::GuardError;
use super::finding::{Finding, Kind};
use super::workspace::{Workspace, line_of, one_line, read};

/// What the manifests of the members name. cargo's own words, so that a renamed, an optional or
/// a target's dependency is like any other.
pub(crate) fn direct(
    workspace: &Workspace,
    deny: &DocumentMut,
) -> Result<Vec<Finding>, GuardError> {
    let banned = banned(deny);
    let mut found = Vec::new();
    for member in workspace.members() {
        let manifest = member.manifest_path.as_std_path();
        let text = read(manifest)?.unwrap_or_default();
        let named = banned.iter().flat_map(|banned| {
            keys(member, banned)
                .into_iter()
                .map(move |key| (banned, key))
        });
        found.extend(named.map(|(banned, key)| {
            Finding::new(Kind::Dependency, workspace.name(manifest), &banned.name)
                .at(line_of(&text, key), None)
                .says(
                    format!("{} depends on {} itself", member.name, banned.name),
                    &*banned.reason,
                )
        }));
    }
    Ok(found)
}

/// The keys under which a member depends on a crate. A wrapper in deny.toml is no excuse for a
/// member: it has no reason beside it, and an exemption has.
fn keys<'a>(member: &'a Package, banned: &Banned) -> BTreeSet<&'a str> {
    let dependencies = member.dependencies.iter();
    dependencies
        .filter(|dependency| dependency.name == banned.name)
        .map(|dependency| dependency.rename.as_deref().unwrap_or(&dependency.name))
        .collect()
}

/// What cargo-deny finds in the crates that are no members, or `None` if it is not installed.
pub(crate) fn transitive(
    workspace: &Workspace,
    deny: &DocumentMut,
    locked: bool,
) -> Result<Option<Vec<Finding>>, GuardError> {
    let Some(output) = run(workspace, deny, locked)? else {
        return Ok(None);
    };
    let lock = read(&workspace.root.join("Cargo.lock"))?.unwrap_or_default();
    let banned = banned(deny);
    let lines = output.stderr.split(|byte| *byte == b'\n');
    let lines = lines.filter_map(|line| serde_json::from_slice::<Line>(line).ok());
    let (mut found, mut last) = (Vec::new(), None);
    for line in lines {
        // What is not about a crate is said at the end, if it is an error.
        last = Some(line.fields.clone());
        if line.kind != "diagnostic" || line.fields["severity"] != "error" {
            continue;
        }
        match Fields::deserialize(line.fields) {
            Ok(error) => found.extend(error.findings(workspace, &banned, &lock)),
            Err(error) => found.push(unseen(&error.to_string())),
        }
    }
    let has_errors = output.status.code().is_some_and(|code| code & BANS != 0);
    if !output.status.success() && !has_errors {
        let message = last.and_then(|fields| Some(fields["message"].as_str()?.to_owned()));
        found.push(unseen(&message.unwrap_or_default()));
    }
    Ok(Some(found))
}

fn run(
    workspace: &Workspace,
    deny: &DocumentMut,
    locked: bool,
) -> Result<Option<Output>, GuardError> {
    let config = workspace.scratch("deny.toml", &hardened(deny))?;
    let mut command = Command::new("cargo-deny");
    command
        .stdin(Stdio::null())
        .arg("--manifest-path")
        .arg(workspace.manifest())
        .arg("--config")
        .arg(config)
        .args(["--format", "json", "--workspace", "--all-features"]);
    if locked {
        command.arg("--locked");
    }
    match command.args(["check", "bans"]).output() {
        Ok(output) => Ok(Some(output)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(GuardError::Run {
            program: "cargo-deny",
            source,
        }),
    }
}

/// A line of what cargo-deny prints.
#[derive(Deserialize)]
struct Line {
    #[serde(rename = "type")]
    kind: String,
    fields: Value,
}

#[derive(Deserialize)]
struct Fields {
    code: String,
    message: String,
    #[serde(default)]
    graphs: Vec<Graph>,
}

/// A crate, or a feature, and those that depend on it.
#[derive(Deserialize)]
struct Graph {
    #[serde(rename = "Krate")]
    package: Option<Locked>,
    #[serde(default)]
    parents: Vec<Graph>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: String,
}

impl Fields {
    fn findings(&self, workspace: &Workspace, banned: &[Banned], lock: &str) -> Vec<Finding> {
        let packages = self.graphs.iter();
        let mut packages = packages.filter_map(|graph| Some((graph.package.as_ref()?, graph)));
        if self.code != "banned" {
            let name = packages
                .next()
                .map_or("cargo-deny", |(package, _)| &package.name);
            return vec![finding(name, name, lock).says(&*self.message, FEATURE)];
        }
        let parents = packages.flat_map(|(package, graph)| {
            let parents = graph.parents.iter().filter_map(|it| it.package.as_ref());
            parents.map(|parent| (package.name.as_str(), parent))
        });
        // A member's own dependencies have a line in its manifest.
        let others = parents.filter(|(name, parent)| {
            let mut banned = banned.iter().filter(|banned| banned.name == *name);
            let is_wrapper = banned.any(|banned| banned.wrappers.contains(&parent.name));
            !is_wrapper && !workspace.is_member(&parent.name, &parent.version)
        });
        let found = others.map(|(name, Locked { name: parent, .. })| {
            finding(&format!("{parent}::{name}"), parent, lock).says(
                format!("{parent} depends on {name}"),
                format!(
                    "replace {parent}, or let it in: add it to the `wrappers` of {name} in \
                     deny.toml"
                ),
            )
        });
        found.collect()
    }
}

/// At the place of a package in Cargo.lock.
fn finding(path: &str, locked: &str, lock: &str) -> Finding {
    let line = line_of(lock, &format!("name = \"{locked}\""));
    Finding::new(Kind::Dependency, "Cargo.lock", path).at(line, None)
}

fn unseen(message: &str) -> Finding {
    Finding::new(Kind::Unseen, "Cargo.lock", "cargo-deny").says(
        format!("cargo-deny did not finish: {}", one_line(message)),
        "make `cargo deny check bans` finish",
    )
}

/// The bit of cargo-deny's exit status that stands for bans.
const BANS: i32 = 2;
const FEATURE: &str =
    "switch it off where it is asked for; `cargo tree --edges features --invert` tells where";
