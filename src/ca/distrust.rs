//! A certificate that must be no part of any path: which others are meant with it, and who says
//! so.

use std::path::Path;
use std::sync::Arc;

use rustls_pki_types::{CertificateDer, TrustAnchor};
use sha2::{Digest, Sha256};
use x509_parser::asn1_rs::{Any, FromDer};

use super::certificate::{Fingerprint, trust_anchor};
use super::openssl::Objection;
use super::x509;

/// Why a certificate is distrusted, for the verifier and for the person who reads the error.
#[derive(Debug, thiserror::Error)]
#[error("`{subject}` is distrusted: {objection}, in block {position} of `{}`", file.display())]
pub(crate) struct Distrust {
    pub(crate) subject: String,
    pub(crate) objection: Objection,
    pub(crate) file: Arc<Path>,
    pub(crate) position: usize,
    identity: Identity,
}

/// What tells certificates apart, other than their bytes: an ECDSA signature can be changed by
/// anybody into another valid one.
#[derive(Debug)]
pub(crate) struct Identity {
    /// SHA-256 over what is signed.
    signed: Option<Fingerprint>,
    pub(crate) key: Option<Key>,
}

/// Subject and public key: the contents of their SEQUENCEs in DER.
pub(crate) type Key = (Vec<u8>, Vec<u8>);

impl Distrust {
    pub(crate) fn of(der: &[u8], objection: Objection, file: Arc<Path>, position: usize) -> Self {
        Self {
            subject: x509::subject_of(der),
            objection,
            file,
            position,
            identity: Identity::of(der),
        }
    }

    /// The name and key that are distrusted in whatever certificate they stand: those that a
    /// reject list is about. A trust list is about its own certificate.
    pub(crate) fn key(&self) -> Option<&Key> {
        let rejected = matches!(self.objection, Objection::Rejected(_));
        self.identity.key.as_ref().filter(|_| rejected)
    }

    /// Whether a certificate that a peer presents is the distrusted one, or is meant with it.
    pub(crate) fn covers(&self, presented: &Identity) -> bool {
        (self.identity.signed.is_some() && self.identity.signed == presented.signed)
            || (self.key().is_some() && self.key() == presented.key.as_ref())
    }

    /// What paths that end in the certificate end in.
    pub(crate) fn anchor(&self) -> Option<TrustAnchor<'static>> {
        let (subject, key) = self.identity.key.clone()?;
        Some(TrustAnchor {
            subject: subject.into(),
            subject_public_key_info: key.into(),
            name_constraints: None,
        })
    }
}

impl Identity {
    pub(crate) fn of(der: &[u8]) -> Self {
        Self {
            signed: signed_part(der).map(|signed| Sha256::digest(signed).into()),
            key: key(der),
        }
    }
}

fn signed_part(der: &[u8]) -> Option<&[u8]> {
    let (_, certificate) = Any::from_der(der).ok()?;
    let (rest, _) = Any::from_der(certificate.data).ok()?;
    certificate.data.get(..certificate.data.len() - rest.len())
}

/// As the verifier reads it, else as people do.
fn key(der: &[u8]) -> Option<Key> {
    if let Ok(Some(anchor)) = trust_anchor(&CertificateDer::from(der)) {
        return Some(key_of(&anchor));
    }
    let x509 = x509::parsed(der)?;
    let content = |raw| Some(Any::from_der(raw).ok()?.1.data.to_vec());
    Some((
        content(x509.subject().as_raw())?,
        content(x509.public_key().raw)?,
    ))
}

pub(crate) fn key_of(anchor: &TrustAnchor<'_>) -> Key {
    let subject = anchor.subject.as_ref().to_vec();
    (subject, anchor.subject_public_key_info.as_ref().to_vec())
}
