//! What the sources of the members say, also where this machine and these features compile it
//! away: paths of the list as they are written, and attributes that silence it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use cargo_metadata::Package;

use super::finding::{Finding, Kind};
use super::flags::silences;
use super::list::{Entry, List};
use super::sources::reach;
use super::tokens::{Mention, Tokens};
use super::workspace::Workspace;

/// The findings in everything that a target of a member may compile.
pub(crate) fn check(workspace: &Workspace, list: &List) -> Vec<Finding> {
    let mut found = Vec::new();
    for member in workspace.members() {
        let renamed = renamed(member);
        let roots = member.targets.iter();
        let roots = roots.map(|target| PathBuf::from(&target.src_path));
        for (path, source) in reach(roots) {
            let name = workspace.name(&path);
            match source {
                Ok(tokens) => {
                    found.extend(mentions(&name, &tokens, &renamed, list));
                    found.extend(suppressions(&name, &tokens));
                }
                Err(line) => found.push(unreadable(&name, line)),
            }
        }
    }
    found
}

/// Names of dependencies as sources write them, where they are not the crate's own.
fn renamed(member: &Package) -> BTreeMap<String, String> {
    let source_name = |name: &str| name.replace('-', "_");
    let renamed = member.dependencies.iter().filter_map(|dependency| {
        let rename = dependency.rename.as_deref()?;
        Some((source_name(rename), source_name(&dependency.name)))
    });
    renamed.collect()
}

fn mentions(
    file: &str,
    tokens: &Tokens,
    renamed: &BTreeMap<String, String>,
    list: &List,
) -> Vec<Finding> {
    let found = tokens.mentions.iter().filter_map(|mention| {
        let globs = tokens
            .globs
            .iter()
            .map(|glob| [&glob[..], &mention.path].concat());
        let meant: Vec<_> = globs
            .chain([mention.path.clone()])
            .map(|path| resolved(path, &tokens.imports, renamed))
            .collect();
        let is_meant = |entry: &&Entry| meant.iter().any(|path| is_named(entry, path));
        let entry = list.entries().iter().find(is_meant)?;
        let finding = Finding::new(Kind::Call, file, &entry.path);
        Some(place(finding, mention).says(
            format!(
                "{} is written here, in code that clippy does not see",
                entry.path
            ),
            &*entry.reason,
        ))
    });
    found.collect()
}

/// The path with its first part as the imports and the manifest mean it.
fn resolved(
    mut path: Vec<String>,
    imports: &BTreeMap<String, Vec<String>>,
    renamed: &BTreeMap<String, String>,
) -> Vec<String> {
    if let Some(import) = path.first().and_then(|first| imports.get(first)) {
        path.splice(..1, import.iter().cloned());
    }
    if let Some(name) = path.first().and_then(|first| renamed.get(first)) {
        path[0] = name.clone();
    }
    path
}

/// A type with whatever is behind it; a function at the end. Either may be re-exported.
fn is_named(entry: &Entry, path: &[String]) -> bool {
    let parts: Vec<_> = entry.path.split("::").collect();
    let mut windows = path.windows(parts.len());
    match entry.is_type {
        true => windows.any(|window| window == parts),
        false => windows.next_back().is_some_and(|window| window == parts),
    }
}

fn suppressions(file: &str, tokens: &Tokens) -> Vec<Finding> {
    let found = tokens.levels.iter().filter(|mention| {
        let lint = mention.path.join("::");
        silences(&lint)
    });
    let found = found.map(|mention| {
        let lint = mention.path.join("::");
        let finding = Finding::new(Kind::Suppressed, file, lint.clone());
        place(finding, mention).says(
            format!("this silences {lint} for whatever comes below it"),
            "write `#[expect(.., reason = \"..\")]` at the one place that needs it",
        )
    });
    found.collect()
}

fn place(finding: Finding, mention: &Mention) -> Finding {
    finding.at(Some(mention.line), Some(mention.column))
}

fn unreadable(file: &str, line: usize) -> Finding {
    Finding::new(Kind::Unseen, file, "source")
        .at(Some(line), None)
        .says(
            "this cannot be read as Rust by this tool",
            "mend it, or update this tool",
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> Vec<String> {
        let renamed = BTreeMap::from([("web".to_owned(), "reqwest".to_owned())]);
        let tokens = Tokens::of(text).unwrap_or_default();
        let found = mentions("a.rs", &tokens, &renamed, &List::shipped()).into_iter();
        found.map(|finding| finding.path).collect()
    }

    #[test]
    fn a_path_is_known_by_every_name() {
        for text in [
            "fn f() { reqwest::Client::new() }",
            "fn f() { web::Client::new() }",
            "use reqwest as r; fn f() { r::Client::new() }",
            "use web::{Client as C}; fn f() { C::new() }",
            "use reqwest::*; fn f() { Client::new() }",
            "macro_rules! m { () => { $crate::sdk::reqwest::Client::new() } }",
        ] {
            assert!(
                written(text).contains(&"reqwest::Client::new".into()),
                "{text}"
            );
        }
    }

    #[test]
    fn a_neighbour_is_not_taken_for_it() {
        for text in [
            "fn f() { reqwest::StatusCode::OK }",
            "fn f() { mine::Client::new() }",
            "fn f() { reqwest::gets() }",
            "use std::collections::*; fn f() { Client::new() }",
            "fn f() { trusted_transport::HttpClient::clone }",
        ] {
            assert_eq!(written(text), [""; 0], "{text}");
        }
    }
}
