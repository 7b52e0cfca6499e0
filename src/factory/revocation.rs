//! Revocation: no certificate of a path may stand in a list that its issuer has signed. webpki's
//! own check looks at one list for each name, whoever signed it, and verifies its signature in
//! every handshake: two authorities of one name, as a renewal with another key makes them, would
//! lock each other out.

use std::cell::Cell;
use std::sync::{Arc, OnceLock};

use rustls::client::danger::ServerCertVerified;
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::{CertificateError, Error, OtherError, RootCertStore};
use rustls_pki_types::{CertificateDer, SubjectPublicKeyInfoDer};
use webpki::{Cert, EndEntityCert, KeyUsage, RawPublicKeyEntity, VerifiedPath};

use super::verify::{Inner, Presented, Rule};
use crate::ca::{Crl, Signed};

/// The lists of a policy.
#[derive(Debug)]
pub(crate) struct Revocation {
    lists: Vec<List>,
    roots: Arc<RootCertStore>,
    algorithms: WebPkiSupportedAlgorithms,
}

#[derive(Debug)]
struct List {
    crl: Arc<Crl>,
    /// The key of the trust anchor that has signed it. Another one of the same name has not.
    anchor: Option<Key>,
    /// The key of the intermediate that has, once one was seen: to verify a large list takes as
    /// long as a handshake.
    intermediate: OnceLock<Key>,
}

type Key = SubjectPublicKeyInfoDer<'static>;

/// A list in the name of an issuer that has not signed it.
#[derive(Debug, thiserror::Error)]
#[error(
    "the revocation list of `{}`, in block {} of `{}`, has no valid signature of the authority that \
     it speaks for, so that what it revokes is not known",
    .0.issuer, .0.position, .0.file.display()
)]
pub(crate) struct Unverified(Arc<Crl>);

impl Revocation {
    /// `None` if there is no list.
    pub(crate) fn new(
        crls: &[Arc<Crl>],
        roots: &Arc<RootCertStore>,
        algorithms: WebPkiSupportedAlgorithms,
    ) -> Option<Arc<Self>> {
        let lists = crls.iter().map(|crl| List::new(crl, roots, &algorithms));
        let lists: Vec<List> = lists.collect();
        let some = !lists.is_empty();
        let roots = Arc::clone(roots);
        some.then(|| {
            Arc::new(Self {
                lists,
                roots,
                algorithms,
            })
        })
    }

    /// Whether a certificate that no path was found for is revoked by whoever may have issued it.
    pub(crate) fn may_revoke(&self, der: &CertificateDer<'_>) -> bool {
        let Ok(certificate) = EndEntityCert::try_from(der) else {
            return false;
        };
        let issued = |list: &List| match &list.anchor {
            Some(anchor) => signed_by(Signed::of(der), anchor, &self.algorithms),
            None => true,
        };
        self.of_issuer(&certificate)
            .any(|list| list.crl.revokes(certificate.serial()) && issued(list))
    }

    fn of_issuer(&self, certificate: &Cert<'_>) -> impl Iterator<Item = &List> {
        let issued = |list: &&List| list.crl.name() == certificate.issuer();
        self.lists.iter().filter(issued)
    }

    /// Whether any list is about anything in it.
    fn concerns(&self, presented: &Presented<'_>) -> bool {
        let intermediates = presented.intermediates.iter();
        let mut all = intermediates.chain([presented.end_entity]);
        all.any(|der| {
            let certificate = EndEntityCert::try_from(der);
            certificate.is_ok_and(|certificate| self.of_issuer(&certificate).next().is_some())
        })
    }

    /// Looks for a path without a revoked certificate, where there is one with or without.
    fn find_path(&self, presented: &Presented<'_>) -> Result<(), Error> {
        let other = |error| Error::from(CertificateError::Other(OtherError(Arc::new(error))));
        let refusal = Cell::new(None);
        let certificate = EndEntityCert::try_from(presented.end_entity).map_err(other)?;
        let found = certificate.verify_for_usage(
            self.algorithms.all,
            &self.roots.roots,
            presented.intermediates,
            presented.now,
            KeyUsage::server_auth(),
            None,
            Some(&|path| {
                self.check_path(path).map_err(|error| {
                    refusal.set(Some(error));
                    webpki::Error::CertRevoked
                })
            }),
        );
        match (found, refusal.take()) {
            (Ok(_), _) => Ok(()),
            (Err(_), Some(refusal)) => Err(refusal),
            (Err(error), None) => Err(other(error)),
        }
    }

    fn check_path(&self, path: &VerifiedPath<'_>) -> Result<(), Error> {
        let mut issued: &Cert<'_> = path.end_entity();
        for issuer in path.intermediate_certificates() {
            self.check(issued, &issuer.subject_public_key_info())?;
            issued = issuer;
        }
        self.check(issued, &webpki::spki_for_anchor(path.anchor()))
    }

    fn check(&self, issued: &Cert<'_>, issuer: &Key) -> Result<(), Error> {
        let (mut own, mut namesakes) = (false, None);
        for list in self.of_issuer(issued) {
            let revokes = list.crl.revokes(issued.serial());
            match list.signer(issuer, &self.algorithms) {
                Signer::Issuer if revokes => return Err(CertificateError::Revoked.into()),
                Signer::Issuer => own = true,
                // An authority with a new key may list what it has issued with the old one.
                Signer::Another if revokes => namesakes = Some(list),
                Signer::Another => {}
                Signer::Unknown => return Err(list.unverified()),
            }
        }
        match namesakes {
            Some(list) if !own => Err(list.unverified()),
            _ => Ok(()),
        }
    }
}

enum Signer {
    Issuer,
    /// An anchor of the same name.
    Another,
    Unknown,
}

impl List {
    fn new(crl: &Arc<Crl>, roots: &RootCertStore, algorithms: &WebPkiSupportedAlgorithms) -> Self {
        let anchors = roots.roots.iter();
        let namesakes = anchors.filter(|anchor| anchor.subject.as_ref() == crl.name());
        let keys: Vec<Key> = namesakes.map(webpki::spki_for_anchor).collect();
        let signer = |key: &&Key| signed_by(crl.signed(), key, algorithms);
        let anchor = keys.iter().find(signer).cloned();
        if anchor.is_none() && !keys.is_empty() {
            tracing::warn!(
                target: crate::LOG_TARGET,
                path = %crl.file.display(),
                position = crl.position,
                issuer = crl.issuer,
                "no trust anchor of that name has signed the revocation list, and what they have \
                 issued will be refused"
            );
        }
        Self {
            crl: Arc::clone(crl),
            anchor,
            intermediate: OnceLock::new(),
        }
    }

    fn unverified(&self) -> Error {
        let unverified = Arc::new(Unverified(Arc::clone(&self.crl)));
        CertificateError::Other(OtherError(unverified)).into()
    }

    fn signer(&self, issuer: &Key, algorithms: &WebPkiSupportedAlgorithms) -> Signer {
        match &self.anchor {
            Some(anchor) if anchor == issuer => return Signer::Issuer,
            Some(_) => return Signer::Another,
            None if self.intermediate.get() == Some(issuer) => return Signer::Issuer,
            None => {}
        }
        match signed_by(self.crl.signed(), issuer, algorithms) {
            true => {
                self.intermediate.get_or_init(|| issuer.clone());
                Signer::Issuer
            }
            false => Signer::Unknown,
        }
    }
}

fn signed_by(
    signed: Option<Signed<'_>>,
    key: &Key,
    algorithms: &WebPkiSupportedAlgorithms,
) -> bool {
    let (Some(signed), Ok(key)) = (signed, RawPublicKeyEntity::try_from(key)) else {
        return false;
    };
    let mut algorithms = algorithms.all.iter();
    algorithms.any(|algorithm| {
        algorithm.signature_alg_id().as_ref() == signed.algorithm
            && key
                .verify_signature(*algorithm, signed.data, signed.signature)
                .is_ok()
    })
}

/// What the other verifier accepts must have a path without a revoked certificate.
#[derive(Debug)]
pub(crate) struct Revoking(pub(crate) Arc<Revocation>);

impl Rule for Revoking {
    fn verify(
        &self,
        presented: &Presented<'_>,
        inner: &Inner,
    ) -> Result<ServerCertVerified, Error> {
        let verified = presented.verified_by(inner)?;
        if self.0.concerns(presented) {
            self.0.find_path(presented)?;
        }
        Ok(verified)
    }
}
