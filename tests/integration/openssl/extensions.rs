//! Extensions of roots, as authorities write them, and malformed ones.

use super::Class;
use super::der::{SEQUENCE, element, with_extensions};
use super::kit::{Certificate, ED25519, Kit};
use super::recipe::Recipe;

pub(super) fn recipes(kit: &Kit) -> Vec<Recipe> {
    let root = kit.root("extended");
    let beside = kit.root("beside-extended");
    let one = |name: &str, certificate: &Certificate| {
        let text = certificate.pem.clone() + &beside.pem;
        Recipe::new(format!("root with {name}"), text, &[certificate, &beside])
    };
    let changed = |name: &str, change: &dyn Fn(&mut Vec<Vec<u8>>)| {
        one(name, &Certificate::new(with_extensions(&root.der, change)))
    };
    let mut recipes = vec![
        changed("an extension twice", &|list| list.push(list[0].clone())),
        changed("no extension", &Vec::clear),
    ];
    for (name, certificate) in well_formed(kit) {
        recipes.push(one(name, &certificate));
    }
    for (cases, class) in [
        (agreed(), None),
        (both_refuse(), None),
        (unread(), Some(Class::Invalid)),
        (other_issuer(), Some(Class::NotSelfSigned)),
        (trailing(), Some(Class::Unusable)),
    ] {
        for (name, extension) in cases {
            let recipe = changed(name, &|list| extension.replace_in(list));
            recipes.push(recipe.differs(class));
        }
    }
    recipes
}

struct Extension {
    id: &'static [u8],
    value: &'static [u8],
}

impl Extension {
    fn replace_in(&self, list: &mut Vec<Vec<u8>>) {
        let id = element(6, self.id);
        let is_other = |extension: &Vec<u8>| !extension.windows(id.len()).any(|part| part == id);
        list.retain(is_other);
        let value = element(4, self.value);
        list.push(element(SEQUENCE, &[id, value].concat()));
    }
}

type Case = (&'static str, Extension);

fn well_formed(kit: &Kit) -> Vec<(&'static str, Certificate)> {
    let cases = [
        ("CA-FALSE", "-extensions end_entity"),
        ("no-basicConstraints", "-extensions no_basic_constraints"),
        ("clientAuth-only", "-extensions client_authority"),
        (
            "an-unknown-critical-extension",
            "-extensions unknown_critical",
        ),
        ("no-keyCertSign", "-addext keyUsage=digitalSignature"),
        (
            "nameConstraints",
            "-addext nameConstraints=permitted;DNS:example.test",
        ),
    ];
    cases
        .map(|(name, options)| (name, kit.certificate(name, ED25519, options)))
        .into()
}

/// Odd, but read by both.
fn agreed() -> Vec<Case> {
    vec![
        (
            "CA:FALSE written out",
            extension(BASIC_CONSTRAINTS, &[0x30, 3, 1, 1, 0]),
        ),
        (
            "a BOOLEAN of 1",
            extension(BASIC_CONSTRAINTS, &[0x30, 3, 1, 1, 1]),
        ),
        (
            "a path length without CA",
            extension(BASIC_CONSTRAINTS, &[0x30, 3, 2, 1, 3]),
        ),
        (
            "no extended key usage",
            extension(EXTENDED_KEY_USAGE, &[0x30, 0]),
        ),
        (
            "no alternative name",
            extension(ALTERNATIVE_NAME, &[0x30, 0]),
        ),
        (
            "no name constraint",
            extension(NAME_CONSTRAINTS, &[0x30, 0]),
        ),
        ("malformed policies", extension(POLICIES, b"garbage")),
    ]
}

/// Neither trusts: unusable here, held and never trusted in OpenSSL.
fn both_refuse() -> Vec<Case> {
    vec![
        (
            "malformed basic constraints",
            extension(BASIC_CONSTRAINTS, b"garbage"),
        ),
        ("empty basic constraints", extension(BASIC_CONSTRAINTS, b"")),
        (
            "a malformed extended key usage",
            extension(EXTENDED_KEY_USAGE, b"garbage"),
        ),
        (
            "a malformed alternative name",
            extension(ALTERNATIVE_NAME, b"garbage"),
        ),
        (
            "malformed name constraints",
            extension(NAME_CONSTRAINTS, b"garbage"),
        ),
        (
            "malformed distribution points",
            extension(DISTRIBUTION_POINTS, b"garbage"),
        ),
    ]
}

/// Malformed where the verifier does not look in a trust anchor.
fn unread() -> Vec<Case> {
    let negative = &[0x30, 6, 1, 1, 0xff, 2, 1, 0xff];
    vec![
        (
            "a negative path length",
            extension(BASIC_CONSTRAINTS, negative),
        ),
        ("a malformed key usage", extension(KEY_USAGE, b"garbage")),
        ("an empty key usage", extension(KEY_USAGE, &[3, 1, 0])),
        (
            "a key usage of nothing",
            extension(KEY_USAGE, &[3, 2, 0, 0]),
        ),
        (
            "a malformed key identifier",
            extension(SUBJECT_KEY_ID, b"garbage"),
        ),
        (
            "a malformed issuer's key identifier",
            extension(ISSUER_KEY_ID, b"garbage"),
        ),
        (
            "malformed address blocks",
            extension(ADDRESS_BLOCKS, b"garbage"),
        ),
        (
            "a malformed Netscape type",
            extension(NETSCAPE_TYPE, b"garbage"),
        ),
    ]
}

/// Self-issued, but not by its own key, if the identifier is right.
fn other_issuer() -> Vec<Case> {
    let other = extension(ISSUER_KEY_ID, &[0x30, 3, 0x80, 1, 7]);
    vec![("another issuer's key identifier", other)]
}

/// A byte behind the value, which OpenSSL does not look at.
fn trailing() -> Vec<Case> {
    let longer = extension(BASIC_CONSTRAINTS, &[0x30, 3, 1, 1, 0xff, 0]);
    vec![("a byte behind basic constraints", longer)]
}

fn extension(id: &'static [u8], value: &'static [u8]) -> Extension {
    Extension { id, value }
}

/// RFC 5280, 4.2.1: children of id-ce.
const SUBJECT_KEY_ID: &[u8] = &[0x55, 0x1d, 14];
const KEY_USAGE: &[u8] = &[0x55, 0x1d, 15];
const ALTERNATIVE_NAME: &[u8] = &[0x55, 0x1d, 17];
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 19];
const NAME_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 30];
const DISTRIBUTION_POINTS: &[u8] = &[0x55, 0x1d, 31];
const POLICIES: &[u8] = &[0x55, 0x1d, 32];
const ISSUER_KEY_ID: &[u8] = &[0x55, 0x1d, 35];
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 37];

/// RFC 3779, 2.2.1.
const ADDRESS_BLOCKS: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 1, 7];
const NETSCAPE_TYPE: &[u8] = &[0x60, 0x86, 0x48, 1, 0x86, 0xf8, 0x42, 1, 1];
