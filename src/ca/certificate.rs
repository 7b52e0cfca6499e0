//! One certificate: its identity, what the verifier makes of it, and what a person
//! should know about it.

use rustls::RootCertStore;
use rustls_pki_types::{CertificateDer, TrustAnchor};
use sha2::{Digest, Sha256};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;
use x509_parser::time::ASN1Time;

/// A certificate of a bundle or of the base roots; equal when the DER is.
#[derive(Clone, Debug)]
pub(crate) struct Certificate {
    pub(crate) der: CertificateDer<'static>,
    pub(crate) sha256: Fingerprint,
}

/// SHA-256 over DER.
pub(crate) type Fingerprint = [u8; 32];

impl Certificate {
    pub(crate) fn new(der: &[u8]) -> Self {
        Self {
            der: CertificateDer::from(der).into_owned(),
            sha256: Sha256::digest(der).into(),
        }
    }

    /// The trust anchor (RFC 5280, 6.1.1 d) that the verifier takes from it.
    pub(crate) fn anchor(&self) -> Result<TrustAnchor<'static>, NotAnAnchor> {
        match trust_anchor(&self.der) {
            Ok(anchor) => anchor.ok_or(NotAnAnchor::Corrupt),
            Err(_) if self.parsed().is_none() => Err(NotAnAnchor::Corrupt),
            Err(error) => Err(NotAnAnchor::Unusable(reason(error))),
        }
    }

    /// The subject as text, `CN=..` last or first as the certificate has it.
    pub(crate) fn subject(&self) -> String {
        self.parsed()
            .map_or_else(|| UNREADABLE.to_owned(), |x509| x509.subject().to_string())
    }

    /// The end of validity in RFC 3339, UTC.
    pub(crate) fn not_after(&self) -> String {
        self.parsed().map_or_else(
            || UNREADABLE.to_owned(),
            |x509| rfc3339(x509.validity().not_after),
        )
    }

    /// What is odd about a trust anchor. None of it stops the verifier.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let Some(x509) = self.parsed() else {
            return vec!["cannot be read beyond its subject and key".to_owned()];
        };
        let validity = x509.validity();
        let now = ASN1Time::now();
        let mut warnings = Vec::new();
        if validity.not_after < now {
            warnings.push(format!("expired on {}", rfc3339(validity.not_after)));
        }
        if validity.not_before > now {
            warnings.push(format!("not valid before {}", rfc3339(validity.not_before)));
        }
        if !x509.is_ca() {
            warnings.push("is not marked as a certificate authority".to_owned());
        }
        warnings
    }

    fn parsed(&self) -> Option<X509Certificate<'_>> {
        match X509Certificate::from_der(&self.der) {
            Ok(([], certificate)) => Some(certificate),
            _ => None,
        }
    }
}

/// Why a certificate gives no trust anchor.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NotAnAnchor {
    /// Not the DER of an X.509 certificate.
    Corrupt,
    /// X.509, but not in a form that the verifier accepts.
    Unusable(String),
}

/// Name, key and constraints of a certificate, as the verifier reads them.
pub(crate) fn trust_anchor(
    der: &CertificateDer<'_>,
) -> Result<Option<TrustAnchor<'static>>, rustls::Error> {
    let mut store = RootCertStore::empty();
    store.add(der.clone())?;
    Ok(store.roots.pop())
}

/// Lower-case hexadecimal, as `sha256sum` prints it.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn reason(error: rustls::Error) -> String {
    let detail = match error {
        rustls::Error::InvalidCertificate(rustls::CertificateError::Other(other)) => {
            other.to_string()
        }
        error => error.to_string(),
    };
    format!("the verifier cannot use it as a trust anchor: {detail}")
}

fn rfc3339(time: ASN1Time) -> String {
    let time = time.to_datetime();
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        time.year(),
        u8::from(time.month()),
        time.day(),
        time.hour(),
        time.minute(),
        time.second()
    )
}

const UNREADABLE: &str = "(unreadable)";
