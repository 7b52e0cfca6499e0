//! Trust settings that no option of `openssl x509` writes, behind a certificate that stands
//! beside a plain one.

use super::Class;
use super::der::{SEQUENCE, UTF8_STRING, element, long_form};
use super::kit::{Certificate, Kit};
use super::recipe::Recipe;

pub(super) fn recipes(kit: &Kit) -> Vec<Recipe> {
    let root = kit.root("by-hand");
    let beside = kit.root("beside-it");
    let group = |cases: Vec<Case>, class| {
        let (root, beside) = (&root, &beside);
        cases.into_iter().map(move |(name, behind)| {
            let text = root.with_aux(&behind) + &beside.pem;
            Recipe::new(format!("settings: {name}"), text, &[root, beside]).differs(class)
        })
    };
    group(lists(), None)
        .chain(group(other_fields(), None))
        .chain(group(not_minimal(), None))
        .chain(group(not_fields(&beside), None))
        .chain(group(not_contents(), None))
        .chain(group(overlooked(), Some(Class::Overlooked)))
        .collect()
}

/// A name, and the bytes behind the certificate.
type Case = (&'static str, Vec<u8>);

fn lists() -> Vec<Case> {
    let trust = |purposes: &[&[u8]]| aux(&[&element(TRUST, &purposes.concat())]);
    let reject = |purposes: &[&[u8]]| aux(&[&element(REJECT, &purposes.concat())]);
    vec![
        ("no field", aux(&[])),
        ("an empty trust list", trust(&[])),
        ("an empty reject list", reject(&[])),
        ("both lists empty", aux(&[&[TRUST, 0], &[REJECT, 0]])),
        ("an unknown purpose trusted", trust(&[UNKNOWN])),
        ("an unknown purpose rejected", reject(&[UNKNOWN])),
        (
            "servers and an unknown one trusted",
            trust(&[UNKNOWN, SERVERS]),
        ),
        (
            "servers and an unknown one rejected",
            reject(&[UNKNOWN, SERVERS]),
        ),
        ("servers twice", trust(&[SERVERS, SERVERS])),
        (
            "the parent of any purpose",
            trust(&[&[6, 3, 0x55, 0x1d, 0x25]]),
        ),
        (
            "a child of any purpose",
            reject(&[&[6, 5, 0x55, 0x1d, 0x25, 0, 0]]),
        ),
        (
            "the parent of servers",
            reject(&[&[6, 7, 0x2b, 6, 1, 5, 5, 7, 3]]),
        ),
    ]
}

fn other_fields() -> Vec<Case> {
    let lists = [element(TRUST, SERVERS), element(REJECT, UNKNOWN)].concat();
    let rejected = [element(TRUST, SERVERS), element(REJECT, SERVERS)].concat();
    let alias = element(UTF8_STRING, b"Example");
    let key_id = element(KEY_ID, b"key");
    let others = element(OTHERS, &element(SEQUENCE, UNKNOWN));
    let algorithm = element(SEQUENCE, &[UNKNOWN, &[5, 0]].concat());
    let behind = [&alias[..], &key_id, &others].concat();
    vec![
        ("an empty alias", aux(&[&[UTF8_STRING, 0]])),
        (
            "an alias that is not UTF-8",
            aux(&[&element(UTF8_STRING, b"\xff\xfe")]),
        ),
        ("a key identifier", aux(&[&key_id])),
        ("an empty key identifier", aux(&[&[KEY_ID, 0]])),
        ("others", aux(&[&others])),
        (
            "others, with parameters",
            aux(&[&element(OTHERS, &algorithm)]),
        ),
        ("no others", aux(&[&[OTHERS, 0]])),
        ("all fields", aux(&[&lists, &behind])),
        ("all fields, rejected", aux(&[&rejected, &behind])),
    ]
}

/// BER, but not DER: lengths with a byte too many.
fn not_minimal() -> Vec<Case> {
    let reject = element(REJECT, SERVERS);
    let alias = element(UTF8_STRING, b"Example");
    vec![
        ("a long length of all", long_form(&aux(&[&reject]))),
        ("a long length of a list", aux(&[&long_form(&reject)])),
        (
            "a long length of a purpose",
            aux(&[&element(REJECT, &long_form(SERVERS))]),
        ),
        ("a long length of an alias", aux(&[&long_form(&alias)])),
    ]
}

/// Neither reads what has other fields than an X509_AUX.
fn not_fields(beside: &Certificate) -> Vec<Case> {
    let (trust, reject) = (&element(TRUST, SERVERS), &element(REJECT, SERVERS));
    let printable = element(0x13, b"Example");
    vec![
        ("text", b"garbage".to_vec()),
        ("a NUL", vec![0]),
        ("a NULL", vec![5, 0]),
        ("another certificate", beside.der.clone()),
        ("truncated", vec![SEQUENCE, 12, TRUST, 10, 6, 8]),
        ("a list that is too long", aux(&[&[TRUST, 11], SERVERS])),
        ("lists in the wrong order", aux(&[reject, trust])),
        ("two trust lists", aux(&[trust, trust])),
        ("two reject lists", aux(&[reject, reject])),
        ("an unknown field", aux(&[&[0xa2, 0]])),
        ("an unknown field behind", aux(&[trust, &[0xa7, 0]])),
        ("an explicit tag", aux(&[&element(REJECT, trust)])),
        ("an alias of another type", aux(&[&printable])),
    ]
}

/// Neither reads fields that hold something else than they should.
fn not_contents() -> Vec<Case> {
    let servers_as_text = element(UTF8_STRING, &SERVERS[2..]);
    let trust = |purpose: &[u8]| aux(&[&element(TRUST, purpose)]);
    vec![
        ("text that spells servers trusted", trust(&servers_as_text)),
        (
            "text that spells servers rejected",
            aux(&[&element(REJECT, &servers_as_text)]),
        ),
        ("an empty purpose", trust(&[6, 0])),
        ("a purpose that does not end", trust(&[6, 1, 0x81])),
        ("a purpose with a leading zero", trust(&[6, 2, 0x2b, 0x80])),
        (
            "others that are no algorithms",
            aux(&[&element(OTHERS, &[5, 0])]),
        ),
        (
            "others that are no elements",
            aux(&[&element(OTHERS, &[1])]),
        ),
    ]
}

/// OpenSSL reads on where there is nothing to read any more, or should not be.
fn overlooked() -> Vec<Case> {
    let (trust, reject) = (element(TRUST, SERVERS), element(REJECT, SERVERS));
    let alias = element(UTF8_STRING, b"Example");
    vec![
        (
            "a constructed alias",
            aux(&[&element(UTF8_STRING | CONSTRUCTED, &alias)]),
        ),
        (
            "a primitive list",
            aux(&[&element(REJECT & !CONSTRUCTED, SERVERS)]),
        ),
        (
            "an indefinite length",
            [&[SEQUENCE, 0x80], &trust[..], &[0, 0]].concat(),
        ),
        ("a byte behind", [aux(&[&trust]), vec![0]].concat()),
        (
            "more settings behind",
            [aux(&[&trust]), aux(&[&reject])].concat(),
        ),
    ]
}

fn aux(fields: &[&[u8]]) -> Vec<u8> {
    element(SEQUENCE, &fields.concat())
}

const CONSTRUCTED: u8 = 0x20;
const TRUST: u8 = SEQUENCE;
const REJECT: u8 = 0xa0;
const KEY_ID: u8 = 4;
const OTHERS: u8 = 0xa1;

/// id-kp-serverAuth, whole.
const SERVERS: &[u8] = &[6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 1];

/// 1.2.3.4, whole.
const UNKNOWN: &[u8] = &[6, 3, 0x2a, 3, 4];
