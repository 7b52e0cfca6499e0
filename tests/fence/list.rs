//! The list itself, and that it and the mentions in `mentions/` are of the same paths. Whether
//! clippy sees them is for `clippy.rs`.

use std::collections::BTreeSet;
use std::fs;

use serde::Deserialize;
use syn::visit::Visit;
use trusted_transport::CLIPPY_TOML;

use crate::program::repository;

/// Which of the two lints is to find a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Method,
    Type,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct List {
    disallowed_methods: Vec<Entry>,
    disallowed_types: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Entry {
    path: String,
    reason: String,
    #[serde(default)]
    allow_invalid: bool,
}

/// Every path of the list.
pub(crate) fn listed() -> BTreeSet<(Kind, String)> {
    entries()
        .into_iter()
        .map(|(kind, entry)| (kind, entry.path))
        .collect()
}

fn entries() -> Vec<(Kind, Entry)> {
    let list: List = toml::from_str(CLIPPY_TOML).expect("a list");
    let methods = list.disallowed_methods.into_iter();
    let types = list.disallowed_types.into_iter();
    methods
        .map(|entry| (Kind::Method, entry))
        .chain(types.map(|entry| (Kind::Type, entry)))
        .collect()
}

#[derive(Default)]
struct Mentions(BTreeSet<(Kind, String)>);

impl<'a> Visit<'a> for Mentions {
    fn visit_local(&mut self, local: &'a syn::Local) {
        let mention = match (&local.init, &local.pat) {
            (Some(init), _) => method(&init.expr).map(|path| (Kind::Method, path)),
            (None, syn::Pat::Type(pattern)) => named(&pattern.ty).map(|path| (Kind::Type, path)),
            _ => None,
        };
        self.0.insert(mention.expect("a mention of one path"));
    }
}

fn method(expression: &syn::Expr) -> Option<String> {
    match expression {
        syn::Expr::Path(path) => Some(text(&path.path)),
        _ => None,
    }
}

/// The type in `Option<&Type>`: the innermost.
fn named(ty: &syn::Type) -> Option<String> {
    match ty {
        syn::Type::Reference(reference) => match &*reference.elem {
            syn::Type::Path(path) => Some(text(&path.path)),
            syn::Type::TraitObject(object) => object.bounds.iter().find_map(|bound| match bound {
                syn::TypeParamBound::Trait(bound) => Some(text(&bound.path)),
                _ => None,
            }),
            _ => None,
        },
        syn::Type::Path(option) => match &option.path.segments.last()?.arguments {
            syn::PathArguments::AngleBracketed(arguments) => match arguments.args.first()? {
                syn::GenericArgument::Type(inner) => named(inner),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}

/// A path without its generic arguments.
fn text(path: &syn::Path) -> String {
    let names: Vec<_> = path
        .segments
        .iter()
        .map(|segment| segment.ident.to_string())
        .collect();
    names.join("::")
}

#[test]
fn the_mentions_are_those_of_the_list() {
    let mut mentions = Mentions::default();
    for entry in fs::read_dir(repository("tests/fence/mentions/src")).expect("a folder") {
        let source = fs::read_to_string(entry.expect("an entry").path()).expect("a source");
        mentions.visit_file(&syn::parse_file(&source).expect("Rust"));
    }
    let listed = listed();
    let unmentioned: Vec<_> = listed.difference(&mentions.0).collect();
    let unlisted: Vec<_> = mentions.0.difference(&listed).collect();
    assert!(
        unmentioned.is_empty() && unlisted.is_empty(),
        "listed, but without a mention: {unmentioned:#?}\nmentioned, but not listed: {unlisted:#?}"
    );
}

#[test]
fn nothing_is_listed_twice() {
    assert_eq!(entries().len(), listed().len());
}

#[test]
fn a_workspace_need_not_have_what_is_listed() {
    for (_, entry) in entries() {
        assert!(entry.allow_invalid, "{}", entry.path);
    }
}

/// What it says to call is there: `Type::method()` of the transport.
#[test]
fn every_reason_says_what_to_call_instead() {
    let source = |name| fs::read_to_string(repository(name)).expect("a source");
    let transport =
        source("src/factory/transport.rs") + &source("src/factory/transport_builder.rs");
    for (_, Entry { path, reason, .. }) in entries() {
        let names: Vec<_> = reason.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "{path}: {reason}");
        for name in names {
            let known = match name.strip_suffix("()") {
                Some("Endpoint::connect_with_connector") => true,
                Some(function) => {
                    let function = function.rsplit("::").next().expect("a name");
                    let declared = |next| transport.contains(&format!("pub fn {function}{next}"));
                    declared('(') || declared('<')
                }
                None => ["CODEX_CA_CERTIFICATE", "HttpClient"].contains(&name),
            };
            assert!(known, "{path} is to be replaced by `{name}`");
        }
    }
}
