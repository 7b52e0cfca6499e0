//! What a file is if it is not PEM: a single certificate in DER, or one of the formats that
//! certificates are handed around in and that are not read here, but told by name.

use std::fmt;

use x509_parser::asn1_rs::{FromBer, Header};

use super::crl::is_crl;

/// A format that holds certificates and that another program has to convert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BundleFormat {
    /// PKCS#7 or CMS signed data (RFC 5652) in PEM: `.p7b`, `.p7c`.
    Pkcs7Pem,
    /// The same in DER.
    Pkcs7Der,
    /// PKCS#12 (RFC 7292): `.p12`, `.pfx`.
    Pkcs12,
    /// A key store of Java's own format: `.jks`.
    JavaKeyStore,
}

impl BundleFormat {
    /// What else there is to know about the command.
    pub(crate) fn advice(self) -> &'static str {
        match self {
            Self::Pkcs12 => " (with -legacy, if openssl says `unsupported`)",
            _ => "",
        }
    }

    /// The command that writes the certificates of `file` as PEM to a file of its own.
    pub(crate) fn conversion(self, file: &str) -> String {
        match self {
            Self::Pkcs7Pem => format!("openssl pkcs7 -print_certs -in {file} -out {PEM}"),
            Self::Pkcs7Der => {
                format!("openssl pkcs7 -inform DER -print_certs -in {file} -out {PEM}")
            }
            Self::Pkcs12 => format!("openssl pkcs12 -nokeys -cacerts -in {file} -out {PEM}"),
            Self::JavaKeyStore => format!("keytool -list -rfc -keystore {file} > {PEM}"),
        }
    }
}

impl fmt::Display for BundleFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pkcs7Pem => "PKCS#7 in PEM",
            Self::Pkcs7Der => "PKCS#7 in DER",
            Self::Pkcs12 => "PKCS#12",
            Self::JavaKeyStore => "a Java key store",
        })
    }
}

/// What the bytes of a file are.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// Lines, as far as one can see.
    Text,
    /// A SEQUENCE, which may be a certificate.
    Der,
    Crl,
    Foreign(BundleFormat),
}

impl Format {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        if JAVA_KEY_STORES.iter().any(|magic| bytes.starts_with(magic)) {
            return Self::Foreign(BundleFormat::JavaKeyStore);
        }
        // A SEQUENCE (X.690, 8.1.2) whose length takes more than one byte, or is indefinite.
        // No text begins so.
        if !matches!(bytes, [0x30, 0x80..=0x84, ..]) {
            return Self::Text;
        }
        if let Some(format) = pkcs(bytes) {
            return Self::Foreign(format);
        }
        match is_crl(bytes) {
            true => Self::Crl,
            false => Self::Der,
        }
    }
}

/// What a file without a certificate looks like, if it is something that happens.
pub(crate) fn remark(bytes: &[u8]) -> Option<&'static str> {
    let start = bytes.trim_ascii_start();
    let begins = |tag: &str| {
        let start = start.get(..tag.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(tag.as_bytes()))
    };
    if start.is_empty() {
        Some("it is empty")
    } else if begins("<!doctype html") || begins("<html") {
        Some("it is a page in HTML, of a login or an error perhaps")
    } else {
        None
    }
}

/// Only the beginning is looked at, so that a file which is cut short has its name too.
fn pkcs(bytes: &[u8]) -> Option<BundleFormat> {
    let content = |sequence| Some(Header::from_ber(sequence).ok()?.0);
    let content_info = content(bytes)?;
    if content_info.starts_with(SIGNED_DATA) {
        return Some(BundleFormat::Pkcs7Der);
    }
    let authenticated_safe = content(content_info.strip_prefix(PKCS12_VERSION)?)?;
    let known = [DATA, SIGNED_DATA].map(|oid| authenticated_safe.starts_with(oid));
    known.contains(&true).then_some(BundleFormat::Pkcs12)
}

/// What the converted bundle is called.
const PEM: &str = "ca-bundle.pem";

/// The object identifier id-data, 1.2.840.113549.1.7.1 (RFC 5652, 4).
const DATA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";

/// The object identifier id-signedData, 1.2.840.113549.1.7.2 (RFC 5652, 5.1).
const SIGNED_DATA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";

/// INTEGER 3, the version of every PFX (RFC 7292, 4).
const PKCS12_VERSION: &[u8] = &[2, 1, 3];

/// The magic numbers of JKS and JCEKS.
const JAVA_KEY_STORES: [[u8; 4]; 2] = [[0xfe, 0xed, 0xfe, 0xed], [0xce, 0xce, 0xce, 0xce]];

#[cfg(test)]
mod tests {
    use super::*;

    fn pkcs7(length: &[u8]) -> Vec<u8> {
        [&[0x30], length, SIGNED_DATA, &[0xa0, 0x80]].concat()
    }

    #[test]
    fn formats_are_told_by_their_first_bytes() {
        let pfx = [&[0x30, 0x80][..], PKCS12_VERSION, &[0x30, 0x80], DATA].concat();
        let request = [0x30, 0x82, 1, 0, 0x30, 3, 2, 1, 0];
        let der = trusted_transport_lab::Authority::root("A").der();
        for (bytes, format) in [
            (&pkcs7(&[0x80])[..], Format::Foreign(BundleFormat::Pkcs7Der)),
            (
                &pkcs7(&[0x82, 9, 9]),
                Format::Foreign(BundleFormat::Pkcs7Der),
            ),
            (&pfx, Format::Foreign(BundleFormat::Pkcs12)),
            (
                b"\xfe\xed\xfe\xed\0",
                Format::Foreign(BundleFormat::JavaKeyStore),
            ),
            (&der, Format::Der),
            (&request, Format::Der),
            (b"", Format::Text),
            (b"0 is a digit", Format::Text),
            (b"-----BEGIN", Format::Text),
        ] {
            assert_eq!(Format::of(bytes), format, "{bytes:02x?}");
        }
    }

    #[test]
    fn what_a_download_gone_wrong_leaves_is_told() {
        assert_eq!(remark(b" \r\n"), Some("it is empty"));
        assert!(remark(b"\n<!DOCTYPE html>").is_some_and(|it| it.contains("HTML")));
        assert!(remark(b"<HTML>").is_some());
        assert_eq!(remark(b"<"), None);
    }
}
