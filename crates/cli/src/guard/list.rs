//! The list of what connects without the token, and its place in the workspace's clippy.toml.

use std::collections::BTreeSet;

use toml_edit::{DocumentMut, Item, Value};
use trusted_transport::CLIPPY_TOML;

use super::amend::{Gaps, extend};

/// The list as this version ships it.
pub(crate) struct List {
    entries: Vec<Entry>,
}

pub(crate) struct Entry {
    pub(crate) path: String,
    /// What to call instead.
    pub(crate) reason: String,
    pub(crate) is_type: bool,
}

impl List {
    pub(crate) fn shipped() -> Self {
        let document = shipped();
        let entries = KEYS.into_iter().flat_map(|key| {
            let values = document.get(key).and_then(Item::as_array);
            let values = values.into_iter().flatten();
            let entries = values.filter_map(move |value| {
                let reason = value.as_inline_table()?.get("reason")?.as_str()?;
                Some(Entry {
                    path: path(value)?.to_owned(),
                    reason: reason.to_owned(),
                    is_type: key == TYPES,
                })
            });
            entries.collect::<Vec<_>>()
        });
        Self {
            entries: entries.collect(),
        }
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// What to call instead of a path of the list.
    pub(crate) fn reason(&self, path: &str) -> Option<&str> {
        let entry = self.entries.iter().find(|entry| entry.path == path);
        entry.map(|entry| entry.reason.as_str())
    }
}

/// Adds the entries that a clippy.toml lacks.
pub(crate) fn amend(document: &mut DocumentMut) -> Result<Gaps, &'static str> {
    let mut gaps = Gaps::default();
    let mut shipped = shipped();
    for key in KEYS {
        if document.get(key).is_none() {
            let Some((name, item)) = shipped.remove_entry(key) else {
                continue;
            };
            let values = item.as_array().into_iter().flatten();
            gaps.added
                .extend(values.filter_map(path).map(str::to_owned));
            document.insert_formatted(&name, item);
            continue;
        }
        let array = document.get_mut(key).and_then(Item::as_array_mut);
        let array = array.ok_or(key)?;
        let present: BTreeSet<_> = array.iter().filter_map(path).map(str::to_owned).collect();
        let values = shipped.get(key).and_then(Item::as_array);
        let missing = values.into_iter().flatten().filter(|value| {
            let path = path(value);
            path.is_some_and(|path| !present.contains(path))
        });
        let missing: Vec<Value> = missing.cloned().collect();
        gaps.added
            .extend(missing.iter().filter_map(path).map(str::to_owned));
        extend(array, missing);
    }
    Ok(gaps)
}

/// The path of an entry, which is a string or a table.
fn path(value: &Value) -> Option<&str> {
    match value {
        Value::InlineTable(table) => table.get("path")?.as_str(),
        value => value.as_str(),
    }
}

fn shipped() -> DocumentMut {
    // A test reads every entry of it.
    CLIPPY_TOML.parse().unwrap_or_default()
}

const TYPES: &str = "disallowed-types";
const KEYS: [&str; 2] = ["disallowed-methods", TYPES];

#[cfg(test)]
mod tests {
    use super::*;

    fn amended(text: &str) -> (String, Gaps) {
        let mut document: DocumentMut = text.parse().expect("TOML");
        let gaps = amend(&mut document).expect("arrays");
        (document.to_string(), gaps)
    }

    #[test]
    fn the_list_has_entries_and_each_a_reason() {
        let text: DocumentMut = CLIPPY_TOML.parse().expect("TOML");
        let arrays = KEYS.iter().filter_map(|key| text.get(key)?.as_array());
        let listed: usize = arrays.map(toml_edit::Array::len).sum();
        assert!(listed > 50, "{listed}");
        assert_eq!(List::shipped().entries().len(), listed);
    }

    #[test]
    fn what_is_there_stays_and_nothing_is_written_twice() {
        let text = "# ours\nmsrv = \"1.80\" # old\ndisallowed-methods = [\n    \"std::env::set_var\", # racy\n    \
                    \"reqwest::get\" # for a reason\n    # to come: more\n]\n";
        let (after, gaps) = amended(text);
        let kept = "# ours\nmsrv = \"1.80\" # old\ndisallowed-methods = [\n    \"std::env::set_var\", # racy\n    \
                    \"reqwest::get\", # for a reason\n    # to come: more\n    # trusted-transport";
        assert!(after.starts_with(kept), "{}", &after[..500]);
        assert_eq!(after.matches("\"reqwest::get\"").count(), 1);
        assert!(!gaps.added.contains(&"reqwest::get".to_owned()));
        assert!(gaps.added.contains(&"reqwest::Client".to_owned()));
        let (again, gaps) = amended(&after);
        assert_eq!((again, gaps.added.len()), (after, 0));
    }

    #[test]
    fn an_empty_and_a_short_list_are_filled() {
        for text in [
            "disallowed-types = []\n",
            "disallowed-types = [\"a::B\", \"c::D\"]\n",
        ] {
            let (after, _) = amended(text);
            let array = after.parse::<DocumentMut>().expect("TOML");
            let array = array["disallowed-types"]
                .as_array()
                .map_or(0, |it| it.len());
            assert!(array > 10, "{after}");
            assert_eq!(amended(&after).0, after);
        }
    }

    #[test]
    fn something_else_than_a_list_is_refused() {
        let mut document: DocumentMut = "disallowed-types = 1".parse().expect("TOML");
        assert_eq!(amend(&mut document).err(), Some("disallowed-types"));
    }
}
