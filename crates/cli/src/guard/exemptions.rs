//! `trusted-transport.guard.toml`: what may connect without the token, and why.

use std::path::Path;

use toml_edit::{DocumentMut, Item, Table, value};

use super::amend::{Conflict, Gaps};
use super::error::GuardError;
use super::finding::{Finding, Kind};
use super::workspace::{line_of, read};

/// The committed list of reasons.
#[derive(Default)]
pub(crate) struct Exemptions {
    entries: Vec<Exemption>,
    invalid: Vec<Finding>,
}

struct Exemption {
    line: Option<usize>,
    file: String,
    path: String,
    reason: String,
}

/// A finding that has a reason.
pub(crate) struct Exempt {
    pub(crate) finding: Finding,
    pub(crate) reason: String,
}

impl Exemptions {
    pub(crate) fn read(root: &Path) -> Result<Self, GuardError> {
        let path = root.join(GUARD_TOML);
        let Some(text) = read(&path)? else {
            return Ok(Self::default());
        };
        let document = toml_edit::Document::parse(text.as_str())
            .map_err(|source| GuardError::Toml { path, source })?;
        let tables = document.get("allow").and_then(|it| it.as_array_of_tables());
        let mut exemptions = Self::default();
        let keys = document.iter().map(|(key, _)| key);
        let unknown = keys.filter(|key| !["allow", "version"].contains(key));
        exemptions.invalid.extend(unknown.map(|key| {
            Finding::new(Kind::Exemption, GUARD_TOML, key)
                .at(line_of(&text, &format!("[[{key}]]")), None)
                .says(
                    format!("`{key}` means nothing here"),
                    "write `[[allow]]`, or remove it",
                )
        }));
        for table in tables.into_iter().flatten() {
            let line = table.span().map(|span| line_at(&text, span.start));
            match exemption(table, line) {
                Some(exemption) => exemptions.entries.push(exemption),
                None => exemptions.invalid.push(
                    Finding::new(Kind::Exemption, GUARD_TOML, "allow")
                        .at(line, None)
                        .says(
                            "an exemption without a file, a path or a reason exempts nothing",
                            "write `file`, `path` and `reason`, each as a text",
                        ),
                ),
            }
        }
        Ok(exemptions)
    }

    /// What has no reason, and what has one. A reason that nothing needs is a finding too.
    pub(crate) fn apply(self, findings: Vec<Finding>) -> (Vec<Finding>, Vec<Exempt>) {
        let mut used = vec![false; self.entries.len()];
        // Where nobody could look, nobody knows what is needed.
        let is_seen = findings.iter().all(|finding| finding.kind != Kind::Unseen);
        let mut open = self.invalid;
        let mut exempt = Vec::new();
        for finding in findings {
            let mut fitting = self.entries.iter().zip(&mut used);
            match fitting.find(|(entry, _)| entry.covers(&finding)) {
                Some((entry, used)) => {
                    *used = true;
                    let reason = entry.reason.clone();
                    exempt.push(Exempt { finding, reason });
                }
                None => open.push(finding),
            }
        }
        let unused = self
            .entries
            .iter()
            .zip(used)
            .filter(|(_, used)| !used && is_seen);
        open.extend(unused.map(|(entry, _)| entry.unused()));
        open.sort();
        (open, exempt)
    }
}

impl Exemption {
    fn covers(&self, finding: &Finding) -> bool {
        let below = finding.path.strip_prefix(&self.path);
        let is_below = below
            .is_some_and(|rest| rest.is_empty() || (rest.starts_with("::") && is_type(&self.path)));
        // Vendored packages and fixtures are many.
        let is_in_folder = finding.kind == Kind::Uncovered
            && self.file.ends_with('/')
            && finding.file.starts_with(&self.file);
        finding.kind.can_be_exempt() && is_below && (self.file == finding.file || is_in_folder)
    }

    fn unused(&self) -> Finding {
        Finding::new(Kind::Exemption, GUARD_TOML, &self.path)
            .at(self.line, None)
            .says(
                format!("nothing in {} needs this exemption", self.file),
                "remove it, so that nothing can slip in under it",
            )
    }
}

fn exemption(table: &Table, line: Option<usize>) -> Option<Exemption> {
    let text = |key| {
        let text = table.get(key)?.as_str()?.trim();
        (!text.is_empty()).then(|| text.to_owned())
    };
    Some(Exemption {
        line,
        file: text("file")?,
        path: text("path")?,
        reason: text("reason")?,
    })
}

/// Types begin with a capital, crates and modules do not.
fn is_type(path: &str) -> bool {
    let last = path.rsplit("::").next().unwrap_or(path);
    last.starts_with(char::is_uppercase)
}

/// Notes which version wrote the fence.
pub(crate) fn amend(document: &mut DocumentMut) -> Result<Gaps, &'static str> {
    let mut gaps = Gaps::default();
    let written = document.get("version").and_then(|version| version.as_str());
    if written != Some(VERSION) {
        match document.get_mut("version").and_then(Item::as_value_mut) {
            Some(old) => {
                let decor = old.decor().clone();
                *old = VERSION.into();
                *old.decor_mut() = decor;
            }
            None => _ = document.insert("version", value(VERSION)),
        }
        gaps.added.push(format!("version = \"{VERSION}\""));
    }
    if let Some(allow) = document.get("allow")
        && !allow.is_array_of_tables()
    {
        gaps.conflicts.push(Conflict {
            key: "allow".to_owned(),
            message: "`allow` is not a list of tables".to_owned(),
            instead: "write each exemption below `[[allow]]`".to_owned(),
        });
    }
    Ok(gaps)
}

fn line_at(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().iter().take(offset);
    before.filter(|byte| **byte == b'\n').count() + 1
}

pub(crate) const GUARD_TOML: &str = "trusted-transport.guard.toml";
/// What a workspace without one gets.
pub(crate) const TEMPLATE: &str = concat!(
    "# What may connect without a `TrustedTransport`, and why; for `trusted-transport guard check`.\n",
    "version = \"",
    env!("CARGO_PKG_VERSION"),
    "\"\n\n",
    "# [[allow]]\n",
    "# file = \"src/metrics.rs\"\n",
    "# path = \"reqwest::Client\"\n",
    "# reason = \"the SDK of the metrics server wants one; loopback only\"\n",
);
const VERSION: &str = env!("CARGO_PKG_VERSION");

#[cfg(test)]
mod tests {
    use super::*;

    fn call(file: &str, path: &str) -> Finding {
        Finding::new(Kind::Call, file, path)
    }

    fn exempting(path: &str) -> Exemptions {
        Exemptions {
            entries: vec![Exemption {
                line: Some(1),
                file: "src/a.rs".to_owned(),
                path: path.to_owned(),
                reason: "because".to_owned(),
            }],
            invalid: Vec::new(),
        }
    }

    #[test]
    fn a_type_covers_its_functions_and_no_neighbour() {
        let findings = vec![
            call("src/a.rs", "reqwest::Client"),
            call("src/a.rs", "reqwest::Client::new"),
            call("src/a.rs", "reqwest::ClientBuilder::new"),
            call("src/b.rs", "reqwest::Client::new"),
        ];
        let (open, exempt) = exempting("reqwest::Client").apply(findings.clone());
        assert_eq!(open, findings[2..]);
        assert_eq!(exempt.len(), 2);
    }

    #[test]
    fn a_crate_covers_nothing_below_it() {
        let findings = vec![call("src/a.rs", "reqwest::get")];
        let (open, exempt) = exempting("reqwest").apply(findings.clone());
        assert!(open.contains(&findings[0]) && exempt.is_empty(), "{open:?}");
    }

    #[test]
    fn a_folder_covers_the_packages_in_it_and_no_call() {
        let uncovered = |file| Finding::new(Kind::Uncovered, file, "package");
        let findings = vec![
            uncovered("src/a.rs/one/Cargo.toml"),
            uncovered("src/b/Cargo.toml"),
            call("src/a.rs/one/lib.rs", "package"),
        ];
        let mut exemptions = exempting("package");
        exemptions.entries[0].file = "src/a.rs/".to_owned();
        let (open, exempt) = exemptions.apply(findings.clone());
        assert_eq!(exempt.len(), 1);
        assert_eq!(open, [findings[2].clone(), findings[1].clone()]);
    }

    #[test]
    fn a_new_version_keeps_the_comment_of_the_old() {
        let mut document = "version = \"0.0.1\" # old\n".parse().expect("TOML");
        let gaps = amend(&mut document).expect("tables");
        assert_eq!(gaps.added.len(), 1);
        let expected = format!("version = \"{VERSION}\" # old\n");
        assert_eq!(document.to_string(), expected);
    }

    #[test]
    fn what_nothing_needs_is_a_finding() {
        let (open, exempt) = exempting("reqwest::Client").apply(Vec::new());
        assert_eq!(open[0].kind, Kind::Exemption);
        assert!(exempt.is_empty());
    }

    #[test]
    fn nothing_is_unused_where_nobody_could_look() {
        let unseen = vec![Finding::new(Kind::Unseen, "Cargo.toml", "census")];
        let (open, _) = exempting("reqwest::Client").apply(unseen.clone());
        assert_eq!(open, unseen);
    }

    #[test]
    fn the_fence_itself_has_no_exemption() {
        let missing = Finding::new(Kind::Incomplete, "src/a.rs", "reqwest::Client");
        let (open, _) = exempting("reqwest::Client").apply(vec![missing.clone()]);
        assert!(open.contains(&missing), "{open:?}");
    }
}
