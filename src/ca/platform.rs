//! The operating system's roots. On Unix they are read here, from the well-known places and
//! without consulting the environment: libraries that do it let `SSL_CERT_FILE` or
//! `SSL_CERT_DIR` replace the roots behind the policy's back. On Apple systems and Windows
//! the system's own verifier decides, and its roots cannot be listed.

use std::borrow::Cow;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::bundle::Blocks;
use super::copies::Copies;
use super::read::{self, ReadError};

/// Whether the operating system verifies by itself.
pub(crate) const DELEGATED: bool =
    cfg!(any(target_vendor = "apple", target_os = "android", windows));

/// What the well-known places hold, leniently: an entry that cannot be read is counted,
/// because nobody here can mend it and the other roots still are what they were.
pub(crate) fn blocks() -> Blocks {
    let directories: Vec<PathBuf> = openssl_probe::candidate_cert_dirs()
        .map(Path::to_owned)
        .collect();
    blocks_in(&BUNDLES.map(Path::new), &directories)
}

/// The first bundle that can be read, and every hash directory: the union loses no root that
/// only one of them has.
fn blocks_in(bundles: &[&Path], directories: &[PathBuf]) -> Blocks {
    let mut blocks = Blocks::default();
    let bundle = bundles.iter().find_map(|bundle| {
        let bytes = bytes_of(&mut blocks, bundle)?;
        blocks.add_leniently(bundle, Cow::Borrowed(&bytes));
        Some(bytes)
    });
    let bundle = bundle.unwrap_or_default();
    let copies = match blocks.tally.malformed {
        0 => Copies::of(&bundle, blocks.certificates.len()),
        _ => Copies::default(),
    };
    for directory in directories {
        match hashed_files(directory) {
            Ok(names) => names
                .iter()
                .for_each(|name| add(&mut blocks, &directory.join(name), &copies)),
            Err(_) => blocks.unreadable(),
        }
    }
    blocks
}

fn add(blocks: &mut Blocks, path: &Path, copies: &Copies<'_>) {
    match bytes_of(blocks, path) {
        Some(bytes) if !copies.has(&bytes) => blocks.add_leniently(path, bytes.into()),
        _ => {}
    }
}

fn bytes_of(blocks: &mut Blocks, path: &Path) -> Option<Vec<u8>> {
    match read::file(path, LIMIT) {
        Ok(bytes) => return Some(bytes),
        // Most of the well-known places are another system's.
        Err(ReadError::Io(_, error)) if error.kind() == io::ErrorKind::NotFound => {}
        Err(_) => blocks.unreadable(),
    }
    None
}

/// The files that OpenSSL looks at in a directory: `openssl rehash` names them by subject.
/// Others, a server's own certificate perhaps, are no roots.
fn hashed_files(directory: &Path) -> io::Result<Vec<OsString>> {
    let mut names: Vec<_> = fs::read_dir(directory)?
        .flatten()
        .map(|entry| entry.file_name())
        .filter(|name| name.to_str().is_some_and(is_hash_name))
        .collect();
    names.sort();
    Ok(names)
}

/// Eight hexadecimal digits, a dot and a number: `5ed36f99.0`.
fn is_hash_name(name: &str) -> bool {
    name.split_once('.').is_some_and(|(hash, number)| {
        hash.len() == 8
            && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
            && !number.is_empty()
            && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// As in Go's `crypto/x509/root_linux.go` and its siblings, and in openssl-probe, whose own
/// search starts from the environment.
const BUNDLES: [&str; 11] = [
    "/etc/ssl/certs/ca-certificates.crt", // Debian, Ubuntu, Gentoo, Arch
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // Fedora, RHEL
    "/etc/pki/tls/certs/ca-bundle.crt",   // older Fedora, RHEL
    "/etc/ssl/ca-bundle.pem",             // openSUSE
    "/etc/pki/tls/cacert.pem",            // OpenELEC
    "/etc/ssl/cert.pem",                  // Alpine, OpenBSD
    "/usr/local/etc/ssl/cert.pem",        // FreeBSD
    "/usr/local/share/certs/ca-root-nss.crt", // DragonFly
    "/etc/openssl/certs/ca-certificates.crt", // NetBSD
    "/etc/certs/ca-certificates.crt",     // Solaris, illumos
    "/etc/ssl/cacert.pem",                // OmniOS
];

const LIMIT: u64 = 64 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ca::settled::Settled;
    use crate::ca::x509::Description;
    use trusted_transport_lab::Authority;
    use x509_parser::time::ASN1Time;

    #[test]
    fn the_first_bundle_and_the_hash_directories_are_read_leniently() {
        let [a, b, c, d] = ["A", "B", "C", "D"].map(|name| Authority::root(name).pem());
        let folder = tempfile::tempdir().expect("a directory");
        let path = |name: &str| folder.path().join(name);
        let damaged = "-----BEGIN CERTIFICATE-----\nMIIB\n";
        let files = [
            ("first.pem", damaged.to_owned() + &a),
            ("second.pem", b),
            ("5ed36f99.0", c),
            ("localhost.crt", d),
        ];
        for (name, text) in files {
            fs::write(path(name), text).expect("written");
        }
        fs::create_dir(path("not-a-file.pem")).expect("a directory");
        let bundles = ["missing.pem", "not-a-file.pem", "first.pem", "second.pem"].map(path);
        let bundles = bundles.each_ref().map(PathBuf::as_path);

        let directories = [path("second.pem"), folder.path().to_owned()];
        let settled = Settled::of(blocks_in(&bundles, &directories));
        let now = ASN1Time::now();
        let subjects: Vec<_> = settled
            .accepted()
            .map(|block| Description::of(&block.certificate.der, now).subject)
            .collect();
        assert_eq!(subjects, ["CN=A", "CN=C"]);
        assert_eq!(settled.tally.malformed, 3);
    }

    #[test]
    fn only_hashed_names_in_a_directory_are_roots() {
        for name in ["5ed36f99.0", "ABCDEF12.15"] {
            assert!(is_hash_name(name), "{name}");
        }
        for name in [
            "localhost.crt",
            "5ed36f99.r0",
            "5ed36f99.",
            "5ed36f9.0",
            "5ed36f99",
        ] {
            assert!(!is_hash_name(name), "{name}");
        }
    }
}
