//! Crates that connect without the token: those that members name themselves, and with
//! cargo-deny those that come with others.

use std::io;
use std::process::{Command, Output, Stdio};

use cargo_metadata::Package;
use serde::Deserialize;
use toml_edit::DocumentMut;

use super::deny::{Banned, banned, hardened};
use super::error::GuardError;
use super::finding::{Finding, Kind};
use super::workspace::{Workspace, line_of, read};

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
        let named = banned
            .iter()
            .filter_map(|banned| Some((banned, key(member, banned)?)));
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

/// The key under which a member depends on a crate that does not let it in.
fn key<'a>(member: &'a Package, banned: &Banned) -> Option<&'a str> {
    if banned
        .wrappers
        .iter()
        .any(|wrapper| *wrapper == *member.name)
    {
        return None;
    }
    let mut dependencies = member.dependencies.iter();
    let dependency = dependencies.find(|dependency| dependency.name == banned.name)?;
    Some(dependency.rename.as_deref().unwrap_or(&dependency.name))
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
    let lines = output.stderr.split(|byte| *byte == b'\n');
    // What is of another form is not about a crate.
    let lines = lines.filter_map(|line| serde_json::from_slice::<Line>(line).ok());
    let fields: Vec<_> = lines.map(|line| line.fields).collect();
    let errors = fields.iter().filter(|fields| fields.is_error());
    let mut found: Vec<_> = errors
        .clone()
        .flat_map(|error| error.findings(workspace, deny, &lock))
        .collect();
    if !output.status.success() && errors.count() == 0 {
        let message = fields.last().map_or("it said nothing", |it| &it.message);
        found.push(unseen(message));
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
    fields: Fields,
}

#[derive(Deserialize)]
struct Fields {
    code: Option<String>,
    severity: Option<String>,
    message: String,
    #[serde(default)]
    graphs: Vec<Graph>,
}

/// A crate, and those that depend on it.
#[derive(Deserialize)]
struct Graph {
    #[serde(rename = "Krate")]
    package: Name,
    #[serde(default)]
    parents: Vec<Graph>,
}

#[derive(Deserialize)]
struct Name {
    name: String,
}

impl Fields {
    fn is_error(&self) -> bool {
        self.severity.as_deref() == Some("error")
    }

    fn findings(&self, workspace: &Workspace, deny: &DocumentMut, lock: &str) -> Vec<Finding> {
        let is_feature = self.code.as_deref() != Some("banned");
        let banned = banned(deny);
        let mut found = Vec::new();
        for graph in &self.graphs {
            let name = &graph.package.name;
            if is_feature {
                found.push(self.finding(name, name, lock).says(
                    &*self.message,
                    "switch it off where it is asked for; `cargo tree -e features -i` tells where",
                ));
                continue;
            }
            let banned = banned.iter().find(|banned| banned.name == *name);
            let is_let_in = |parent: &String| {
                let is_wrapper = banned.is_some_and(|it| it.wrappers.contains(parent));
                // A member's own dependencies have a line in its manifest.
                is_wrapper || workspace.is_member(parent)
            };
            let parents = graph.parents.iter().map(|parent| &parent.package.name);
            found.extend(parents.filter(|parent| !is_let_in(parent)).map(|parent| {
                self.finding(name, parent, lock).says(
                    format!("{parent} depends on {name}"),
                    format!(
                        "replace {parent}, or let it in: add it to the `wrappers` of {name} in \
                         deny.toml"
                    ),
                )
            }));
        }
        found
    }

    fn finding(&self, path: &str, locked: &str, lock: &str) -> Finding {
        let line = line_of(lock, &format!("name = \"{locked}\""));
        Finding::new(Kind::Dependency, "Cargo.lock", path).at(line, None)
    }
}

fn unseen(message: &str) -> Finding {
    Finding::new(Kind::Unseen, "Cargo.lock", "cargo-deny").says(
        format!("cargo-deny did not finish: {message}"),
        "make `cargo deny check bans` finish",
    )
}
