//! What a file of the fence has, and what is added to it. `init` writes the result; `check` asks
//! only whether there is a difference.

use std::path::{Path, PathBuf};

use toml_edit::{Array, DocumentMut, TableLike, Value};

use super::error::GuardError;
use super::workspace::{parse, read};

/// A file as it is and as it should be.
pub(crate) struct Amended {
    pub(crate) path: PathBuf,
    /// `None` if there is no such file.
    pub(crate) before: Option<String>,
    pub(crate) after: String,
    pub(crate) gaps: Gaps,
}

#[derive(Debug, Default)]
pub(crate) struct Gaps {
    /// What was missing, and has been added.
    pub(crate) added: Vec<String>,
    /// What is there and stays, but is not what the fence needs.
    pub(crate) conflicts: Vec<Conflict>,
}

/// An entry of the user's that undoes a part of the fence.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Conflict {
    pub(crate) key: String,
    pub(crate) message: String,
    pub(crate) instead: String,
}

impl Amended {
    /// Reads the file, or begins with `template`, and lets `amend` add to it.
    pub(crate) fn of(
        path: PathBuf,
        template: &str,
        amend: impl FnOnce(&mut DocumentMut) -> Result<Gaps, &'static str>,
    ) -> Result<Self, GuardError> {
        let before = read(&path)?;
        let text = before.as_deref().unwrap_or(template);
        let mut document = parse(&path, text)?;
        let gaps = amend(&mut document).map_err(|key| shape(&path, key))?;
        let after = match before.is_some() && gaps.added.is_empty() {
            // What needs nothing stays as it is, to the byte.
            true => text.to_owned(),
            false => like(text, document.to_string()),
        };
        Ok(Self {
            path,
            before,
            after,
            gaps,
        })
    }

    pub(crate) fn is_changed(&self) -> bool {
        self.before.as_ref() != Some(&self.after)
    }
}

/// Adds to an array what it lacks, with the comments before it; those behind the last entry of
/// the user's stay behind it.
pub(crate) fn extend(array: &mut Array, values: impl IntoIterator<Item = Value>) {
    for value in values {
        let last = array.len().checked_sub(1);
        let mut between = String::new();
        if let Some(last) = last.and_then(|last| array.get_mut(last)) {
            let suffix = last.decor().suffix().and_then(|suffix| suffix.as_str());
            between.push_str(suffix.unwrap_or_default());
            last.decor_mut().set_suffix("");
        }
        between.push_str(array.trailing().as_str().unwrap_or_default());
        let prefix = value.decor().prefix().and_then(|prefix| prefix.as_str());
        let prefix = format!("{}{}", between.trim_end(), prefix.unwrap_or("\n    "));
        array.push_formatted(value.decorated(prefix, ""));
        array.set_trailing_comma(true);
        array.set_trailing("\n");
    }
}

/// The table at `key`, made if there is none.
pub(crate) fn table<'a>(
    parent: &'a mut dyn TableLike,
    key: &'static str,
) -> Result<&'a mut dyn TableLike, &'static str> {
    let implicit = || {
        let mut table = toml_edit::Table::new();
        table.set_implicit(true);
        toml_edit::Item::Table(table)
    };
    let item = parent.entry(key).or_insert_with(implicit);
    item.as_table_like_mut().ok_or(key)
}

fn shape(path: &Path, key: &'static str) -> GuardError {
    GuardError::Shape {
        path: path.to_owned(),
        key,
    }
}

/// The ends of the lines, and a byte order mark, as they were.
fn like(before: &str, after: String) -> String {
    let after = match before.contains("\r\n") {
        true => after.replace("\r\n", "\n").replace('\n', "\r\n"),
        false => after,
    };
    match before.starts_with('\u{feff}') && !after.starts_with('\u{feff}') {
        true => format!("\u{feff}{after}"),
        false => after,
    }
}
