//! Kinds of certificates: keys, signatures, versions, validity, issuers.

use super::Class;
use super::der::{SEQUENCE, element, elements, with_signed_part};
use super::kit::{Certificate, ED25519, Kit};
use super::recipe::Recipe;

pub(super) fn recipes(kit: &Kit) -> Vec<Recipe> {
    let beside = kit.root("neighbour");
    let group = |kinds: Vec<Kind>, class| {
        let beside = &beside;
        kinds.into_iter().map(move |(name, certificate)| {
            let text = certificate.pem.clone() + &beside.pem;
            Recipe::new(name, text, &[&certificate, beside]).differs(class)
        })
    };
    group(keys(kit), None)
        .chain(group(signatures(kit), None))
        .chain(group(validity(kit), None))
        .chain(group(oddities(kit), None))
        .chain(group(unusable(kit), Some(Class::Unusable)))
        .chain(group(not_self_signed(kit), Some(Class::NotSelfSigned)))
        .chain(group(unknown_key(kit), Some(Class::Invalid)))
        .chain(together(kit))
        .collect()
}

type Kind = (&'static str, Certificate);

fn keys(kit: &Kit) -> Vec<Kind> {
    kit.openssl("dsaparam -out dsa.parameters 2048");
    let explicit = "ec -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit";
    let keys = [
        ("RSA-1024", "rsa:1024"),
        ("RSA-2048", "rsa:2048"),
        ("RSA-4096", "rsa:4096"),
        ("RSA-PSS", "rsa-pss -pkeyopt rsa_keygen_bits:2048"),
        ("P-256", "ec -pkeyopt ec_paramgen_curve:P-256"),
        ("P-384", "ec -pkeyopt ec_paramgen_curve:P-384"),
        ("P-521", "ec -pkeyopt ec_paramgen_curve:P-521"),
        ("secp256k1", "ec -pkeyopt ec_paramgen_curve:secp256k1"),
        ("explicit-curve", explicit),
        ("Ed25519", ED25519),
        ("Ed448", "ed448"),
        ("DSA", "param:dsa.parameters"),
    ];
    keys.map(|(name, key)| (name, kit.certificate(name, key, "")))
        .into()
}

fn signatures(kit: &Kit) -> Vec<Kind> {
    let signatures = [
        ("MD5", "-md5"),
        ("SHA-1", "-sha1"),
        ("SHA-224", "-sha224"),
        ("SHA-512", "-sha512"),
        ("SHA3-256", "-sha3-256"),
        ("PSS", "-sigopt rsa_padding_mode:pss"),
    ];
    signatures
        .map(|(name, option)| (name, kit.certificate(name, "rsa:1024", option)))
        .into()
}

fn validity(kit: &Kit) -> Vec<Kind> {
    let signed = |name, from, until| {
        kit.root(name);
        let files = format!("{name}.key -subj /CN={name} -out {name}.request");
        kit.openssl(&format!("req -new -key {files}"));
        let files = format!("-keyfile {name}.key -in {name}.request -out {name}.pem");
        let period = format!("-startdate {from} -enddate {until}");
        kit.openssl(&format!("ca -batch -notext -selfsign {files} {period}"));
        (name, kit.read(name))
    };
    vec![
        signed("expired", "20000101000000Z", "20010101000000Z"),
        signed("not-yet-valid", "20490101000000Z", "20510101000000Z"),
        signed("without-end", "20000101000000Z", "99991231235959Z"),
    ]
}

/// What no authority should issue, and nobody minds in a root.
fn oddities(kit: &Kit) -> Vec<Kind> {
    let request =
        format!("req -new -nodes -batch -newkey {ED25519} -keyout v1.key -out v1.request");
    kit.openssl(&format!("{request} -subj /CN=v1"));
    kit.openssl("x509 -req -in v1.request -signkey v1.key -days 30 -out v1.pem");
    let root = kit.root("oddities").der;
    let mut signature = root.clone();
    *signature.last_mut().expect("a signature") ^= 1;
    let garbage = element(0x17, b"garbage");
    vec![
        ("v1", kit.read("v1")),
        ("a broken signature", Certificate::new(signature)),
        ("serial number zero", with(&root, SERIAL, &[2, 1, 0])),
        (
            "a negative serial number",
            with(&root, SERIAL, &[2, 1, 0x80]),
        ),
        (
            "a long serial number",
            with(&root, SERIAL, &element(2, &[1; 40])),
        ),
        (
            "no date",
            with(&root, VALIDITY, &element(SEQUENCE, &garbage.repeat(2))),
        ),
    ]
}

/// What the verifier refuses.
fn unusable(kit: &Kit) -> Vec<Kind> {
    let root = kit.root("unusable").der;
    let v1 = with_signed_part(&root, |signed| {
        signed.remove(VERSION);
    });
    let unique_id = with_signed_part(&root, |signed| signed.insert(KEY + 1, vec![0x81, 2, 0, 1]));
    let version = |number| with(&root, VERSION, &element(0xa0, &[2, 1, number]));
    let mut outer = elements(&root);
    *outer[1].last_mut().expect("an algorithm") ^= 1;
    let algorithm = element(SEQUENCE, &outer.concat());
    vec![
        ("v1 with extensions", Certificate::new(v1)),
        ("v1 written out, with extensions", version(0)),
        ("v2 with extensions", version(1)),
        ("v4", version(3)),
        ("a unique identifier", Certificate::new(unique_id)),
        ("another algorithm outside", Certificate::new(algorithm)),
    ]
}

fn not_self_signed(kit: &Kit) -> Vec<Kind> {
    kit.root("issuer");
    kit.root("same");
    for file in ["pem", "key"] {
        let [from, to] = ["same", "other"].map(|name| kit.path(&format!("{name}.{file}")));
        std::fs::rename(from, to).expect("renamed");
    }
    let end_entity = "-extensions end_entity";
    vec![
        ("an intermediate", kit.issued("intermediate", "issuer", "")),
        (
            "an end entity",
            kit.issued("end-entity", "issuer", end_entity),
        ),
        (
            "self-issued by another key",
            kit.issued("same", "other", ""),
        ),
    ]
}

/// As keys are of which this version of OpenSSL has not heard.
fn unknown_key(kit: &Kit) -> Vec<Kind> {
    let algorithm = element(SEQUENCE, &[6, 3, 0x2a, 3, 4]);
    let key = element(SEQUENCE, &[&algorithm[..], &[3, 2, 0, 1]].concat());
    vec![(
        "an unknown key",
        with(&kit.root("unknown-key").der, KEY, &key),
    )]
}

/// Certificates that belong to one another.
fn together(kit: &Kit) -> Vec<Recipe> {
    let root = kit.root("together");
    let below = kit.issued("signed", "together", "");
    kit.openssl(
        "req -x509 -key together.key -subj /CN=together -days 60 -set_serial 4661 -out renewed.pem",
    );
    let renewed = kit.read("renewed");
    let rejected = kit.trustout("together", "-addreject serverAuth");
    let chain = below.pem.clone() + &root.pem;
    let both = root.pem.clone() + &renewed.pem;
    let beside = kit.root("beside-renewed");
    let one = rejected + &renewed.pem + &beside.pem;
    vec![
        Recipe::new("a chain", chain, &[&below, &root]).differs(Class::NotSelfSigned),
        Recipe::new("a root, renewed", both, &[&root, &renewed]),
        Recipe::new("a rejected root, renewed", one, &[&root, &renewed, &beside])
            .differs(Class::Conflict),
    ]
}

/// The certificate with another field in its signed part.
fn with(der: &[u8], field: usize, value: &[u8]) -> Certificate {
    let changed = with_signed_part(der, |signed| signed[field] = value.to_vec());
    Certificate::new(changed)
}

const VERSION: usize = 0;
const SERIAL: usize = 1;
const VALIDITY: usize = 4;
const KEY: usize = 6;
