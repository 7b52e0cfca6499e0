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
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use crate::ca::{Anchors, Distrust, Distrusted, Trust, trust_anchor};

/// webpki's verifier or the operating system's, and neither sees what is distrusted.
pub(crate) fn verifier(
    trust: &Trust,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn Verifier>, Error> {
    let inner: Arc<dyn Verifier> = match &trust.anchors {
        Anchors::Roots(roots) => webpki(Arc::clone(roots), &provider)?,
        Anchors::Delegated(extra) => {
            let extra = extra.iter().cloned();
            let provider = Arc::clone(&provider);
            Arc::new(rustls_platform_verifier::Verifier::new_with_extra_roots(
                extra, provider,
            )?)
        }
    };
    if trust.distrusted.is_empty() {
        return Ok(inner);
    }
    Ok(Arc::new(Excluding {
        inner,
        keys: trust.distrusted.iter().map(|it| key(&it.der)).collect(),
        distrusted: trust.distrusted.clone(),
        anchored: anchored_by(&trust.distrusted, &provider)?,
        delegated: matches!(trust.anchors, Anchors::Delegated(_)),
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

/// Trusts just what is to be distrusted, as far as it can be an anchor at all.
fn anchored_by(
    distrusted: &[Distrusted],
    provider: &Arc<CryptoProvider>,
) -> Result<Option<Arc<WebPkiServerVerifier>>, Error> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(distrusted.iter().map(|it| it.der.clone()));
    match roots.is_empty() {
        true => Ok(None),
        false => webpki(Arc::new(roots), provider).map(Some),
    }
}

/// Keeps distrusted certificates out of every path: they are taken out of what the peer
/// presents, before a path is looked for.
#[derive(Debug)]
struct Excluding {
    inner: Arc<dyn Verifier>,
    distrusted: Vec<Distrusted>,
    /// Of each of them, if it can be read.
    keys: Vec<Option<Key>>,
    /// Tells whether a path ends in one of them.
    anchored: Option<Arc<WebPkiServerVerifier>>,
    /// The operating system may have a distrusted root of its own, and does not say which root
    /// it used. An intermediate that it fetches by itself is not seen here.
    delegated: bool,
    provider: Arc<CryptoProvider>,
}

/// Subject and public key, in DER. An ECDSA signature can be changed by anybody into another
/// valid one, and a key be certified again: the bytes of a certificate are not its identity.
type Key = (Vec<u8>, Vec<u8>);

fn key(certificate: &CertificateDer<'_>) -> Option<Key> {
    let anchor = trust_anchor(certificate).ok()??;
    let key = anchor.subject_public_key_info.as_ref().to_vec();
    Some((anchor.subject.as_ref().to_vec(), key))
}

impl Excluding {
    /// Why this very certificate is distrusted, if it is.
    fn distrust(&self, certificate: &CertificateDer<'_>) -> Option<&Arc<Distrust>> {
        let key = key(certificate);
        let mut distrusted = self.distrusted.iter().zip(&self.keys);
        let is_it = |(it, its_key): &(&Distrusted, &Option<Key>)| {
            it.der == *certificate || (key.is_some() && key == **its_key)
        };
        distrusted.find(is_it).map(|(it, _)| &it.why)
    }

    /// Why the certificate at the end of the peer's path is distrusted, if the path ends so.
    fn distrusted_end(&self, path: &Path<'_>) -> Option<&Arc<Distrust>> {
        let ends_in = |verifier: &WebPkiServerVerifier| !has_no_end(&path.verified_by(verifier));
        self.anchored.as_deref().filter(|all| ends_in(all))?;
        let mut distrusted = self.distrusted.iter();
        let only = |it| anchored_by(std::slice::from_ref(it), &self.provider).ok()?;
        distrusted
            .find(|it| only(it).is_some_and(|only| ends_in(&only)))
            .map(|it| &it.why)
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
}

/// Whether no path to an anchor was found. An anchor with the right name and another key is
/// none.
fn has_no_end(verified: &Result<ServerCertVerified, Error>) -> bool {
    use CertificateError::{BadSignature, UnknownIssuer};
    matches!(
        verified,
        Err(Error::InvalidCertificate(UnknownIssuer | BadSignature))
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
        let in_doubt = match verified {
            Ok(_) => self.delegated,
            Err(_) => has_no_end(&verified),
        };
        if in_doubt && let Some(why) = self.distrusted_end(&path) {
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
    use crate::factory::tls::default_provider;
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

    fn distrusted(certificates: Vec<CertificateDer<'static>>) -> Vec<Distrusted> {
        let why = |position| Distrust {
            subject: "CN=X".to_owned(),
            reason: "the test says so".to_owned(),
            file: "x.pem".into(),
            position,
        };
        let certificates = certificates.into_iter().zip(1..);
        let distrusted = certificates.map(|(der, position)| Distrusted {
            der,
            why: Arc::new(why(position)),
        });
        distrusted.collect()
    }

    #[derive(Debug, PartialEq)]
    enum Verdict {
        Trusted,
        UnknownIssuer,
        Expired,
        /// The one at this position.
        Distrusted(usize),
    }

    fn verdict(
        anchors: Anchors,
        distrusted: Vec<Distrusted>,
        presented: &[CertificateDer<'static>],
    ) -> Verdict {
        let trust = Trust {
            anchors,
            distrusted,
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
        for anchors in [roots, delegated] {
            let verdict = |trusted: &Authority, certificates| {
                verdict(anchors(&[trusted]), distrusted(certificates), &chain)
            };
            assert_eq!(verdict(&root, vec![]), Verdict::Trusted);
            assert_eq!(verdict(&other, vec![]), Verdict::UnknownIssuer);
            assert_eq!(verdict(&root, der(&[&other])), Verdict::Trusted);
            for (certificate, position) in [
                (intermediate.der(), 2),
                (chain[0].clone(), 2),
                (altered.clone().into(), 2),
            ] {
                let certificates = vec![other.der(), certificate];
                assert_eq!(verdict(&root, certificates), Verdict::Distrusted(position));
            }
        }
    }

    #[test]
    fn a_path_to_a_distrusted_root_is_told_from_one_to_an_unknown_one() {
        let [root, namesake, other] = ["Root", "Root", "Other"].map(Authority::root);
        let chain = root.intermediate("Intermediate").issue(&["origin.test"]);
        let verdict = |trusted: &[&Authority], presented: &[_]| {
            let certificates = der(&[&namesake, &root]);
            verdict(roots(trusted), distrusted(certificates), presented)
        };
        assert_eq!(verdict(&[&other], &chain.chain), Verdict::Distrusted(2));
        let unknown = Authority::root("Root").issue(&["origin.test"]);
        assert_eq!(verdict(&[&other], &unknown.chain), Verdict::UnknownIssuer);
        let trusted = other.issue(&["origin.test"]);
        assert_eq!(verdict(&[&other], &trusted.chain), Verdict::Trusted);
        let expired = other.issue_with(&["origin.test"], Validity::Expired);
        assert_eq!(verdict(&[&other], &expired.chain), Verdict::Expired);
    }

    #[test]
    fn a_root_of_the_system_can_be_distrusted() {
        let root = Authority::root("Root");
        let chain = root.issue(&["origin.test"]).chain;
        let verdict = verdict(delegated(&[&root]), distrusted(der(&[&root])), &chain);
        assert_eq!(verdict, Verdict::Distrusted(1));
    }
}
