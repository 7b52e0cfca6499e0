//! What operators have in their bundles: every certificate ends in one outcome, and what
//! decides trust is tried with real handshakes on both transports.

use std::path::Path;

use trusted_transport::{BaseRoots, CaError, CaPolicy, Refusal, SourceKind, TrustReport};
use trusted_transport_lab::{Authority, Origin};

use crate::fixtures::{pem, unusable};
use crate::support::{self, HOST, Outcome};

fn exclusive() -> CaPolicy {
    CaPolicy::platform().base(BaseRoots::None)
}

fn loaded(pem: &str) -> Result<TrustReport, CaError> {
    let anchors = exclusive().bundle_pem("bundle", pem).load()?;
    Ok(anchors.report().clone())
}

fn report(pem: &str) -> TrustReport {
    loaded(pem).expect("the bundle loads")
}

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
    assert!(report.warnings[0].contains("CN=A in bundle, block 8"));
    assert_eq!(report.anchors, Some(2));
    assert!(
        report.warnings[1].contains("private key"),
        "{:?}",
        report.warnings
    );
}

#[tokio::test]
async fn openssl_trust_settings_are_obeyed() {
    let root = Authority::root("Root");
    let other = Authority::root("Other");
    let origin = Origin::https(root.issue(&[HOST])).await.expect("an origin");
    let refused = Outcome::Refused(Refusal::UnknownIssuer);
    let trusted = root.trusted_pem();
    let rejected = root.rejected_pem();
    for (bundle, expected) in [
        (trusted, Outcome::Connected),
        (rejected.clone(), refused),
        (root.pem() + &rejected, refused),
        (rejected + &root.pem(), refused),
    ] {
        let anchors = exclusive()
            .bundle_pem("bundle", bundle + &other.pem())
            .load();
        let builder = trusted_transport::TrustedTransport::builder(anchors.expect("it loads"))
            .proxy(trusted_transport::ProxyPolicy::Direct);
        let transport = support::built(builder, &origin);
        assert_eq!(support::both(&transport, &origin, "https").await, expected);
    }
}

#[tokio::test]
async fn a_distrusted_intermediate_is_no_part_of_a_path() {
    let root = Authority::root("Root");
    let intermediate = root.intermediate("Intermediate");
    let origin = Origin::https(intermediate.issue(&[HOST])).await;
    let origin = origin.expect("an origin");
    let rejected = intermediate.rejected_pem();
    let refused = Outcome::Refused(Refusal::UnknownIssuer);
    for (bundle, expected) in [
        (root.pem(), Outcome::Connected),
        (root.pem() + &rejected, refused),
    ] {
        let anchors = exclusive().bundle_pem("bundle", bundle).load();
        let builder = trusted_transport::TrustedTransport::builder(anchors.expect("it loads"))
            .proxy(trusted_transport::ProxyPolicy::Direct);
        let transport = support::built(builder, &origin);
        let outcome = support::both(&transport, &origin, "https").await;
        assert_eq!(outcome, expected);
    }
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

#[test]
fn a_bundle_without_a_usable_certificate_is_an_error_whatever_the_base() {
    let rejected = Authority::root("A").rejected_pem();
    let unusable = unusable(&Authority::root("A"));
    for (bundle, found) in [
        (unusable, "1 unusable certificate"),
        (String::new(), "there is no PEM block"),
        ("just text\n".to_owned(), "there is no PEM block"),
        (pem("X509 CRL", b""), "1 revocation list"),
        (rejected, "1 distrusted certificate"),
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
fn what_a_path_may_be() {
    let [a, b] = ["A", "B"].map(Authority::root);
    let directory = tempfile::tempdir().expect("a directory");
    let file = |name: &str| directory.path().join(name);
    let load = |path: &Path| exclusive().size_limit(10_000).bundle(path).load();
    std::fs::write(file("a.pem"), a.pem()).expect("written");
    std::fs::write(file("b.der"), b.der()).expect("written");
    let readme = file("readme.txt");
    std::fs::write(&readme, "no block\n").expect("written");

    let single = load(&file("a.pem")).expect("a file");
    assert_eq!(single.report().source.kind, SourceKind::Explicit);
    assert_eq!(
        single.report().source.path.as_deref(),
        Some(&*file("a.pem"))
    );
    assert_eq!(load(&file("b.der")).expect("DER").report().anchors, Some(1));
    let all = load(directory.path()).expect("a directory");
    assert_eq!(all.report().anchors, Some(2));
    let files = [file("a.pem"), file("b.der"), readme.clone()];
    assert_eq!(all.report().bundle.files, files);
    let warning = "there is no certificate in 1 file of the bundle, such as ";
    let warning = format!("{warning}{}", readme.display());
    assert_eq!(all.report().warnings, [warning]);

    let bytes = exclusive().size_limit(100).bundle_pem("mine", a.pem());
    let error = bytes.load().expect_err("too large");
    assert!(
        matches!(error, CaError::TooLarge { limit: 100, .. }),
        "{error:?}"
    );

    let missing = load(&file("missing")).expect_err("missing");
    assert!(matches!(missing, CaError::Read { .. }), "{missing:?}");
    let io = std::io::Error::from(missing);
    assert_eq!(io.kind(), std::io::ErrorKind::NotFound);
    std::fs::write(file("large"), vec![b'#'; 10_001]).expect("written");
    let large = load(&file("large")).expect_err("too large");
    assert!(
        matches!(large, CaError::TooLarge { limit: 10_000, .. }),
        "{large:?}"
    );
}

#[test]
fn each_bundle_and_each_binary_file_must_be_what_it_seems() {
    let [a, b] = ["A", "B"].map(Authority::root);
    let two = exclusive()
        .bundle_pem("one", a.pem())
        .bundle_pem("two", "nothing here");
    let error = two.load().expect_err("the second is empty");
    assert!(error.to_string().contains("`two`"), "{error}");

    let directory = tempfile::tempdir().expect("a directory");
    let file = |name: &str| directory.path().join(name);
    std::fs::write(file("a.pem"), a.pem()).expect("written");
    let der = b.der().to_vec();
    let truncated = der[..der.len() - 1].to_vec();
    let doubled = [&der[..], &der].concat();
    for bytes in [truncated, doubled, [&der[..], b"\n"].concat()] {
        std::fs::write(file("b.der"), bytes).expect("written");
        let error = exclusive().bundle(directory.path()).load();
        let error = error.expect_err("not one certificate");
        assert!(matches!(error, CaError::Corrupt { .. }), "{error:?}");
        assert_eq!(error.path(), Some(&*file("b.der")));
    }
}

#[test]
fn a_directory_is_bounded_as_a_whole() {
    let directory = tempfile::tempdir().expect("a directory");
    let a = Authority::root("A").pem();
    for name in ["a.pem", "b.pem"] {
        std::fs::write(directory.path().join(name), &a).expect("written");
    }
    let load = |limit| {
        let policy = exclusive().bundle(directory.path()).size_limit(limit);
        policy
            .load()
            .map(|anchors| anchors.report().bundle.duplicates)
    };
    let size = a.len() as u64;
    assert_eq!(load(2 * size).expect("it fits"), 1);
    let error = load(2 * size - 1).expect_err("one byte too many");
    assert!(matches!(error, CaError::TooLarge { .. }), "{error:?}");

    for number in 0..10_000 {
        std::fs::File::create(directory.path().join(number.to_string())).expect("created");
    }
    let error = load(2 * size).expect_err("too many files");
    assert!(matches!(error, CaError::TooManyFiles { .. }), "{error:?}");
}

#[cfg(unix)]
#[test]
fn what_could_be_read_for_ever_is_refused_at_once() {
    let directory = tempfile::tempdir().expect("a directory");
    let fifo = directory.path().join("fifo");
    let made = std::process::Command::new("mkfifo").arg(&fifo).status();
    assert!(made.expect("mkfifo runs").success());
    for path in [fifo.as_path(), Path::new("/dev/zero")] {
        let error = exclusive().bundle(path).load().expect_err("not a file");
        assert!(matches!(error, CaError::NotAFile { .. }), "{error:?}");
        assert!(error.hint().contains(&path.display().to_string()));
    }
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
        "warning: the bundle holds a private key, which a CA bundle never needs",
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
