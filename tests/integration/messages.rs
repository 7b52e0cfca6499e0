//! Every error that a bundle can end in, as people read it: what happened, where, what to do. The
//! texts are in `messages.txt`; `UPDATE_EXPECT=1` writes them anew, for a review.

use std::error::Error;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use expect_test::expect_file;
use trusted_transport::{BaseRoots, CaError, CaPolicy};
use trusted_transport_lab::Authority;

use crate::fixtures::{exclusive, pem, unusable};

#[cfg(target_os = "linux")]
#[test]
fn every_error_reads_well() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut text = String::new();
    let mut tell = |what: &str, policy: CaPolicy| {
        let error = policy.load().expect_err(what);
        writeln!(text, "== {what}").expect("written");
        writeln!(text, "{}\n", told(&error)).expect("written");
    };

    // A variable that cargo sets, and not to a path.
    let by_variable = CaPolicy::from_variables(["CARGO_PKG_NAME"]);
    tell("a missing file, named by a variable", by_variable);
    tell("neither bundle nor base", exclusive());
    for (what, path) in paths(directory.path()) {
        tell(what, exclusive().bundle(directory.path().join(path)));
    }
    let large = exclusive().bundle(directory.path().join("good.pem"));
    tell("a large file", large.size_limit(100));
    for (what, bytes) in files() {
        let path = directory.path().join("ca.pem");
        fs::write(&path, bytes).expect("written");
        tell(what, exclusive().bundle(path));
    }
    let bytes = CaPolicy::platform().bundle_pem("the built-in bundle", "");
    tell("bytes of the program's own", bytes.base(BaseRoots::None));

    let directory = directory.path().display().to_string();
    let text = text.replace(&directory, "/etc/company");
    expect_file!["messages.txt"].assert_eq(&text);
}

fn told(error: &CaError) -> String {
    let mut told = format!("error: {error}\n");
    let mut source = error.source();
    while let Some(cause) = source {
        told += &format!("cause: {cause}\n");
        source = cause.source();
    }
    format!("{told}hint:  {}\nkind:  {}", error.hint(), error.kind())
}

/// Things in the directory that are no bundles for what they are.
fn paths(directory: &Path) -> [(&'static str, &'static str); 8] {
    use std::os::unix::fs::symlink;
    let path = |name: &str| directory.join(name);
    fs::write(path("good.pem"), Authority::root("A").pem()).expect("written");
    fs::create_dir(path("empty")).expect("a directory");
    fs::create_dir(path("many")).expect("a directory");
    for number in 0..=10_000 {
        fs::File::create(path("many").join(number.to_string())).expect("created");
    }
    symlink("gone.pem", path("dangling.pem")).expect("a link");
    symlink("circle.pem", path("circle.pem")).expect("a link");
    fs::write(path("a store.jks"), b"\xfe\xed\xfe\xed").expect("written");
    symlink("/proc/sys/vm/compact_memory", path("forbidden.pem")).expect("a link");
    symlink("/dev/zero", path("device.pem")).expect("a link");
    [
        ("a missing file", "missing.pem"),
        ("a link that leads nowhere", "dangling.pem"),
        ("a link in a circle", "circle.pem"),
        ("a file that this user may not read", "forbidden.pem"),
        ("a device", "device.pem"),
        ("an empty directory", "empty"),
        ("a directory with too many files", "many"),
        ("a Java key store", "a store.jks"),
    ]
}

/// Contents of a file that are no bundle, behind one good certificate where that matters.
fn files() -> Vec<(&'static str, Vec<u8>)> {
    let a = Authority::root("A");
    let good = a.pem();
    let behind = |bad: &str| (good.clone() + bad).into_bytes();
    let der = a.der().to_vec();
    let shortened = pem("CERTIFICATE", &der[..der.len() - 40]);
    let trusted = |aux: &[u8]| pem("TRUSTED CERTIFICATE", &[&der, aux].concat());
    let utf16: Vec<u8> = good.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let signed_data = b"\x30\x0f\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x02\x05\x00";
    let pfx = b"\x30\x80\x02\x01\x03\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";
    vec![
        ("an empty file", Vec::new()),
        (
            "a page in HTML",
            b"<!DOCTYPE html><title>Login</title>".to_vec(),
        ),
        ("some other text", b"see the wiki\n".to_vec()),
        ("keys, lists and requests", {
            let labels = ["PRIVATE KEY", "X509 CRL", "X509 CRL", "CERTIFICATE REQUEST"];
            let blocks = labels.map(|label| pem(label, b"")).concat();
            (blocks + &pem("DH PARAMETERS", b"")).into_bytes()
        }),
        (
            "distrusted certificates only",
            a.rejected_pem().into_bytes(),
        ),
        ("unusable certificates only", unusable(&a).into_bytes()),
        ("PKCS#7 in PEM", pem("PKCS7", signed_data).into_bytes()),
        ("PKCS#7", [&b"\x30\x80"[..], &signed_data[2..]].concat()),
        ("PKCS#12", pfx.to_vec()),
        ("a certificate in DER, and more", [&der[..], b"\n"].concat()),
        (
            "bad base64",
            behind("-----BEGIN CERTIFICATE-----\nM?==\n-----END CERTIFICATE-----\n"),
        ),
        (
            "no certificate in the block",
            behind(&pem("CERTIFICATE", b"text")),
        ),
        ("a certificate that is cut short", behind(&shortened)),
        (
            "a certificate with bytes behind it",
            behind(&pem("CERTIFICATE", &[&der[..], b"12"].concat())),
        ),
        (
            "trust settings under the wrong label",
            behind(
                &a.rejected_pem()
                    .replace("TRUSTED CERTIFICATE", "CERTIFICATE"),
            ),
        ),
        ("trust settings that are none", behind(&trusted(b"12"))),
        ("no END", behind("-----BEGIN CERTIFICATE-----\nMIIB\n")),
        (
            "another END",
            behind("-----BEGIN CERTIFICATE-----\nMIIB\n-----END X509 CRL-----\n"),
        ),
        ("no BEGIN", behind("MIIB\n-----END CERTIFICATE-----\n")),
        (
            "text beside a marker",
            behind("Root: -----BEGIN CERTIFICATE-----\n"),
        ),
        ("a label that is none", behind(&pem("certificate", b""))),
        ("no marker", {
            let text = good
                .replace("-----BEGIN", "*** BEGIN")
                .replace("-----END", "*** END");
            behind(&text)
        }),
        ("UTF-16 behind ASCII", [good.as_bytes(), &utf16].concat()),
        (
            "ASCII behind UTF-16",
            [&[0xff, 0xfe], &utf16[..], good.as_bytes()].concat(),
        ),
    ]
}
