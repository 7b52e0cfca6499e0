//! Compiler flags that a workspace sets for itself.

use toml_edit::{Item, TableLike};

/// Flags one by one: of an array, or of a text with blanks.
pub(crate) fn flags(item: &Item) -> Vec<String> {
    let array = item.as_array().into_iter().flatten();
    let strings = array.filter_map(|value| value.as_str());
    let words = item.as_str().into_iter().flat_map(str::split_whitespace);
    strings.chain(words).map(str::to_owned).collect()
}

/// All of a Cargo configuration, with the key that they stand under.
pub(crate) fn of_config(config: &dyn TableLike) -> Vec<(String, Vec<String>)> {
    let mut found = Vec::new();
    let mut take = |place: String, table: Option<&Item>| {
        let item = table.and_then(|table| table.get("rustflags"));
        found.extend(item.map(|item| (place, flags(item))));
    };
    take("build.rustflags".to_owned(), config.get("build"));
    let targets = config.get("target").and_then(Item::as_table_like);
    for (target, table) in targets.into_iter().flat_map(|targets| targets.iter()) {
        take(format!("target.{target}.rustflags"), Some(table));
    }
    found
}

/// The first flag that silences the list.
pub(crate) fn silencing(flags: &[String]) -> Option<String> {
    let lowers = ["-A", "--allow", "-W", "--warn"];
    let mut flags = flags.iter().peekable();
    while let Some(flag) = flags.next() {
        if flag.starts_with("--cap-lints") {
            return Some(flag.clone());
        }
        let next = flags.peek().map(|next| next.as_str());
        let lint = lowers.iter().find_map(|lower| {
            let rest = flag.strip_prefix(lower)?;
            match rest.is_empty() {
                true => next,
                false => Some(rest.trim_start_matches('=')),
            }
        });
        if let Some(lint) = lint.filter(|lint| silences(lint)) {
            return Some(format!("-A {lint}"));
        }
    }
    None
}

/// Whether a level for this lint or group is one for the fence's lints.
pub(crate) fn silences(lint: &str) -> bool {
    SILENCING.contains(&lint.replace('-', "_").replace(' ', "").as_str())
}

/// The lints, the names that they had, and the groups that they are in.
const SILENCING: [&str; 6] = [
    "clippy::disallowed_methods",
    "clippy::disallowed_types",
    "clippy::disallowed_method",
    "clippy::disallowed_type",
    "clippy::all",
    "clippy::style",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn split(flags: &str) -> Vec<String> {
        flags.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn every_form_of_silencing_is_seen() {
        for flags in [
            "--cap-lints allow",
            "--cap-lints=warn",
            "-A clippy::all",
            "-Aclippy::style",
            "--allow clippy::disallowed-methods",
            "--warn=clippy::disallowed_types",
        ] {
            assert!(silencing(&split(flags)).is_some(), "{flags}");
        }
    }

    #[test]
    fn other_flags_are_not_silencing() {
        for flags in [
            "-D warnings",
            "-A clippy::too_many_arguments",
            "-C target-cpu=native --cfg tokio_unstable",
            "-D clippy::all",
        ] {
            assert_eq!(silencing(&split(flags)), None, "{flags}");
        }
    }
}
