//! The crates that connect without the token, and their place in the workspace's deny.toml.

use std::collections::BTreeSet;

use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, TableLike, Value};

use super::amend::{Conflict, Gaps, extend, table};

/// A crate that may be in the build only below its wrappers.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Banned {
    pub(crate) name: String,
    pub(crate) wrappers: Vec<String>,
    pub(crate) reason: String,
}

/// What this version bans, with the wrappers that the workspace lets in.
pub(crate) fn banned(deny: &DocumentMut) -> Vec<Banned> {
    let own = entries(deny, "deny");
    let banned = entries(&shipped(), "deny").into_iter().filter_map(|entry| {
        let name = name(&entry)?.to_owned();
        let same = own.iter().filter(|own| self::name(own) == Some(&name));
        let own = same.flat_map(|own| strings(own, "wrappers"));
        let wrappers: BTreeSet<_> = strings(&entry, "wrappers").chain(own).collect();
        Some(Banned {
            wrappers: wrappers.into_iter().collect(),
            reason: entry.get("reason")?.as_str()?.to_owned(),
            name,
        })
    });
    banned.collect()
}

/// This version's bans alone, with the wrappers that the workspace lets in: what cargo-deny is
/// asked about, so that nothing else in a deny.toml can weaken it.
pub(crate) fn hardened(deny: &DocumentMut) -> String {
    let banned = banned(deny);
    let mut document = shipped();
    let bans = document
        .get_mut("bans")
        .and_then(|bans| bans.get_mut("deny"));
    let tables = bans.and_then(Item::as_array_of_tables_mut);
    for table in tables.into_iter().flat_map(ArrayOfTables::iter_mut) {
        let name = table.get("crate").and_then(Item::as_str);
        let banned = banned
            .iter()
            .find(|banned| Some(banned.name.as_str()) == name);
        if let Some(banned) = banned.filter(|banned| !banned.wrappers.is_empty()) {
            let wrappers: Array = banned.wrappers.iter().collect();
            table.insert("wrappers", toml_edit::value(wrappers));
        }
    }
    document.to_string()
}

/// Adds the bans that a deny.toml lacks. An entry of the user's for the same crate is kept.
pub(crate) fn amend(document: &mut DocumentMut) -> Result<Gaps, &'static str> {
    let mut gaps = Gaps::default();
    let shipped = shipped();
    for key in ["deny", "features"] {
        let own = entries(document, key);
        let bans = shipped.get("bans").and_then(|bans| bans.get(key));
        let tables = bans.and_then(Item::as_array_of_tables);
        for entry in tables.into_iter().flatten() {
            let inline = entry.clone().into_inline_table();
            let Some(name) = name(&inline) else {
                continue;
            };
            if let Some(own) = own.iter().find(|own| self::name(own) == Some(name)) {
                gaps.conflicts.extend(conflict(key, name, &inline, own));
                continue;
            }
            gaps.added.push(format!("bans.{key}: {name}"));
            let bans = table(document.as_table_mut(), "bans")?;
            push(bans, key, entry.clone(), &inline)?;
        }
    }
    Ok(gaps)
}

fn push(
    bans: &mut dyn TableLike,
    key: &'static str,
    entry: Table,
    inline: &InlineTable,
) -> Result<(), &'static str> {
    let empty = || Item::ArrayOfTables(ArrayOfTables::new());
    match bans.entry(key).or_insert_with(empty) {
        Item::ArrayOfTables(tables) => tables.push(detached(entry)),
        Item::Value(Value::Array(array)) => {
            extend(array, [Value::from(inline.clone())]);
        }
        _ => return Err(key),
    }
    Ok(())
}

/// The table without the place that it had in its own document.
fn detached(mut table: Table) -> Table {
    table.set_position(None);
    table
}

/// What an entry of the user's leaves out.
fn conflict(key: &str, name: &str, shipped: &InlineTable, own: &InlineTable) -> Option<Conflict> {
    let list = match key {
        "deny" => "wrappers",
        _ => "deny",
    };
    let present: Vec<_> = strings(own, list).collect();
    let missing = strings(shipped, list).filter(|entry| !present.contains(entry));
    let missing: Vec<_> = missing.map(|entry| format!("\"{entry}\"")).collect();
    if missing.is_empty() {
        return None;
    }
    Some(Conflict {
        key: match key {
            "features" => "[[bans.features]]".to_owned(),
            _ => format!("\"{name}\""),
        },
        message: format!("`{list}` of bans.{key} for {name} is not what the fence needs"),
        instead: format!("add {} to it", missing.join(", ")),
    })
}

fn entries(document: &DocumentMut, key: &str) -> Vec<InlineTable> {
    match document.get("bans").and_then(|bans| bans.get(key)) {
        Some(Item::ArrayOfTables(tables)) => {
            let tables = tables.iter().cloned();
            tables.map(Table::into_inline_table).collect()
        }
        Some(Item::Value(Value::Array(array))) => array.iter().filter_map(entry).collect(),
        _ => Vec::new(),
    }
}

fn entry(value: &Value) -> Option<InlineTable> {
    match value {
        Value::InlineTable(table) => Some(table.clone()),
        value => {
            let name: Value = value.as_str()?.into();
            Some(InlineTable::from_iter([("crate", name)]))
        }
    }
}

/// The crate of an entry for all of its versions.
fn name(entry: &InlineTable) -> Option<&str> {
    let name = ["crate", "name"].iter().find_map(|key| entry.get(key));
    let is_limited = entry.contains_key("version");
    name?.as_str().filter(|_| !is_limited)
}

fn strings(table: &InlineTable, key: &str) -> impl Iterator<Item = String> {
    let array = table.get(key).and_then(Value::as_array).into_iter();
    let strings = array.flatten().filter_map(Value::as_str);
    strings.map(str::to_owned).collect::<Vec<_>>().into_iter()
}

fn shipped() -> DocumentMut {
    // A test reads every entry of it.
    DENY_TOML.parse().unwrap_or_default()
}

/// What a workspace without a deny.toml gets.
pub(crate) const DENY_TOML: &str = include_str!("deny.toml");

#[cfg(test)]
mod tests {
    use super::*;

    fn amended(text: &str) -> (String, Gaps) {
        let mut document: DocumentMut = text.parse().expect("TOML");
        let gaps = amend(&mut document).expect("tables");
        (document.to_string(), gaps)
    }

    #[test]
    fn every_ban_has_a_reason() {
        let banned = banned(&DocumentMut::new());
        assert!(banned.len() > 5, "{banned:?}");
        let shipped = entries(&shipped(), "deny").len();
        assert_eq!(banned.len(), shipped);
        assert!(banned.iter().all(|banned| !banned.reason.is_empty()));
    }

    #[test]
    fn bans_of_either_form_are_extended_once() {
        for text in [
            "[licenses]\nallow = [\"MIT\"]\n",
            "[bans]\nmultiple-versions = \"deny\" # strict\ndeny = [{ crate = \"left-pad\" }]\n",
            "[[bans.deny]]\ncrate = \"left-pad\" # why\n",
            "[bans]\ndeny = [\n    \"left-pad\", # why\n]\n",
        ] {
            let (after, gaps) = amended(text);
            assert!(
                gaps.added.contains(&"bans.deny: reqwest".to_owned()),
                "{text}"
            );
            for line in text.lines().filter(|line| line.contains('#')) {
                assert!(after.contains(line.trim_end()), "{line} of\n{after}");
            }
            let (again, gaps) = amended(&after);
            assert_eq!(
                (again, gaps.added.len(), gaps.conflicts.len()),
                (after, 0, 0)
            );
        }
    }

    #[test]
    fn what_the_workspace_lets_in_is_let_in() {
        let text =
            "[[bans.deny]]\ncrate = \"reqwest\"\nwrappers = [\"trusted-transport\", \"sdk\"]\n";
        let (after, gaps) = amended(text);
        assert!(after.starts_with(text), "{after}");
        assert_eq!(gaps.conflicts, []);
        let document = text.parse().expect("TOML");
        let reqwest = banned(&document)
            .into_iter()
            .find(|it| it.name == "reqwest");
        let wrappers = reqwest.map(|it| it.wrappers).unwrap_or_default();
        assert!(wrappers.contains(&"sdk".to_owned()), "{wrappers:?}");
        assert!(hardened(&document).contains("\"sdk\""));
    }

    #[test]
    fn a_ban_of_some_versions_is_none() {
        let text = "[[bans.deny]]\ncrate = \"reqwest\"\nversion = \"<0.12\"\n";
        let (_, gaps) = amended(text);
        assert!(gaps.added.contains(&"bans.deny: reqwest".to_owned()));
    }

    #[test]
    fn a_ban_that_forgets_the_token_is_told() {
        let (_, gaps) = amended("[bans]\ndeny = [{ crate = \"reqwest\", wrappers = [\"sdk\"] }]\n");
        let conflicts = gaps.conflicts.iter().map(|it| it.instead.as_str());
        assert_eq!(
            conflicts.collect::<Vec<_>>(),
            ["add \"trusted-transport\" to it"]
        );
    }
}
