//! One certificate: its identity, and the trust anchor that the verifier takes from it.

use rustls::{CertificateError, Error, RootCertStore};
use rustls_pki_types::{CertificateDer, TrustAnchor};
use sha2::{Digest, Sha256};
use x509_parser::asn1_rs::{Any, BitString, FromDer, Header, Tag, ToDer};
use x509_parser::x509::AlgorithmIdentifier;

use super::openssl;
use super::report::counted;
use super::x509;

/// A certificate of a bundle or of the base roots; equal when the DER is.
#[derive(Clone, Debug)]
pub(crate) struct Certificate {
    pub(crate) der: CertificateDer<'static>,
    pub(crate) sha256: Fingerprint,
}

/// SHA-256 over DER.
pub(crate) type Fingerprint = [u8; 32];

impl Certificate {
    pub(crate) fn new(der: Vec<u8>) -> Self {
        Self {
            sha256: Sha256::digest(&der).into(),
            der: der.into(),
        }
    }

    /// The trust anchor (RFC 5280, 6.1.1 d) that the verifier takes from it.
    pub(crate) fn anchor(&self) -> Result<TrustAnchor<'static>, NotAnAnchor> {
        match trust_anchor(&self.der) {
            Ok(Some(anchor)) if has_key(&anchor) => Ok(anchor),
            Err(error) if is_der(&self.der, 3) && x509::parsed(&self.der).is_some() => {
                Err(NotAnAnchor::Unusable(reason(error)))
            }
            _ => Err(NotAnAnchor::Corrupt(not_x509(&self.der))),
        }
    }
}

/// Why a certificate gives no trust anchor.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NotAnAnchor {
    /// Not the DER of an X.509 certificate.
    Corrupt(String),
    /// X.509, but not in a form that the verifier accepts.
    Unusable(String),
}

/// Name, key and constraints of a certificate, as the verifier reads them.
pub(crate) fn trust_anchor(
    der: &CertificateDer<'_>,
) -> Result<Option<TrustAnchor<'static>>, Error> {
    let mut store = RootCertStore::empty();
    store.add(CertificateDer::from(der.as_ref()))?;
    Ok(store.roots.pop())
}

/// Lower-case hexadecimal, as `sha256sum` prints it.
pub(crate) fn hex(fingerprint: Fingerprint) -> String {
    let digits = fingerprint.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

/// The verifier looks at the key only when it verifies a signature with it.
fn has_key(anchor: &TrustAnchor<'_>) -> bool {
    let key = AlgorithmIdentifier::from_der(&anchor.subject_public_key_info);
    let key = key.map(|(key, _)| BitString::from_der(key));
    matches!(key, Ok(Ok(([], _))))
}

/// Whether lengths are as short as DER wants them, in so many levels. OpenSSL takes a certificate
/// whose outer parts are in BER for the one with the same in DER: what rejects the one would not
/// reject the other here.
fn is_der(mut elements: &[u8], levels: usize) -> bool {
    while levels > 0 && !elements.is_empty() {
        let Ok((rest, element)) = Any::from_der(elements) else {
            return false;
        };
        let whole = elements.len() - rest.len();
        let header = &elements[..whole - element.data.len()];
        let shortest = element.header.to_der_vec();
        let constructed = element.header.constructed();
        if shortest.ok().as_deref() != Some(header)
            || (constructed && !is_der(element.data, levels - 1))
        {
            return false;
        }
        elements = rest;
    }
    true
}

fn reason(error: Error) -> String {
    let detail = match error {
        Error::InvalidCertificate(CertificateError::Other(other)) => other.to_string(),
        Error::InvalidCertificate(error) => error.to_string(),
        error => error.to_string(),
    };
    format!("the verifier cannot use it as a trust anchor: {detail}")
}

/// What is wrong with bytes that are no certificate.
fn not_x509(der: &[u8]) -> String {
    let length = match Header::from_der(der) {
        Ok((content, header)) if header.tag() == Tag::Sequence => {
            header.length().definite().ok().zip(Some(content.len()))
        }
        _ => None,
    };
    match length {
        Some((length, there)) if there < length => {
            let missing = counted(length - there, "byte");
            format!("the certificate is cut short by {missing}")
        }
        Some((length, there)) if there > length => {
            let more = &der[der.len() - (there - length)..];
            let what = match openssl::trust_settings(more) {
                Ok(_) => "trust settings, which need the label TRUSTED CERTIFICATE".to_owned(),
                Err(_) => counted(more.len(), "byte"),
            };
            format!("the certificate is followed by {what}")
        }
        _ => "the block is not an X.509 certificate".to_owned(),
    }
}
