//! What is odd about certificates that are accepted all the same: told with the certificate, and
//! once for each kind with the report.

use trusted_transport_lab::Authority;

use crate::fixtures::{exclusive, report};

const ODD: &str = include_str!("pem/odd.pem");
const PLAIN: &str = include_str!("pem/plain.pem");

#[test]
fn every_oddity_is_told_with_its_certificate() {
    let report = report(ODD);
    let found: Vec<_> = report
        .bundle
        .accepted
        .iter()
        .map(|entry| (entry.subject.as_str(), &entry.warnings[..]))
        .collect();
    let expected = [
        ("CN=Expired", "expired on 2020-01-01"),
        ("CN=Not Yet Valid", "not valid before 2090-01-01"),
        ("CN=End Entity", "end-entity certificate (CA:FALSE)"),
        ("CN=No Basic Constraints", "has no basicConstraints"),
        ("CN=Version 1", "has no basicConstraints"),
        ("CN=Short RSA", "RSA key of 1024 bits"),
        (
            "CN=Signed With sha1",
            "an intermediate whose signature uses SHA-1",
        ),
        (
            "CN=Signed With md5",
            "an intermediate whose signature uses MD5",
        ),
        ("CN=secp256k1", "a key of a kind"),
        ("CN=Ed448", "a key of a kind"),
        ("CN=Signs Nothing", "a keyUsage without keyCertSign"),
        (
            "CN=Malformed Extension",
            "a malformed extension (2.5.29.15)",
        ),
    ];
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for ((subject, warnings), (expected, warning)) in found.into_iter().zip(expected) {
        assert_eq!(subject, expected);
        let [only] = warnings else {
            panic!("{subject}: {warnings:?}");
        };
        assert!(only.contains(warning), "{subject}: {only}");
    }
}

#[test]
fn the_report_tells_each_kind_once_with_its_first_certificate() {
    let report = report(ODD);
    let [
        expired,
        not_yet,
        end_entity,
        constraints,
        short,
        old,
        key,
        usage,
        extension,
    ] = &report.warnings[..]
    else {
        panic!("{:?}", report.warnings);
    };
    assert_eq!(
        expired,
        "`CN=Expired` in bundle, block 1: expired on 2020-01-01"
    );
    for (warning, subject, more) in [
        (not_yet, "CN=Not Yet Valid", false),
        (end_entity, "CN=End Entity", false),
        (constraints, "CN=No Basic Constraints", true),
        (short, "CN=Short RSA", false),
        (old, "CN=Signed With sha1", true),
        (key, "CN=secp256k1", true),
        (usage, "CN=Signs Nothing", false),
        (extension, "CN=Malformed Extension", false),
    ] {
        assert!(warning.starts_with(&format!("`{subject}`")), "{warning}");
        assert_eq!(warning.ends_with("; and 1 more like it"), more, "{warning}");
    }
}

/// The signature of a root on itself is nobody's proof: SHA-1 in it is not odd.
#[test]
fn usual_certificates_have_no_warning() {
    let report = report(PLAIN);
    assert_eq!(report.anchors, Some(6));
    assert_eq!(report.warnings, [""; 0]);
    let mut accepted = report.bundle.accepted.iter();
    assert!(accepted.all(|entry| entry.warnings.is_empty()));
}

#[test]
fn many_anchors_of_one_name_are_told() {
    let namesakes = |count| -> String { (0..count).map(|_| Authority::root("A").pem()).collect() };
    let other = Authority::root("B").pem();
    assert_eq!(report(&(namesakes(2) + &other)).warnings, [""; 0]);
    let report = report(&(namesakes(3) + &other));
    let [warning] = &report.warnings[..] else {
        panic!("{:?}", report.warnings);
    };
    assert!(
        warning.starts_with("3 trust anchors have the subject `CN=A`"),
        "{warning}"
    );
}

#[test]
fn the_friendly_name_in_the_trust_settings_is_told() {
    let authority = Authority::root("A");
    let aux = b"\x30\x0b\x0c\x09Company A";
    let block = crate::fixtures::pem(
        "TRUSTED CERTIFICATE",
        &[&authority.der(), &aux[..]].concat(),
    );
    let anchors = exclusive().bundle_pem("bundle", block).load();
    let anchors = anchors.expect("it loads");
    let [accepted] = &anchors.report().bundle.accepted[..] else {
        panic!("{:?}", anchors.report());
    };
    assert_eq!(accepted.alias.as_deref(), Some("Company A"));
}
