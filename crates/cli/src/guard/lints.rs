//! The levels of the two lints, in the workspace's manifest and in its members'.

use toml_edit::{DocumentMut, InlineTable, Item, TableLike, Value, value};

use super::amend::{Conflict, Gaps, table};
use super::flags::silences;

/// Sets the levels for the workspace, or for the one package if there is no workspace.
pub(crate) fn amend_root(document: &mut DocumentMut) -> Result<Gaps, &'static str> {
    let mut gaps = Gaps::default();
    let workspace = document.get_mut("workspace");
    let inherits = workspace.is_some();
    if let Some(workspace) = workspace {
        let workspace = workspace.as_table_like_mut().ok_or("workspace")?;
        let lints = table(workspace, "lints")?;
        amend_levels(table(lints, "clippy")?, "workspace.lints.clippy", &mut gaps);
    }
    if document.contains_key("package") {
        amend_package(document, inherits, &mut gaps)?;
    }
    Ok(gaps)
}

/// Lets a member inherit the levels, or sets them where it has levels of its own.
pub(crate) fn amend_member(document: &mut DocumentMut) -> Result<Gaps, &'static str> {
    let mut gaps = Gaps::default();
    amend_package(document, true, &mut gaps)?;
    Ok(gaps)
}

fn amend_package(
    document: &mut DocumentMut,
    inherits: bool,
    gaps: &mut Gaps,
) -> Result<(), &'static str> {
    let lints = table(document.as_table_mut(), "lints")?;
    if lints.get("workspace").and_then(Item::as_bool) == Some(true) {
        return Ok(());
    }
    if inherits && lints.is_empty() {
        lints.insert("workspace", value(true));
        gaps.added.push("lints.workspace".to_owned());
        return Ok(());
    }
    amend_levels(table(lints, "clippy")?, "lints.clippy", gaps);
    Ok(())
}

fn amend_levels(clippy: &mut dyn TableLike, place: &str, gaps: &mut Gaps) {
    // Of two levels with one priority, cargo lets the group win over the lint.
    let level_of = |group: &&str| level(clippy.get(group)?);
    let weak = GROUPS
        .iter()
        .filter_map(level_of)
        .filter(|level| !level.is_strong());
    let least = weak
        .map(|level| level.priority + 1)
        .max()
        .unwrap_or(i64::MIN);
    // And clippy refuses a lint beside any group with its priority.
    let others = GROUPS.iter().chain(&OTHER_GROUPS).filter_map(level_of);
    let above = others.map(|level| level.priority + 1).max().unwrap_or(0);
    for (key, item) in clippy.iter() {
        let is_other = !LINTS.contains(&key) && !GROUPS.contains(&key);
        let is_weak = level(item).is_none_or(|level| !level.is_strong());
        if is_other && is_weak && silences(&format!("clippy::{key}")) {
            gaps.conflicts.push(Conflict {
                key: key.to_owned(),
                message: format!("{place}.{key} is another name of a lint of the fence's"),
                instead: "remove it".to_owned(),
            });
        }
    }
    for lint in LINTS {
        match clippy.get(lint).map(level) {
            None => {
                clippy.insert(lint, value(prioritised(above.max(0))));
                gaps.added.push(format!("{place}.{lint}"));
            }
            Some(Some(level)) if level.is_strong() && level.priority >= least => {}
            Some(_) => gaps.conflicts.push(Conflict {
                key: lint.to_owned(),
                message: format!("{place}.{lint} does not deny"),
                instead: format!("write `{lint} = {}`", prioritised(least.max(0))),
            }),
        }
    }
}

struct Level {
    level: String,
    priority: i64,
}

impl Level {
    fn is_strong(&self) -> bool {
        ["deny", "forbid"].contains(&self.level.as_str())
    }
}

fn level(item: &Item) -> Option<Level> {
    let (level, priority) = match item.as_table_like() {
        Some(table) => (
            table.get("level")?.as_str()?,
            table
                .get("priority")
                .and_then(Item::as_integer)
                .unwrap_or(0),
        ),
        None => (item.as_str()?, 0),
    };
    Some(Level {
        level: level.to_owned(),
        priority,
    })
}

fn prioritised(priority: i64) -> Value {
    if priority == 0 {
        return "deny".into();
    }
    let mut deny = InlineTable::new();
    deny.insert("level", "deny".into());
    deny.insert("priority", priority.into());
    deny.into()
}

const LINTS: [&str; 2] = ["disallowed_methods", "disallowed_types"];
/// The groups that the lints are in.
const GROUPS: [&str; 2] = ["all", "style"];
const OTHER_GROUPS: [&str; 8] = [
    "cargo",
    "complexity",
    "correctness",
    "nursery",
    "pedantic",
    "perf",
    "restriction",
    "suspicious",
];

#[cfg(test)]
mod tests {
    use super::*;

    type Amend = fn(&mut DocumentMut) -> Result<Gaps, &'static str>;

    fn amended(amend: Amend, text: &str) -> (String, Vec<String>) {
        let mut document: DocumentMut = text.parse().expect("TOML");
        let gaps = amend(&mut document).expect("tables");
        let conflicts = gaps.conflicts.into_iter();
        let conflicts = conflicts.map(|conflict| conflict.instead).collect();
        (document.to_string(), conflicts)
    }

    #[test]
    fn a_workspace_denies_and_its_root_package_inherits() {
        let text = "[workspace] # all\n\n[package]\nname = \"a\"\n";
        let (text, conflicts) = amended(amend_root, text);
        assert_eq!(
            text,
            "[workspace] # all\n\n[workspace.lints.clippy]\ndisallowed_methods = \"deny\"\n\
             disallowed_types = \"deny\"\n\n[package]\nname = \"a\"\n\n[lints]\nworkspace = true\n"
        );
        assert_eq!(conflicts, [""; 0]);
        assert_eq!(amended(amend_root, &text).0, text);
    }

    #[test]
    fn a_package_alone_denies_by_itself() {
        let (text, _) = amended(amend_root, "[package]\nname = \"a\"\n");
        assert!(
            text.contains("[lints.clippy]\ndisallowed_methods = \"deny\"\n"),
            "{text}"
        );
        assert!(!text.contains("workspace"), "{text}");
    }

    #[test]
    fn a_member_with_levels_of_its_own_keeps_them() {
        let (text, _) = amended(amend_member, "[lints.rust]\nunsafe_code = \"forbid\"\n");
        assert!(
            text.starts_with("[lints.rust]\nunsafe_code = \"forbid\"\n"),
            "{text}"
        );
        assert!(
            text.contains("[lints.clippy]\ndisallowed_methods = \"deny\"\n"),
            "{text}"
        );
    }

    #[test]
    fn a_group_that_would_win_is_outranked() {
        for group in ["all", "pedantic"] {
            let text = format!("[workspace.lints.clippy]\n{group} = \"warn\"\n");
            let (text, _) = amended(amend_root, &text);
            let expected = "disallowed_methods = { level = \"deny\", priority = 1 }";
            assert!(text.contains(expected), "{text}");
        }
        let below = "[workspace.lints.clippy]\nall = { level = \"warn\", priority = -1 }\n";
        let (text, _) = amended(amend_root, below);
        assert!(text.contains("disallowed_methods = \"deny\""), "{text}");
    }

    #[test]
    fn what_does_not_deny_stays_and_is_told() {
        for level in ["\"allow\"", "\"warn\"", "{ level = \"warn\" }"] {
            let text = format!(
                "[workspace.lints.clippy]\ndisallowed_methods = {level}\ndisallowed_types = \"forbid\"\n"
            );
            let (after, conflicts) = amended(amend_root, &text);
            assert_eq!(after, text);
            assert_eq!(conflicts, ["write `disallowed_methods = \"deny\"`"]);
        }
    }

    #[test]
    fn another_name_of_the_lint_is_told() {
        for key in ["\"disallowed-methods\"", "disallowed_method"] {
            let text = format!(
                "[workspace.lints.clippy]\n{key} = {{ level = \"allow\", priority = 9 }}\n"
            );
            let (_, conflicts) = amended(amend_root, &text);
            assert_eq!(conflicts, ["remove it"], "{key}");
        }
    }

    #[test]
    fn a_level_that_a_group_outranks_is_told() {
        let text = "[workspace.lints.clippy]\nstyle = \"allow\"\ndisallowed_methods = \"deny\"\n\
                    disallowed_types = { level = \"deny\", priority = 1 }\n";
        let (after, conflicts) = amended(amend_root, text);
        assert_eq!(after, text);
        let expected = "write `disallowed_methods = { level = \"deny\", priority = 1 }`";
        assert_eq!(conflicts, [expected]);
    }
}
