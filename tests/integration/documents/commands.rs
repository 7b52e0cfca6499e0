//! The commands that documents may show: cargo with what there is in this repository, its scripts,
//! and the command line, whose subcommands and options are read from its sources.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use syn::{Item, ItemEnum, Meta};

use super::{read, root};

pub(super) struct Commands {
    /// Of cargo's options for targets: `--test`, say, and the names of all tests.
    targets: BTreeMap<&'static str, BTreeSet<String>>,
    /// Of the command line: a subcommand, or two with a blank between them, and its options.
    own: BTreeMap<String, BTreeSet<String>>,
}

impl Commands {
    pub(super) fn of_the_repository() -> Self {
        let mut targets = BTreeMap::new();
        for manifest in ["Cargo.toml", "fuzz/Cargo.toml"] {
            note_targets(&root().join(manifest), &mut targets);
        }
        let mut own = BTreeMap::new();
        note_subcommands("main.rs", "", &mut own);
        Self { targets, own }
    }

    /// What is wrong with a line, as far as its commands are those that this is about.
    pub(super) fn wrong(&self, line: &str) -> Option<String> {
        line.split("&&")
            .find_map(|command| self.wrong_command(command))
    }

    fn wrong_command(&self, line: &str) -> Option<String> {
        let words: Vec<_> = line.split_whitespace().collect();
        let words = words.iter().skip_while(|word| {
            word.split_once('=')
                .is_some_and(|(name, _)| name.bytes().all(|it| it.is_ascii_uppercase()))
        });
        let words: Vec<_> = words.skip_while(|word| **word == "bash").copied().collect();
        match *words.first()? {
            "cargo" => self.wrong_for_cargo(&words[1..]),
            "trusted-transport" => self.wrong_for_us(&words[1..]),
            script if script.starts_with(".ci/") => {
                (!root().join(script).is_file()).then(|| "there is no such script".to_owned())
            }
            _ => None,
        }
    }

    fn wrong_for_cargo(&self, words: &[&str]) -> Option<String> {
        let words = match words.first()?.starts_with('+') {
            true => &words[1..],
            false => words,
        };
        let subcommand = words.first()?;
        if !CARGO.contains(subcommand) {
            return Some(format!("cargo has no {subcommand}"));
        }
        let cut = words.iter().position(|word| *word == "--");
        let (words, rest) = words.split_at(cut.unwrap_or(words.len()));
        for pair in words.windows(2) {
            let [option, value] = pair else { continue };
            if let Some(names) = self.targets.get(option)
                && !is_placeholder(value)
                && !names.contains(*value)
            {
                return Some(format!("there is no {value} for {option}"));
            }
            let is_path = ["--manifest-path", "--path"].contains(option);
            // Not what is beside the repository, where a reader has it in a folder of any name.
            let is_here = !value.starts_with("..") && !is_placeholder(value);
            if is_path && is_here && !root().join(value).exists() {
                return Some(format!("there is no {value}"));
            }
        }
        let ours = *subcommand == "run" && !words.iter().any(|word| ELSEWHERE.contains(word));
        match rest {
            [_, rest @ ..] if ours => self.wrong_for_us(rest),
            _ => None,
        }
    }

    fn wrong_for_us(&self, words: &[&str]) -> Option<String> {
        let first = *words.first()?;
        let both = words.get(1).map(|second| format!("{first} {second}"));
        let options = match both.and_then(|both| self.own.get(&both)) {
            Some(options) => options,
            None => match self.own.get(first) {
                Some(options) if !self.is_group(first) => options,
                _ => return Some(format!("there is no subcommand {words:?}")),
            },
        };
        let unknown = words.iter().find(|word| {
            word.strip_prefix("--").is_some_and(|option| {
                let name = option.split('=').next().unwrap_or(option);
                !options.contains(name) && !COMMON.contains(&name)
            })
        });
        unknown.map(|word| format!("there is no option {word}"))
    }

    /// Has subcommands of its own.
    fn is_group(&self, subcommand: &str) -> bool {
        let prefix = format!("{subcommand} ");
        self.own.keys().any(|name| name.starts_with(&prefix))
    }
}

/// What stands for something else: `NAME`, `..`.
fn is_placeholder(word: &str) -> bool {
    !word.bytes().any(|byte| byte.is_ascii_lowercase())
}

fn note_targets(manifest: &Path, targets: &mut BTreeMap<&'static str, BTreeSet<String>>) {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version=1"])
        .arg("--manifest-path")
        .arg(manifest)
        .output();
    let output = output.expect("cargo").stdout;
    let metadata: Value = serde_json::from_slice(&output).expect("metadata in JSON");
    let name = |value: &Value| value["name"].as_str().expect("a name").to_owned();
    for package in metadata["packages"].as_array().expect("packages") {
        targets.entry("-p").or_default().insert(name(package));
        for target in package["targets"].as_array().expect("targets") {
            let option = match target["kind"][0].as_str() {
                Some("bench") => "--bench",
                Some("bin") => "--bin",
                Some("example") => "--example",
                Some("test") => "--test",
                _ => continue,
            };
            targets.entry(option).or_default().insert(name(target));
        }
    }
}

/// Those of the enums in this file that clap makes subcommands of, and of the files with their names.
fn note_subcommands(file: &str, prefix: &str, own: &mut BTreeMap<String, BTreeSet<String>>) {
    let path = root().join("crates/cli/src").join(file);
    let source = syn::parse_file(&read(&path)).expect("a source");
    let flattened = source.items.iter().filter_map(|item| match item {
        Item::Struct(item) if derives(&item.attrs, "Args") => Some(options(&item.fields)),
        _ => None,
    });
    let flattened: BTreeSet<String> = flattened.flatten().collect();
    for item in &source.items {
        let Item::Enum(ItemEnum {
            attrs, variants, ..
        }) = item
        else {
            continue;
        };
        for variant in variants.iter().filter(|_| derives(attrs, "Subcommand")) {
            let name = variant.ident.to_string().to_lowercase();
            let mut all = options(&variant.fields);
            all.extend(flattened.clone());
            own.insert(format!("{prefix}{name}"), all);
            if variant
                .attrs
                .iter()
                .any(|it| tokens(&it.meta).contains("subcommand"))
            {
                note_subcommands(&format!("{name}.rs"), &format!("{name} "), own);
            }
        }
    }
}

fn derives(attributes: &[syn::Attribute], what: &str) -> bool {
    let derives = attributes.iter().filter(|it| it.path().is_ident("derive"));
    derives
        .into_iter()
        .any(|it| tokens(&it.meta).contains(what))
}

/// The fields that are options with a long name.
fn options(fields: &syn::Fields) -> BTreeSet<String> {
    let long = fields.iter().filter(|field| {
        let mut arguments = field.attrs.iter().filter(|it| it.path().is_ident("arg"));
        arguments.any(|it| tokens(&it.meta).contains("long"))
    });
    let names = long.filter_map(|field| field.ident.as_ref());
    names
        .map(|name| name.to_string().replace('_', "-"))
        .collect()
}

fn tokens(meta: &Meta) -> String {
    match meta {
        Meta::List(list) => list.tokens.to_string(),
        _ => String::new(),
    }
}

const CARGO: [&str; 15] = [
    "add", "bench", "check", "clippy", "deny", "doc", "fetch", "fmt", "fuzz", "install", "new",
    "package", "run", "test", "update",
];
/// What `cargo run` may run instead of the command line.
const ELSEWHERE: [&str; 3] = ["--bin", "--example", "--manifest-path"];
/// What every subcommand has.
const COMMON: [&str; 3] = ["help", "verbose", "version"];

#[test]
fn a_command_that_is_not_there_is_found() {
    let commands = Commands::of_the_repository();
    for line in [
        "cargo run -- demo",
        "cargo run --example grpc",
        "A=b cargo +nightly test -p trusted-transport --test integration documents",
        "bash .ci/run",
        "cargo new first && cargo add --path ../elsewhere",
        "trusted-transport guard init --dry-run",
        "trusted-transport check --both https://example.com/",
        "somebody else's --matter",
    ] {
        assert_eq!(commands.wrong(line), None, "{line}");
    }
    for line in [
        "cargo run -- dmo",
        "cargo rnu -- demo",
        "cargo run --example grcp",
        "cargo test --test integratoin",
        "cargo test -p trusted-transprot",
        "cargo install --path crates/cil",
        "bash .ci/rnu",
        "cargo test && cargo bench --bench prof",
        "trusted-transport guard",
        "trusted-transport guard inti",
        "trusted-transport guard init --both",
        "trusted-transport check --bosh https://example.com/",
    ] {
        assert!(commands.wrong(line).is_some(), "{line}");
    }
}
