//! What operators have in their bundles: every block ends in one outcome, in whatever encoding,
//! or the file is refused with the place or the format.

use trusted_transport::{BaseRoots, BundleFormat, CaError, CaPolicy};
use trusted_transport_lab::Authority;

use crate::fixtures::{
    CLIENT_AUTH, SERVER_AUTH, element, exclusive, loaded, pem, report, unusable, with_settings,
};
use crate::support::HOST;

#[test]
fn every_block_ends_in_one_outcome() {
    let [a, b, c] = ["A", "B", "C"].map(Authority::root);
    let key = a.issue(&[HOST]).key_pem();
    let bundle = [
        "# comment\n".to_owned(),
        a.pem(),
        b.pem().replace("CERTIFICATE", "X509 CERTIFICATE"),
        c.rejected_pem(),
        a.pem(),
        key,
        pem("X509 CRL", b"not a list"),
        pem("DH PARAMETERS", b""),
        unusable(&a),
    ];
    let report = report(&bundle.concat());
    let bundle = &report.bundle;
    let positions: Vec<_> = bundle.accepted.iter().map(|entry| entry.position).collect();
    assert_eq!(positions, [1, 2]);
    assert_eq!(bundle.accepted[0].subject, "CN=A");
    assert_eq!(
        (bundle.distrusted.len(), bundle.distrusted[0].position),
        (1, 3)
    );
    assert_eq!(bundle.distrusted[0].subject, "CN=C");
    assert_eq!(
        (
            bundle.duplicates,
            bundle.crls,
            bundle.private_keys,
            bundle.other
        ),
        (1, 1, 1, 1)
    );
    assert_eq!((bundle.unusable.len(), bundle.unusable[0].position), (1, 8));
    let reason = &bundle.unusable[0].reason;
    assert!(reason.contains("SignatureAlgorithmMismatch"), "{reason}");
    assert_eq!(report.anchors, Some(2));
    let [unusable, duplicate, key] = &report.warnings[..] else {
        panic!("{:?}", report.warnings);
    };
    assert!(unusable.contains("`CN=A` in bundle, block 8"), "{unusable}");
    assert!(unusable.contains(&bundle.unusable[0].sha256), "{unusable}");
    assert_eq!(duplicate, "the bundle repeats certificates, in 1 block");
    assert!(key.contains("private key"), "{key}");
}

#[test]
fn a_corrupt_certificate_rejects_the_file_and_names_the_place() {
    let good = Authority::root("A").pem();
    let lines = good.lines().count();
    let garbage_behind = {
        let der = Authority::root("B").der();
        pem("TRUSTED CERTIFICATE", &[der.as_ref(), b"garbage"].concat())
    };
    for bad in [
        pem("CERTIFICATE", b"not DER"),
        garbage_behind,
        "-----BEGIN CERTIFICATE-----\nMIIB\n".to_owned(),
        "-----BEGIN CERTIFICATE-----\nM!\n-----END CERTIFICATE-----\n".to_owned(),
    ] {
        let error = loaded(&(good.clone() + &bad)).expect_err("corrupt");
        let CaError::Corrupt { position, .. } = &error else {
            panic!("{error:?}");
        };
        assert_eq!(*position, 2, "{error}");
        assert!(
            error.position().is_some_and(|(_, line)| line > lines),
            "{error}"
        );
    }
}

/// More than any certificate has would cost memory and time, and decide nothing.
#[test]
fn a_block_is_bounded() {
    let authority = Authority::root("A");
    let list = element(6, CLIENT_AUTH).repeat(20_000);
    let aux = element(0x30, &element(0x30, &list));
    let block = [&authority.der(), &aux[..]].concat();
    assert!(block.len() < 256 * 1024, "{}", block.len());
    let good = Authority::root("B").pem();
    let report = report(&(good.clone() + &pem("TRUSTED CERTIFICATE", &block)));
    let reason = &report.bundle.distrusted[0].reason;
    assert!(
        reason.contains("clientAuth and 19995 more only"),
        "{reason}"
    );

    let larger = [&block[..], &[0; 256 * 1024]].concat();
    for label in ["CERTIFICATE", "TRUSTED CERTIFICATE"] {
        let error = loaded(&(good.clone() + &pem(label, &larger))).expect_err("too large");
        assert_eq!(error.position().map(|(block, _)| block), Some(2));
        assert!(
            error.to_string().contains("more than 262144 bytes"),
            "{error}"
        );
    }
}

/// Each of them is passed over by a reader that looks for the usual markers only.
#[test]
fn a_certificate_that_is_hard_to_see_rejects_the_file() {
    let [a, b] = ["A", "B"].map(Authority::root);
    let good = a.pem();
    let hidden = b.pem();
    let begin = "-----BEGIN CERTIFICATE-----";
    let in_lines_of = |width: usize| -> String {
        let body = hidden.lines().filter(|line| !line.starts_with('-'));
        let body: String = body.collect();
        let lines = body.as_bytes().chunks(width);
        let line = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned() + "\n";
        lines.map(line).collect()
    };
    let encoded = pem("X", hidden.as_bytes());
    let cases: [(&str, Vec<u8>); 9] = [
        ("no markers", in_lines_of(64).into()),
        ("short lines", in_lines_of(20).into()),
        ("other markers", hidden.replace("-----", "*****").into()),
        ("one dash", hidden.replace("-----", "-").into()),
        (
            "quoted",
            hidden
                .replace('\n', "\n> ")
                .replace(begin, "> begin")
                .into(),
        ),
        (
            "a marker on two lines",
            hidden.replace("BEGIN ", "BEGIN\n").into(),
        ),
        ("DER", b.der().to_vec()),
        (
            "base64 of PEM",
            encoded.lines().nth(1).expect("a body").into(),
        ),
        (
            "another label",
            hidden.replace("CERTIFICATE", "CERT").into(),
        ),
    ];
    for (what, bytes) in cases {
        let bytes = [good.as_bytes(), &bytes].concat();
        let error = exclusive().bundle_pem("bundle", bytes).load();
        let error = error
            .map(|anchors| anchors.report().clone())
            .expect_err(what);
        assert!(
            matches!(error, CaError::Corrupt { .. }),
            "{what}: {error:?}"
        );
        assert_eq!(error.position().map(|(block, _)| block), Some(2), "{what}");
    }
}

#[test]
fn a_bundle_without_a_usable_certificate_is_an_error_whatever_the_base() {
    let rejected = Authority::root("A").rejected_pem();
    let unusable = unusable(&Authority::root("A"));
    for (bundle, found) in [
        (unusable, "1 unusable certificate; in block 1, the verifier"),
        (String::new(), "it is empty"),
        ("<html>".to_owned(), "HTML"),
        ("just text\n".to_owned(), "there is no PEM block"),
        (pem("X509 CRL", b""), "1 revocation list"),
        (pem("CERTIFICATE REQUEST", b""), "1 certificate request"),
        (
            rejected,
            "1 distrusted certificate: `CN=A` is distrusted: its OpenSSL",
        ),
    ] {
        for base in [BaseRoots::Platform, BaseRoots::None] {
            let error = CaPolicy::platform()
                .base(base)
                .bundle_pem("mine", bundle.clone())
                .load()
                .expect_err("nothing usable");
            assert!(
                matches!(error, CaError::NoUsableCertificate { .. }),
                "{error:?}"
            );
            assert!(error.to_string().contains(found), "{error}");
        }
    }
    let error = exclusive().load().expect_err("nothing to trust");
    assert!(matches!(error, CaError::NoRoots), "{error:?}");
}

#[test]
fn two_policies_that_trust_the_same_have_one_fingerprint() {
    let [a, b] = ["A", "B"].map(|name| Authority::root(name).pem());
    let both = report(&(a.clone() + &b)).fingerprint;
    assert_eq!(
        both,
        report(&(b.clone() + "# comment\n" + &a + &b)).fingerprint
    );
    assert_ne!(both, report(&a).fingerprint);
    // The one reaches further than the other.
    let der = Authority::root("C").der();
    let distrusting = |trust, reject| {
        let block = with_settings(&der, trust, reject);
        report(&(a.clone() + &block)).fingerprint
    };
    let rejected = distrusting(None, &[SERVER_AUTH]);
    assert_ne!(rejected, distrusting(Some(&[CLIENT_AUTH]), &[]));
    assert_eq!(both.len(), 64);
}

#[test]
fn the_report_reads_as_text() {
    let [a, b] = ["A", "B"].map(Authority::root);
    let bundle = a.pem() + &b.rejected_pem() + &a.issue(&[HOST]).key_pem();
    let text = report(&bundle).to_string();
    for line in [
        "source: bundle, given by the program",
        "trusts: 1 certificate from the bundle and no base roots, 1 in all",
        "left out: 1 distrusted certificate, 1 private key",
        "warning: the bundle holds a private key, which a CA bundle never needs: remove it",
    ] {
        assert!(
            text.lines().any(|found| found == line),
            "{line}\n---\n{text}"
        );
    }
}

#[cfg(feature = "mozilla-roots")]
#[test]
fn mozillas_roots_are_a_base() {
    let anchors = CaPolicy::platform()
        .base(BaseRoots::Mozilla)
        .load()
        .expect("roots");
    assert!(anchors.report().anchors > Some(100));
    assert_eq!(anchors.report().base.ignored, Some(0));
}

/// The same three certificates, as different programs on different systems write them.
#[test]
fn every_encoding_of_the_text_gives_the_same_anchors() {
    let [a, b, c] = ["A", "B", "C"].map(Authority::root);
    let plain = a.pem() + &b.trusted_pem() + &c.pem();
    let utf16 = |text: &str, bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
        let units = text.encode_utf16();
        [0xfeff].into_iter().chain(units).flat_map(bytes).collect()
    };
    let on_one_line = {
        let mut text = plain.replace('\n', "");
        for label in ["CERTIFICATE", "TRUSTED CERTIFICATE"] {
            let begin = format!("-----BEGIN {label}-----");
            let end = format!("-----END {label}-----");
            text = text.replace(&begin, &format!("{begin}\n"));
            text = text.replace(&end, &format!("\n{end}"));
        }
        text
    };
    let encodings: [(&str, Vec<u8>); 11] = [
        ("as it is", plain.clone().into()),
        ("CR LF", plain.replace('\n', "\r\n").into()),
        ("CR", plain.replace('\n', "\r").into()),
        ("no final newline", plain.trim_end().into()),
        ("UTF-8 with its mark", format!("\u{feff}{plain}").into()),
        ("UTF-16, little-endian", utf16(&plain, u16::to_le_bytes)),
        ("UTF-16, big-endian", utf16(&plain, u16::to_be_bytes)),
        ("indented", plain.replace('\n', " \n\t ").into()),
        ("blank lines", plain.replace('\n', "\n\n").into()),
        ("long lines, joined markers", on_one_line.into()),
        (
            "marks and comments between",
            plain
                .replace("-----\n-----", "-----\n\u{feff}# M\u{fc}ller\n-----")
                .into(),
        ),
    ];
    let expected = report(&plain).fingerprint;
    for (encoding, bytes) in encodings {
        let anchors = exclusive().bundle_pem("bundle", bytes).load();
        let anchors = anchors.unwrap_or_else(|error| panic!("{encoding}: {error}"));
        assert_eq!(anchors.report().anchors, Some(3), "{encoding}");
        assert_eq!(anchors.report().fingerprint, expected, "{encoding}");
    }
}

#[test]
fn text_in_two_encodings_is_an_error_and_loses_nothing() {
    let [a, b] = ["A", "B"].map(|name| Authority::root(name).pem());
    let utf16: Vec<u8> = b.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let marked = [&[0xff, 0xfe], &utf16[..]].concat();
    for bytes in [
        [&marked, a.as_bytes()].concat(),
        [a.as_bytes(), &marked].concat(),
        [a.as_bytes(), &utf16].concat(),
    ] {
        let error = exclusive().bundle_pem("bundle", bytes).load();
        let error = error.expect_err("two encodings");
        assert!(matches!(error, CaError::Corrupt { .. }), "{error:?}");
        assert!(error.to_string().contains("UTF-16"), "{error}");
    }
}

#[test]
fn other_formats_are_told_by_name_with_the_command_that_converts_them() {
    let pkcs7 = b"\x30\x82\x01\x00\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0";
    let pkcs12 =
        b"\x30\x82\x01\x00\x02\x01\x03\x30\x82\x01\x00\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";
    let directory = tempfile::tempdir().expect("a directory");
    for (name, bytes, expected, command) in [
        (
            "a.p7b",
            pem("PKCS7", pkcs7).into_bytes(),
            BundleFormat::Pkcs7Pem,
            "openssl pkcs7 -print_certs -in ",
        ),
        (
            "b.p7b",
            pkcs7.to_vec(),
            BundleFormat::Pkcs7Der,
            "openssl pkcs7 -inform DER -print_certs -in ",
        ),
        (
            "my key.p12",
            pkcs12.to_vec(),
            BundleFormat::Pkcs12,
            "openssl pkcs12 -nokeys -cacerts -in '",
        ),
        (
            "java.jks",
            b"\xfe\xed\xfe\xed\0\0\0\x02".to_vec(),
            BundleFormat::JavaKeyStore,
            "keytool -list -rfc -keystore ",
        ),
    ] {
        let path = directory.path().join(name);
        std::fs::write(&path, bytes).expect("written");
        let error = exclusive().bundle(&path).load().expect_err("not PEM");
        let CaError::OtherFormat { format, .. } = &error else {
            panic!("{error:?}");
        };
        assert_eq!(*format, expected);
        assert!(error.hint().contains(command), "{}", error.hint());
        assert!(error.hint().contains(&path.display().to_string()));
    }
    let beside = report(&(pem("PKCS7", pkcs7) + &Authority::root("A").pem()));
    assert_eq!(beside.bundle.other, 1);
    assert!(
        beside.warnings[0].contains("PKCS#7"),
        "{:?}",
        beside.warnings
    );
}
