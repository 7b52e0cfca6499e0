//! A text in PEM that somebody named for a client's chain or private key. Blocks are found by the
//! reader of bundles, so that nothing is passed over; the key is decoded by pki-types.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use memchr::memmem;
use rustls_pki_types::pem::{self, PemObject as _};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use zeroize::Zeroizing;

use super::identity_error::IdentityError;
use crate::ca::{self, BundleFormat, Content, Format, Label, Lines, ReadError, Undecodable};

/// A text, and where it is from.
pub(super) struct Source<'a> {
    text: Cow<'a, [u8]>,
    path: Option<&'a Path>,
}

impl<'a> Source<'a> {
    pub(super) fn new(bytes: &'a [u8], path: Option<&'a Path>) -> Result<Self, IdentityError> {
        if bytes.len() as u64 > MOST_BYTES {
            return Err(too_large(path.map(Into::into)));
        }
        let mut source = Self {
            text: bytes.into(),
            path,
        };
        match Format::of(bytes) {
            Format::Text => {}
            Format::Foreign(format) => return Err(source.other_format(Some(format))),
            Format::Der | Format::Crl => return Err(source.other_format(None)),
        }
        match ca::text(bytes.into()) {
            Ok(text) => source.text = text,
            Err(Undecodable { before }) => {
                let line = Lines::of(&before).count().max(1);
                return Err(source.corrupt(line, ca::PemFault::MixedEncodings.to_string()));
            }
        }
        Ok(source)
    }

    pub(super) fn certificates(&self) -> Result<Vec<CertificateDer<'static>>, IdentityError> {
        let mut chain = Vec::new();
        let mut pkcs7 = false;
        for section in self.sections() {
            let section = section?;
            match section.content {
                Content::Certificate { der, label } => {
                    let certificate = certificate_in(&der, label).ok_or_else(|| {
                        let reason = "the block is not an X.509 certificate".to_owned();
                        self.corrupt(section.place.line, reason)
                    })?;
                    chain.push(certificate.to_vec().into());
                }
                Content::Pkcs7 => pkcs7 = true,
                _ => {}
            }
        }
        match chain.is_empty() {
            false => Ok(chain),
            true if pkcs7 => Err(self.other_format(Some(BundleFormat::Pkcs7Pem))),
            true => Err(IdentityError::NoCertificate { path: self.path() }),
        }
    }

    pub(super) fn private_key(&self) -> Result<Zeroizing<PrivateKeyDer<'static>>, IdentityError> {
        let mut lines = Vec::new();
        for section in self.sections() {
            let section = section?;
            if section.content == Content::PrivateKey {
                lines.push(section.place.line);
            }
        }
        match lines[..] {
            [line] => self.key_at(line).map(Zeroizing::new),
            [] => Err(IdentityError::NoKey { path: self.path() }),
            _ => Err(IdentityError::SeveralKeys {
                path: self.path(),
                count: lines.len(),
            }),
        }
    }

    /// The private key whose BEGIN is on this line.
    fn key_at(&self, line: usize) -> Result<PrivateKeyDer<'static>, IdentityError> {
        let block = self.block_at(line);
        if is_encrypted(&block) {
            return Err(IdentityError::EncryptedKey { path: self.path() });
        }
        PrivateKeyDer::from_pem_slice(&block).map_err(|error| match error {
            // It has another label than those of PKCS#8, PKCS#1 and SEC1.
            pem::Error::NoItemsFound => IdentityError::UnsupportedKey {
                path: self.path(),
                source: None,
            },
            _ => self.corrupt(line, "the private key is not well written".to_owned()),
        })
    }

    /// As strict as the reader of keys wants it: from BEGIN to END, without blanks around lines.
    fn block_at(&self, line: usize) -> Zeroizing<Vec<u8>> {
        // Never more than is there, so that no copy stays behind in memory.
        let mut block = Zeroizing::new(Vec::with_capacity(self.text.len() + 1));
        for line in Lines::of(&self.text).skip(line - 1) {
            let begin = match block.is_empty() {
                // It may share the line with the END before it.
                true => memmem::rfind(line, BEGIN).unwrap_or(0),
                false => 0,
            };
            block.extend_from_slice(&line[begin..]);
            block.push(b'\n');
            if line.starts_with(END) && begin == 0 {
                break;
            }
        }
        block
    }

    fn sections(&self) -> impl Iterator<Item = Result<ca::Section, IdentityError>> {
        ca::sections(&self.text).map(|section| {
            section.map_err(|error| self.corrupt(error.place.line, error.fault.to_string()))
        })
    }

    fn corrupt(&self, line: usize, reason: String) -> IdentityError {
        IdentityError::Corrupt {
            path: self.path(),
            line,
            reason,
        }
    }

    fn other_format(&self, format: Option<BundleFormat>) -> IdentityError {
        let path = self.path();
        IdentityError::OtherFormat { path, format }
    }

    pub(super) fn path(&self) -> Option<PathBuf> {
        self.path.map(Into::into)
    }
}

/// Wiped when it is dropped: it may hold a key.
pub(super) fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, IdentityError> {
    ca::read_file(path, MOST_BYTES)
        .map(Zeroizing::new)
        .map_err(|error| match error {
            ReadError::Io(path, source) => IdentityError::Read { path, source },
            ReadError::TooLarge(path) => too_large(Some(path)),
            ReadError::NotAFile(path) | ReadError::TooManyFiles(path) => {
                IdentityError::NotAFile { path }
            }
        })
}

fn too_large(path: Option<PathBuf>) -> IdentityError {
    let limit = MOST_BYTES;
    IdentityError::TooLarge { path, limit }
}

/// Without OpenSSL's trust settings, which are not for servers.
fn certificate_in(block: &[u8], label: Label) -> Option<&[u8]> {
    let certificate = match label {
        Label::Trusted => ca::split(block)?.0,
        Label::Plain | Label::X509 => block,
    };
    ca::parsed(certificate).map(|_| certificate)
}

/// As PKCS#8 (RFC 5958) says it, or as OpenSSL's own format (RFC 1421, 4.6.1.1).
fn is_encrypted(block: &[u8]) -> bool {
    let says = |line: &[u8]| {
        line == ENCRYPTED_PKCS8 || (line.starts_with(PROC_TYPE) && line.ends_with(b"ENCRYPTED"))
    };
    Lines::of(block).any(says)
}

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const ENCRYPTED_PKCS8: &[u8] = b"-----BEGIN ENCRYPTED PRIVATE KEY-----";
const PROC_TYPE: &[u8] = b"Proc-Type:";

/// A long chain and a large key have less than a tenth of it.
const MOST_BYTES: u64 = 1024 * 1024;

#[cfg(test)]
mod tests {
    use trusted_transport_lab::{Authority, EndEntity};

    use super::*;

    fn issued() -> EndEntity {
        Authority::root("Root").issue(&["client"])
    }

    fn source(text: &[u8]) -> Result<Source<'_>, IdentityError> {
        Source::new(text, None)
    }

    fn key_of(text: &str) -> Result<Vec<u8>, IdentityError> {
        let key = source(text.as_bytes())?.private_key()?;
        Ok(key.secret_der().to_vec())
    }

    fn certificates_of(text: &str) -> Result<Vec<CertificateDer<'static>>, IdentityError> {
        source(text.as_bytes())?.certificates()
    }

    #[test]
    fn keys_are_found_however_the_text_was_put_together() {
        let issued = issued();
        let (chain, key) = (issued.chain_pem(), issued.key_pem());
        let utf16 = |text: &str| -> Vec<u8> {
            let units = text.encode_utf16().flat_map(u16::to_le_bytes);
            [0xff, 0xfe].into_iter().chain(units).collect()
        };
        for text in [
            key.clone().into_bytes(),
            key.trim_end().as_bytes().to_vec(),
            format!("\u{feff}{key}").into_bytes(),
            key.replace('\n', "\r\n").into_bytes(),
            key.replace('\n', "\r").into_bytes(),
            key.replace('\n', " \n  ").into_bytes(),
            format!("{}{key}", chain.trim_end()).into_bytes(),
            format!("{}{chain}", key.trim_end()).into_bytes(),
            format!("Bag Attributes\n    friendlyName: me\nKey Attributes: <No Attributes>\n{key}")
                .into_bytes(),
            format!("-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n{key}")
                .into_bytes(),
            utf16(&key),
        ] {
            let found = source(&text).expect("text").private_key().expect("a key");
            assert_eq!(found.secret_der(), issued.key.secret_der());
        }
    }

    #[test]
    fn certificates_are_found_under_every_label_and_in_their_order() {
        let issued = Authority::root("Root")
            .intermediate("Issuer")
            .issue(&["client"]);
        let old = issued
            .chain_pem()
            .replace(" CERTIFICATE", " X509 CERTIFICATE");
        assert_eq!(certificates_of(&old).expect("certificates"), issued.chain);
        let root = Authority::root("Root");
        for text in [root.trusted_pem(), root.rejected_pem()] {
            assert_eq!(certificates_of(&text).expect("a certificate"), [root.der()]);
        }
    }

    #[test]
    fn an_encrypted_key_is_called_so_with_the_command_that_decrypts_it() {
        let pkcs8 =
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
        let traditional = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\
                           DEK-Info: AES-256-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n";
        for text in [pkcs8, traditional, &traditional.replace('\n', "\r\n")] {
            let bytes = text.as_bytes();
            let path = Some(Path::new("/etc/my key.pem"));
            let error = Source::new(bytes, path).expect("text").private_key();
            let error = error.expect_err("encrypted");
            assert!(
                matches!(error, IdentityError::EncryptedKey { .. }),
                "{error:?}"
            );
            let hint = error.hint();
            assert!(
                hint.contains("openssl pkey -in '/etc/my key.pem' -out"),
                "{hint}"
            );
        }
    }

    #[test]
    fn the_number_of_keys_and_certificates_has_to_be_right() {
        let (chain, key) = (issued().chain_pem(), issued().key_pem());
        let two = key_of(&format!("{key}{key}"));
        assert!(
            matches!(two, Err(IdentityError::SeveralKeys { count: 2, .. })),
            "{two:?}"
        );
        let none = key_of(&chain);
        assert!(matches!(none, Err(IdentityError::NoKey { .. })), "{none:?}");
        for text in [&key, "", "no PEM at all"] {
            let none = certificates_of(text);
            assert!(
                matches!(none, Err(IdentityError::NoCertificate { .. })),
                "{none:?}"
            );
        }
    }

    #[test]
    fn other_kinds_of_keys_are_not_supported() {
        for label in ["DSA PRIVATE KEY", "OPENSSH PRIVATE KEY"] {
            let error = key_of(&issued().key_pem().replace("PRIVATE KEY", label));
            assert!(
                matches!(error, Err(IdentityError::UnsupportedKey { .. })),
                "{error:?}"
            );
        }
    }

    #[test]
    fn other_formats_have_their_name_and_the_command_that_converts_them() {
        let pfx = b"\x30\x82\x09\x09\x02\x01\x03\x30\x82\x09\x09\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";
        let der = issued().chain[0].to_vec();
        let p7b = b"-----BEGIN PKCS7-----\nAAAA\n-----END PKCS7-----\n";
        for (bytes, name, command) in [
            (&pfx[..], "PKCS#12", "openssl pkcs12 -nodes -in FILE"),
            (
                b"\xfe\xed\xfe\xed\0",
                "a Java key store",
                "keytool -importkeystore",
            ),
            (&der, "DER", "openssl x509 -inform DER -in FILE"),
            (p7b, "PKCS#7 in PEM", "openssl pkcs7 -print_certs -in FILE"),
        ] {
            let error = source(bytes).and_then(|source| source.certificates());
            let error = error.expect_err("another format");
            assert!(error.to_string().contains(name), "{error}");
            assert!(error.hint().contains(command), "{}", error.hint());
        }
    }

    #[test]
    fn what_is_damaged_has_its_line() {
        let (chain, key) = (issued().chain_pem(), issued().key_pem());
        let cut = |text: &str| text[..text.len() / 2].to_owned();
        for (text, line) in [
            (format!("# me\n{}", cut(&chain)), 2),
            (chain.replace("MII", "AII"), 1),
            (format!("{key}{}", chain.replacen("-----", "----", 1)), 6),
        ] {
            let error = certificates_of(&text);
            assert!(
                matches!(&error, Err(IdentityError::Corrupt { line: at, .. }) if *at == line),
                "{text}: {error:?}"
            );
        }
        for text in [cut(&key), key.replace("MI", "*I")] {
            let error = key_of(&format!("\n\n{text}"));
            assert!(
                matches!(error, Err(IdentityError::Corrupt { line: 3, .. })),
                "{error:?}"
            );
        }
    }

    #[test]
    fn a_text_without_end_is_not_read() {
        let large = vec![b'a'; MOST_BYTES as usize + 1];
        let error = source(&large).map(|_| ());
        assert!(
            matches!(error, Err(IdentityError::TooLarge { .. })),
            "{error:?}"
        );
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("large");
        std::fs::write(&path, &large).expect("written");
        assert!(matches!(read(&path), Err(IdentityError::TooLarge { .. })));
        assert!(matches!(
            read(directory.path()),
            Err(IdentityError::NotAFile { .. })
        ));
        let missing = read(&directory.path().join("missing"));
        assert!(matches!(missing, Err(IdentityError::Read { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn a_fifo_does_not_block() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("fifo");
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(made.expect("mkfifo").success());
        assert!(matches!(read(&path), Err(IdentityError::NotAFile { .. })));
    }
}
