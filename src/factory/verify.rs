//! The verifier of a policy: webpki's or the operating system's, and nothing that is distrusted
//! is part of any path.
#![expect(
    clippy::disallowed_types,
    reason = "the factory's own verifiers are made here, and only here"
)]

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier as Verifier,
};
use rustls::crypto::CryptoProvider;
use rustls::{
    CertificateError, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme,
};
use rustls_pki_types::{CertificateDer, ServerName, TrustAnchor, UnixTime};

use crate::ca::{Anchors, Distrust, Identity, Trust};

/// webpki's verifier or the operating system's, and neither sees what is distrusted.
#[expect(
    clippy::disallowed_methods,
    reason = "where the operating system's verifier is made, for what the policy trusts"
)]
pub(crate) fn verifier(
    trust: &Trust,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn Verifier>, Error> {
    let (inner, extra): (Arc<dyn Verifier>, _) = match &trust.anchors {
        Anchors::Roots(roots) => (webpki(Arc::clone(roots), &provider)?, None),
        Anchors::Delegated(extra) => {
            let certificates = extra.iter().cloned();
            let provider = Arc::clone(&provider);
            let inner =
                rustls_platform_verifier::Verifier::new_with_extra_roots(certificates, provider)?;
            (Arc::new(inner), Some(extra))
        }
    };
    if trust.distrusted.is_empty() {
        return Ok(inner);
    }
    let anchors = trust.distrusted.iter().filter_map(|it| it.anchor());
    Ok(Arc::new(Excluding {
        inner,
        delegated: extra.map(|extra| of_bundle(extra, &provider)).transpose()?,
        anchored: anchored_by(anchors.collect(), &provider)?,
        distrusted: trust.distrusted.clone(),
        provider,
    }))
}

fn webpki(
    roots: Arc<RootCertStore>,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, Error> {
    WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(provider))
        .build()
        .map_err(|error| Error::Other(OtherError(Arc::new(error))))
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

type OfAnchors = Option<Arc<WebPkiServerVerifier>>;

/// Keeps distrusted certificates out of every path: they are taken out of what the peer
/// presents, before a path is looked for.
#[derive(Debug)]
struct Excluding {
    inner: Arc<dyn Verifier>,
    distrusted: Vec<Arc<Distrust>>,
    /// Tells whether a path ends in one of them.
    anchored: OfAnchors,
    /// If the operating system decides: the verifier of the bundle's own anchors. The system may
    /// have a distrusted root, and does not say which root it used. An intermediate that it
    /// fetches by itself is not seen here.
    delegated: Option<OfAnchors>,
    provider: Arc<CryptoProvider>,
}

impl Excluding {
    /// Why this very certificate is distrusted, if it is.
    fn distrust(&self, certificate: &CertificateDer<'_>) -> Option<&Arc<Distrust>> {
        let identity = Identity::of(certificate);
        self.distrusted.iter().find(|it| it.covers(&identity))
    }

    /// Why the certificate at the end of the peer's path is distrusted, if the path ends so.
    fn distrusted_end(&self, path: &Path<'_>) -> Option<&Arc<Distrust>> {
        path.ends_in(&self.anchored).then_some(())?;
        let only = |it: &Distrust| anchored_by(vec![it.anchor()?], &self.provider).ok();
        let mut distrusted = self.distrusted.iter();
        distrusted.find(|it| only(it).is_some_and(|only| path.ends_in(&only)))
    }

    /// Whether the verdict may rest on a distrusted root, or hide that one is why there is none.
    fn in_doubt(&self, verified: &Result<ServerCertVerified, Error>, path: &Path<'_>) -> bool {
        match (verified, &self.delegated) {
            (Ok(_), Some(of_bundle)) => !path.ends_in(of_bundle),
            (Ok(_), None) => false,
            (Err(_), _) => has_no_end(verified),
        }
    }
}

/// What a peer presented, less what is distrusted, and what it has to fit.
struct Path<'a> {
    end_entity: &'a CertificateDer<'a>,
    intermediates: Vec<CertificateDer<'a>>,
    server_name: &'a ServerName<'a>,
    ocsp_response: &'a [u8],
    now: UnixTime,
}

impl Path<'_> {
    fn verified_by(&self, verifier: &dyn Verifier) -> Result<ServerCertVerified, Error> {
        verifier.verify_server_cert(
            self.end_entity,
            &self.intermediates,
            self.server_name,
            self.ocsp_response,
            self.now,
        )
    }

    fn ends_in(&self, anchors: &OfAnchors) -> bool {
        let anchors = anchors.as_deref();
        anchors.is_some_and(|anchors| !has_no_end(&self.verified_by(anchors)))
    }
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

impl Verifier for Excluding {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if let Some(why) = self.distrust(end_entity) {
            return Err(refused(why));
        }
        let intermediates = intermediates.iter();
        let allowed = intermediates.filter(|der| self.distrust(der).is_none());
        let path = Path {
            end_entity,
            intermediates: allowed.cloned().collect(),
            server_name,
            ocsp_response,
            now,
        };
        let verified = path.verified_by(&*self.inner);
        if self.in_doubt(&verified, &path)
            && let Some(why) = self.distrusted_end(&path)
        {
            return Err(refused(why));
        }
        verified
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ca::Objection;
    use crate::factory::crypto::default_provider;
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
