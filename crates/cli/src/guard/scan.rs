//! What the sources of the members say, also where this machine and these features compile it
//! away: paths of the list as they are written, and attributes that silence it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;

use cargo_metadata::Package;

use super::finding::{Finding, Kind};
use super::flags::silences;
use super::list::{Entry, List};
use super::paths::Mention;
use super::sources::reach;
use super::tokens::Tokens;
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
        let meant = meanings(&mention.path, tokens, renamed);
        let mut entries = list.entries().iter();
        let whole = |entry: &&Entry| meant.iter().any(|path| path.join("::") == entry.path);
        let part = |entry: &&Entry| meant.iter().any(|path| is_named(entry, path));
        let entry = entries.clone().find(whole).or_else(|| entries.find(part))?;
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

/// What a path may mean by the imports of its file and the names in its manifest, the nearest
/// first. A module of the file's own has no other meaning.
fn meanings(
    path: &[String],
    tokens: &Tokens,
    renamed: &BTreeMap<String, String>,
) -> BTreeSet<Vec<String>> {
    let mut known = BTreeSet::new();
    let mut next = VecDeque::from([path.to_vec()]);
    if path.len() > 1 {
        let globs = tokens.globs.iter();
        next.extend(globs.map(|glob| [&glob[..], path].concat()));
    }
    while let Some(mut path) = next.pop_front() {
        let Some(first) = path.first().filter(|it| !tokens.inside.contains(*it)) else {
            continue;
        };
        if let Some(name) = renamed.get(first) {
            path[0] = name.clone();
        }
        // Names that are imported from below themselves would go on for ever.
        if known.len() == MOST_MEANINGS {
            break;
        }
        if known.contains(&path) {
            continue;
        }
        let imports = tokens.imports.get(&path[0]).into_iter().flatten();
        next.extend(imports.map(|import| [&import[..], &path[1..]].concat()));
        known.insert(path);
    }
    known
}

/// A type with whatever is behind it, or a function at the end; below its crate, in whatever
/// module that shows it.
fn is_named(entry: &Entry, path: &[String]) -> bool {
    let parts: Vec<_> = entry.path.split("::").collect();
    let own = match parts.iter().position(|part| is_capital(part)) {
        Some(owner) => owner,
        None => parts.len() - 1,
    };
    let Some(start) = path.iter().position(|part| *part == parts[0]) else {
        return false;
    };
    let below = &path[start + 1..];
    let modules = below.iter().take_while(|part| !is_capital(part)).count();
    let (wanted, found) = (&parts[own..], &below[modules.min(below.len())..]);
    match is_capital(parts[own]) {
        true if entry.is_type => found.len() >= wanted.len() && found[..wanted.len()] == *wanted,
        true => found == wanted,
        false => found.is_empty() && below.last().is_some_and(|last| *last == parts[own]),
    }
}

fn is_capital(part: &str) -> bool {
    part.starts_with(char::is_uppercase)
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

/// Far more than the imports of a file give a name.
const MOST_MEANINGS: usize = 256;

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
            "use reqwest as a; use a::Client as B; fn f() { B::new() }",
            "use mine::Client; mod m { use reqwest::Client; fn f() { Client::new() } }",
            "extern crate reqwest as r; fn f() { r::Client::new() }",
            "fn f() { reqwest::async_impl::Client::new() }",
            "fn f() { <reqwest::Client>::new() }",
            "macro_rules! m { () => { $crate::sdk::reqwest::Client::new() } }",
        ] {
            assert!(
                written(text).contains(&"reqwest::Client::new".into()),
                "{text}"
            );
        }
    }

    #[test]
    fn names_that_lead_back_to_themselves_come_to_an_end() {
        let imports = "use a::a; use a::b::a; use a::c::a; use a::d::a; use a::e::a;";
        let text = format!("{imports} fn f() {{ a::new(); reqwest::Client::new() }}");
        assert_eq!(written(&text), ["reqwest::Client::new"]);
    }

    #[test]
    fn a_neighbour_is_not_taken_for_it() {
        for text in [
            "fn f() { reqwest::StatusCode::OK }",
            "fn f() { mine::Client::new() }",
            "fn f() { reqwest::gets() }",
            "use std::collections::*; fn f() { Client::new() }",
            "fn f() { trusted_transport::HttpClient::clone }",
            "fn f() { reqwest::header::HeaderMap::get(&map, name) }",
            "mod reqwest { pub struct Client; } fn f() { reqwest::Client::new() }",
            "use crate::kafka::Client; fn f() { Client::new() }",
            "use a::b; use b::a; fn f() { a::b() }",
        ] {
            assert_eq!(written(text), [""; 0], "{text}");
        }
    }
}
