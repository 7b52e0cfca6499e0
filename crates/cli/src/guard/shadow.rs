//! What takes the place of the fence's files, or undoes what they say, without being one of them.

use std::path::Path;

use toml_edit::DocumentMut;

use super::error::GuardError;
use super::files::{self, clippy_toml};
use super::finding::{Finding, Kind};
use super::flags::{of_config, silencing};
use super::workspace::{Workspace, line_of, parse, read};

/// What is found beside the files of the fence.
pub(crate) fn check(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = lists(workspace);
    let strangers = files::strangers(workspace).into_iter();
    findings.extend(strangers.map(|manifest| uncovered(&workspace.name(&manifest))));
    for path in files::cargo_configs(workspace) {
        let name = workspace.name(&path);
        let text = read(&path).map(Option::unwrap_or_default);
        match text.and_then(|text| Ok((parse(&path, &text)?, text))) {
            Ok((config, text)) => findings.extend(undone(&name, &text, &config)),
            Err(error) => findings.push(unread(&name, &error)),
        }
    }
    findings
}

fn unread(name: &str, error: &GuardError) -> Finding {
    Finding::new(Kind::Unseen, name, "configuration")
        .says(error.to_string(), "mend it, or remove it")
}

/// The clippy.toml of each member has to be the workspace's.
fn lists(workspace: &Workspace) -> Vec<Finding> {
    let expected = clippy_toml(&workspace.root);
    let members = workspace.members().into_iter();
    let own = members.filter_map(|member| {
        let folder = member.manifest_path.as_std_path().parent()?;
        let nearest = clippy_toml(folder);
        (nearest != expected).then(|| match nearest {
            Some(file) => shadowing(workspace, &file, &member.name),
            None => outside(workspace, folder, &member.name),
        })
    });
    let mut found: Vec<_> = own.collect();
    found.sort();
    found.dedup_by(|one, other| one.file == other.file);
    found
}

fn shadowing(workspace: &Workspace, file: &Path, member: &str) -> Finding {
    let name = workspace.name(file);
    Finding::new(Kind::Shadowed, name, "clippy.toml")
        .at(Some(1), None)
        .says(
            format!("this file takes the place of the workspace's list for {member}"),
            "move its settings into the clippy.toml at the root, and remove it",
        )
}

fn outside(workspace: &Workspace, folder: &Path, member: &str) -> Finding {
    let manifest = workspace.name(&folder.join("Cargo.toml"));
    Finding::new(Kind::Shadowed, manifest, "clippy.toml")
        .at(Some(1), None)
        .says(
            format!("{member} is outside of the workspace's folder, where clippy finds no list"),
            "move it below the root",
        )
}

fn uncovered(manifest: &str) -> Finding {
    Finding::new(Kind::Uncovered, manifest, "package")
        .at(Some(1), None)
        .says(
            "this package is no member of the workspace, so that nothing here looks at it",
            "make it a member, or guard it by itself and exempt it here",
        )
}

/// The settings of a Cargo configuration that silence the lints or lead clippy elsewhere.
fn undone(name: &str, text: &str, config: &DocumentMut) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut note = |key: &str, message: String, instead: &str| {
        let last = key.rsplit('.').next().unwrap_or(key);
        let finding = Finding::new(Kind::Shadowed, name, key);
        found.push(finding.at(line_of(text, last), None).says(message, instead));
    };
    for (place, flags) in of_config(config.as_table()) {
        if let Some(flag) = silencing(&flags) {
            let message = format!("`{flag}` in {place} silences the list");
            note("rustflags", message, "remove the flag");
        }
    }
    let has = |table: &str, key: &str| config.get(table).and_then(|it| it.get(key)).is_some();
    for variable in [
        "CLIPPY_CONF_DIR",
        "CLIPPY_ARGS",
        "RUSTFLAGS",
        "CARGO_ENCODED_RUSTFLAGS",
    ] {
        if has("env", variable) {
            let message = format!("{variable} decides what clippy reads and reports");
            note(
                &format!("env.{variable}"),
                message,
                "remove it from `[env]`",
            );
        }
    }
    if has("alias", "clippy") {
        let message = "an alias takes the place of `cargo clippy`".to_owned();
        note("alias.clippy", message, "give the alias another name");
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(config: &str) -> Vec<String> {
        let document = config.parse().unwrap_or_default();
        let found = undone(".cargo/config.toml", config, &document);
        found
            .into_iter()
            .map(|it| format!("{} {:?}", it.path, it.line))
            .collect()
    }

    #[test]
    fn a_configuration_that_undoes_the_fence_is_found_with_its_line() {
        let config = "[env]\nCLIPPY_CONF_DIR = \"x\"\n\n[alias]\nclippy = \"check\"\n\n\
                      [build]\nrustflags = [\"-A\", \"clippy::all\"]\n";
        let expected = [
            "rustflags Some(8)",
            "env.CLIPPY_CONF_DIR Some(2)",
            "alias.clippy Some(5)",
        ];
        assert_eq!(found(config), expected);
        let target = "[target.'cfg(all())']\nrustflags = \"--cap-lints allow\"\n";
        assert_eq!(found(target), ["rustflags Some(2)"]);
    }

    #[test]
    fn an_innocent_configuration_is_not() {
        let config =
            "[build]\nrustflags = [\"--cfg\", \"tokio_unstable\"]\n[alias]\nl = \"clippy\"\n";
        assert_eq!(found(config), [""; 0]);
    }
}
