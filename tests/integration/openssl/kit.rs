//! Certificates, keys and lists as the `openssl` command makes them, in a directory that goes
//! with the test.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::fixtures;

pub(super) struct Kit {
    directory: tempfile::TempDir,
}

/// A certificate that `openssl` made, or bytes that pass for one.
#[derive(Clone)]
pub(super) struct Certificate {
    pub(super) der: Vec<u8>,
    pub(super) pem: String,
}

impl Certificate {
    pub(super) fn new(der: Vec<u8>) -> Self {
        let pem = block("CERTIFICATE", &der);
        Self { der, pem }
    }

    pub(super) fn labelled(&self, label: &str) -> String {
        block(label, &self.der)
    }

    /// As `TRUSTED CERTIFICATE`, with these bytes behind it.
    pub(super) fn with_aux(&self, aux: &[u8]) -> String {
        block("TRUSTED CERTIFICATE", &[&self.der, aux].concat())
    }

    pub(super) fn sha256(&self) -> String {
        let digest = Sha256::digest(&self.der);
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl Kit {
    pub(super) fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let kit = Self { directory };
        std::fs::write(kit.path("openssl.cnf"), CONFIGURATION).expect("written");
        std::fs::write(kit.path("index.txt"), "").expect("written");
        std::fs::write(kit.path("serial"), "01\n").expect("written");
        kit
    }

    pub(super) fn directory(&self) -> &Path {
        self.directory.path()
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Runs `openssl` where its files are; the arguments have no blanks but those between them.
    pub(super) fn openssl(&self, arguments: &str) -> Vec<u8> {
        let output = Command::new("openssl")
            .args(arguments.split_ascii_whitespace())
            .current_dir(self.directory())
            .env("OPENSSL_CONF", self.path("openssl.cnf"))
            .stdin(Stdio::null())
            .output()
            .expect("openssl runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "openssl {arguments}: {said}");
        output.stdout
    }

    pub(super) fn text(&self, arguments: &str) -> String {
        String::from_utf8(self.openssl(arguments)).expect("openssl writes ASCII")
    }

    /// A self-signed authority. Its files have its name.
    pub(super) fn root(&self, name: &str) -> Certificate {
        self.certificate(name, ED25519, "")
    }

    /// A certificate of its own key; `options` are those of `openssl req -x509`.
    pub(super) fn certificate(&self, name: &str, key: &str, options: &str) -> Certificate {
        let make = "req -x509 -nodes -batch -days 30 -newkey";
        let files = format!("-keyout {name}.key -out {name}.pem");
        self.openssl(&format!("{make} {key} {options} -subj /CN={name} {files}"));
        self.read(name)
    }

    /// One that another signed.
    pub(super) fn issued(&self, name: &str, issuer: &str, options: &str) -> Certificate {
        let signed = format!("-CA {issuer}.pem -CAkey {issuer}.key {options}");
        self.certificate(name, ED25519, &signed)
    }

    pub(super) fn read(&self, name: &str) -> Certificate {
        let pem = std::fs::read_to_string(self.path(&format!("{name}.pem"))).expect("a file");
        let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let der = STANDARD.decode(body).expect("openssl writes base64");
        Certificate { der, pem }
    }

    /// The certificate with trust settings, which are options of `openssl x509`.
    pub(super) fn trustout(&self, name: &str, settings: &str) -> String {
        self.text(&format!("x509 -in {name}.pem -trustout {settings}"))
    }
}

/// A PEM block with lines as long as openssl's.
pub(super) fn block(label: &str, der: &[u8]) -> String {
    rewrapped(&fixtures::pem(label, der), 64)
}

/// The same blocks with base64 in lines of this many characters.
pub(super) fn rewrapped(pem: &str, width: usize) -> String {
    let (mut text, mut base64) = (String::new(), String::new());
    for line in pem.lines() {
        if line.starts_with('-') {
            for part in base64.as_bytes().chunks(width) {
                text.extend(part.iter().copied().map(char::from));
                text.push('\n');
            }
            base64.clear();
            text.push_str(line);
            text.push('\n');
        } else {
            base64.push_str(line);
        }
    }
    text
}

pub(super) fn sha256(certificates: &[&Certificate]) -> BTreeSet<String> {
    let certificates = certificates.iter();
    certificates
        .map(|certificate| certificate.sha256())
        .collect()
}

/// The key of most certificates: signatures and serial numbers of one length make the same base64
/// lines in each run, which what OpenSSL reads of a damaged block depends on.
pub(super) const ED25519: &str = "ed25519 -set_serial 4660";

/// So that the machine's configuration has no say.
const CONFIGURATION: &str = "\
[req]
distinguished_name = subject
x509_extensions = authority
[subject]
[authority]
basicConstraints = critical,CA:TRUE
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[end_entity]
basicConstraints = CA:FALSE
subjectKeyIdentifier = hash
[no_basic_constraints]
subjectKeyIdentifier = hash
[client_authority]
basicConstraints = critical,CA:TRUE
extendedKeyUsage = clientAuth
[unknown_critical]
basicConstraints = critical,CA:TRUE
1.2.3.4 = critical,ASN1:NULL
[ca]
default_ca = issuing
[issuing]
database = index.txt
serial = serial
new_certs_dir = .
default_md = sha256
default_crl_days = 30
policy = policy
x509_extensions = authority
[policy]
commonName = supplied
";
