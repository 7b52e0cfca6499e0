//! The sources that a target leads to, whatever is compiled of them here.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::tokens::{Lead, Tokens};
use super::workspace::read;

/// Sources by their path; of one that is no Rust, the line.
pub(crate) type Sources = BTreeMap<PathBuf, Result<Tokens, usize>>;

/// Everything that the roots of some targets lead to.
pub(crate) fn reach(roots: impl Iterator<Item = PathBuf>) -> Sources {
    let mut found = Sources::new();
    // A root's modules are beside it, as those of a `mod.rs`.
    let mut next: Vec<_> = roots.map(|root| (root, true)).collect();
    let mut seen = BTreeSet::new();
    while let Some((path, is_root)) = next.pop() {
        if !seen.insert((path.clone(), is_root)) {
            continue;
        }
        let tokens = match read(&path) {
            Ok(Some(text)) => Tokens::of(&text),
            Ok(None) => continue,
            Err(_) => Err(1),
        };
        if let Ok(tokens) = &tokens {
            let leads = tokens.leads.iter();
            next.extend(leads.flat_map(|lead| led_to(&path, is_root, lead)));
        }
        found.insert(path, tokens);
    }
    found
}

/// The files that it can mean; those that do not exist are not meant.
fn led_to(from: &Path, is_root: bool, lead: &Lead) -> Vec<(PathBuf, bool)> {
    let beside = from.parent().unwrap_or(from);
    match lead {
        // The attribute's path may be below the folder of the inline modules; it is rare, and
        // the census sees what is compiled.
        Lead::File(file) => vec![(beside.join(file), true)],
        Lead::Module { around, name } => {
            let own = match is_root || from.file_name().is_some_and(|name| name == "mod.rs") {
                true => beside.to_owned(),
                false => from.with_extension(""),
            };
            let folder = around.iter().fold(own, |folder, name| folder.join(name));
            vec![
                (folder.join(format!("{name}.rs")), false),
                (folder.join(name).join("mod.rs"), false),
            ]
        }
    }
}
