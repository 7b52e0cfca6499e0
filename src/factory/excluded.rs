//! Distrust: distrusted certificates are taken out of what a peer presents, before a path is looked
//! for, and a path that would have led to one says why there is none.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerified;
use rustls::crypto::CryptoProvider;
use rustls::{CertificateError, Error, OtherError, RootCertStore};
use rustls_pki_types::{CertificateDer, TrustAnchor};

use super::verify::{Inner, Presented, Rule, webpki};
use crate::ca::{Anchors, Distrust, Identity, Trust};

/// Keeps distrusted certificates out of every path.
#[derive(Debug)]
pub(crate) struct Excluding {
    distrusted: Vec<Arc<Distrust>>,
    /// Tells whether a path ends in one of them.
    anchored: OfAnchors,
    /// If the operating system decides: the verifier of the bundle's own anchors. The system may
    /// have a distrusted root, and does not say which root it used. An intermediate that it
    /// fetches by itself is not seen here.
    delegated: Option<OfAnchors>,
    provider: Arc<CryptoProvider>,
}

type OfAnchors = Option<Arc<WebPkiServerVerifier>>;

impl Excluding {
    pub(crate) fn new(trust: &Trust, provider: Arc<CryptoProvider>) -> Result<Self, Error> {
        let anchors = trust.distrusted.iter().filter_map(|it| it.anchor());
        Ok(Self {
            delegated: match &trust.anchors {
                Anchors::Roots(_) => None,
                Anchors::Delegated(extra) => Some(of_bundle(extra, &provider)?),
            },
            anchored: anchored_by(anchors.collect(), &provider)?,
            distrusted: trust.distrusted.clone(),
            provider,
        })
    }

    /// Why this very certificate is distrusted, if it is.
    fn distrust(&self, certificate: &CertificateDer<'_>) -> Option<&Arc<Distrust>> {
        let identity = Identity::of(certificate);
        self.distrusted.iter().find(|it| it.covers(&identity))
    }

    /// Why the certificate at the end of the peer's path is distrusted, if the path ends so.
    fn distrusted_end(&self, path: &Presented<'_>) -> Option<&Arc<Distrust>> {
        ends_in(path, &self.anchored).then_some(())?;
        let only = |it: &Distrust| anchored_by(vec![it.anchor()?], &self.provider).ok();
        let mut distrusted = self.distrusted.iter();
        distrusted.find(|it| only(it).is_some_and(|only| ends_in(path, &only)))
    }

    /// Whether the verdict may rest on a distrusted root, or hide that one is why there is none.
    fn in_doubt(&self, verified: &Result<ServerCertVerified, Error>, path: &Presented<'_>) -> bool {
        match (verified, &self.delegated) {
            (Ok(_), Some(of_bundle)) => !ends_in(path, of_bundle),
            (Ok(_), None) => false,
            (Err(_), _) => has_no_end(verified),
        }
    }
}

impl Rule for Excluding {
    fn verify(
        &self,
        presented: &Presented<'_>,
        inner: &Inner,
    ) -> Result<ServerCertVerified, Error> {
        if let Some(why) = self.distrust(presented.end_entity) {
            return Err(refused(why));
        }
        let intermediates = presented.intermediates.iter();
        let allowed = intermediates.filter(|der| self.distrust(der).is_none());
        let allowed: Vec<_> = allowed.cloned().collect();
        let path = Presented {
            intermediates: &allowed,
            ..*presented
        };
        let verified = path.verified_by(inner);
        if self.in_doubt(&verified, &path)
            && let Some(why) = self.distrusted_end(&path)
        {
            return Err(refused(why));
        }
        verified
    }
}

/// `None` without an anchor: webpki's verifier needs one.
fn anchored_by(
    roots: Vec<TrustAnchor<'static>>,
    provider: &Arc<CryptoProvider>,
) -> Result<OfAnchors, Error> {
    match roots.is_empty() {
        true => Ok(None),
        false => webpki(Arc::new(RootCertStore { roots }), provider).map(Some),
    }
}

fn of_bundle(
    certificates: &[CertificateDer<'static>],
    provider: &Arc<CryptoProvider>,
) -> Result<OfAnchors, Error> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(certificates.iter().cloned());
    anchored_by(roots.roots, provider)
}

fn ends_in(path: &Presented<'_>, anchors: &OfAnchors) -> bool {
    let anchors = anchors.as_deref();
    anchors.is_some_and(|anchors| !has_no_end(&path.verified_by(anchors)))
}

/// Whether no path to an anchor was found. An anchor with the right name and another key, of the
/// same kind or of another, is none.
fn has_no_end(verified: &Result<ServerCertVerified, Error>) -> bool {
    use CertificateError::{
        BadSignature, UnknownIssuer, UnsupportedSignatureAlgorithmContext,
        UnsupportedSignatureAlgorithmForPublicKeyContext,
    };
    matches!(
        verified,
        Err(Error::InvalidCertificate(
            UnknownIssuer
                | BadSignature
                | UnsupportedSignatureAlgorithmContext { .. }
                | UnsupportedSignatureAlgorithmForPublicKeyContext { .. }
        ))
    )
}

fn refused(why: &Arc<Distrust>) -> Error {
    CertificateError::Other(OtherError(Arc::clone(why) as _)).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ca::Objection;
    use crate::factory::crypto::default_provider;
    use crate::factory::verify::verifier;
    use rustls_pki_types::{ServerName, UnixTime};
    use trusted_transport_lab::{Authority, Validity};

    fn der(authorities: &[&Authority]) -> Vec<CertificateDer<'static>> {
        authorities
            .iter()
            .map(|authority| authority.der())
            .collect()
    }

    /// The branch of macOS and Windows. Here its system verifier reads the machine's roots,
    /// none of which is the lab's.
    fn delegated(extra: &[&Authority]) -> Anchors {
        Anchors::Delegated(der(extra))
    }

    fn roots(authorities: &[&Authority]) -> Anchors {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(der(authorities));
        Anchors::Roots(Arc::new(roots))
    }

    /// As by a reject list.
    fn rejected(certificates: &[CertificateDer<'static>]) -> Vec<Arc<Distrust>> {
        distrusted(certificates, &Objection::Rejected("serverAuth"))
    }

    fn distrusted(
        certificates: &[CertificateDer<'static>],
        objection: &Objection,
    ) -> Vec<Arc<Distrust>> {
        let certificates = certificates.iter().zip(1..);
        let file: Arc<std::path::Path> = std::path::Path::new("x.pem").into();
        let distrust = |(der, position): (&CertificateDer<'_>, _)| {
            Distrust::of(der, objection.clone(), Arc::clone(&file), position)
        };
        certificates.map(distrust).map(Arc::new).collect()
    }

    #[derive(Debug, PartialEq)]
    enum Verdict {
        Trusted,
        UnknownIssuer,
        AnotherKindOfKey,
        Expired,
        /// The one at this position.
        Distrusted(usize),
    }

    fn verdict(
        anchors: Anchors,
        distrusted: Vec<Arc<Distrust>>,
        presented: &[CertificateDer<'static>],
    ) -> Verdict {
        let trust = Trust {
            anchors,
            distrusted,
            crls: Vec::new(),
            pins: Default::default(),
        };
        let (provider, _) = default_provider().expect("a provider");
        let (end_entity, intermediates) = presented.split_first().expect("a chain");
        let name = ServerName::try_from("origin.test").expect("a name");
        let verified = verifier(&trust, provider)
            .expect("a verifier")
            .verify_server_cert(end_entity, intermediates, &name, &[], UnixTime::now());
        match verified {
            Ok(_) => Verdict::Trusted,
            Err(Error::InvalidCertificate(error)) => match error {
                CertificateError::UnknownIssuer => Verdict::UnknownIssuer,
                CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
                    Verdict::AnotherKindOfKey
                }
                CertificateError::ExpiredContext { .. } => Verdict::Expired,
                CertificateError::Other(OtherError(error)) => {
                    let distrust: &Distrust = error.downcast_ref().expect("a reason");
                    Verdict::Distrusted(distrust.position)
                }
                other => panic!("{other:?}"),
            },
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn nothing_that_is_distrusted_is_part_of_a_path() {
        let [root, other] = ["Root", "Other"].map(Authority::root);
        let intermediate = root.intermediate("Intermediate");
        let chain = intermediate.issue(&["origin.test"]).chain;
        let mut altered = intermediate.der().to_vec();
        *altered.last_mut().expect("a signature") ^= 1;
        let only_for_mail = Objection::NotListed("emailProtection".to_owned());
        for anchors in [roots, delegated] {
            let verdict =
                |trusted: &Authority, distrusted| verdict(anchors(&[trusted]), distrusted, &chain);
            assert_eq!(verdict(&root, vec![]), Verdict::Trusted);
            assert_eq!(verdict(&other, vec![]), Verdict::UnknownIssuer);
            let elsewhere = rejected(&der(&[&other]));
            assert_eq!(verdict(&root, elsewhere), Verdict::Trusted);
            for certificate in [intermediate.der(), chain[0].clone(), altered.clone().into()] {
                let certificates = [other.der(), certificate];
                let by_key = rejected(&certificates);
                assert_eq!(verdict(&root, by_key), Verdict::Distrusted(2));
                let itself = distrusted(&certificates, &only_for_mail);
                assert_eq!(verdict(&root, itself), Verdict::Distrusted(2));
            }
        }
    }

    /// A reject list is about the key, a trust list about its certificate.
    #[test]
    fn a_renewed_certificate_is_distrusted_with_a_rejected_one_only() {
        let root = Authority::root("Root");
        let intermediate = root.intermediate("Intermediate");
        let chain = intermediate.issue(&["origin.test"]).chain;
        let old = [intermediate.renewed().der()];
        let only_for_mail = Objection::NotListed("emailProtection".to_owned());
        for anchors in [roots, delegated] {
            let verdict = |distrusted| verdict(anchors(&[&root]), distrusted, &chain);
            assert_eq!(verdict(rejected(&old)), Verdict::Distrusted(1));
            let itself = distrusted(&old, &only_for_mail);
            assert_eq!(verdict(itself), Verdict::Trusted);
        }
    }

    #[test]
    fn a_path_to_a_distrusted_root_is_told_from_one_to_an_unknown_one() {
        let [root, namesake, other] = ["Root", "Root", "Other"].map(Authority::root);
        let chain = root.intermediate("Intermediate").issue(&["origin.test"]);
        let verdict = |trusted: &[&Authority], presented: &[_]| {
            let distrusted = rejected(&der(&[&namesake, &root]));
            verdict(roots(trusted), distrusted, presented)
        };
        assert_eq!(verdict(&[&other], &chain.chain), Verdict::Distrusted(2));
        let another_kind = Authority::root_with_ed25519("Root");
        let trusted = [&other, &another_kind];
        assert_eq!(verdict(&trusted, &chain.chain), Verdict::Distrusted(2));
        for unknown in [Authority::root("Root"), another_kind] {
            let chain = unknown.issue(&["origin.test"]).chain;
            assert_ne!(verdict(&[&other], &chain), Verdict::Distrusted(1));
            assert_ne!(verdict(&[&other], &chain), Verdict::Distrusted(2));
        }
        let trusted = other.issue(&["origin.test"]);
        assert_eq!(verdict(&[&other], &trusted.chain), Verdict::Trusted);
        let expired = other.issue_with(&["origin.test"], Validity::Expired);
        assert_eq!(verdict(&[&other], &expired.chain), Verdict::Expired);
    }

    #[test]
    fn a_root_of_the_system_can_be_distrusted() {
        let root = Authority::root("Root");
        let chain = root.issue(&["origin.test"]).chain;
        let rejected = rejected(&der(&[&root]));
        let unknown = Anchors::Delegated(Vec::new());
        assert_eq!(verdict(unknown, rejected, &chain), Verdict::Distrusted(1));
    }
}
