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

use crate::ca::{Anchors, Trust, trust_anchor};

/// webpki's verifier or the operating system's, and neither sees what is distrusted.
pub(crate) fn verifier(
    trust: &Trust,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn Verifier>, Error> {
    let mut excluded = None;
    let inner: Arc<dyn Verifier> = match &trust.anchors {
        Anchors::Roots(roots) => webpki(Arc::clone(roots), provider)?,
        Anchors::Delegated(extra) => {
            excluded = anchored_by(&trust.distrusted, &provider)?;
            let extra = extra.iter().cloned();
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
        keys: trust.distrusted.iter().filter_map(key).collect(),
        distrusted: trust.distrusted.clone(),
        excluded,
    }))
}

fn webpki(
    roots: Arc<RootCertStore>,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, Error> {
    WebPkiServerVerifier::builder_with_provider(roots, provider)
        .build()
        .map_err(|error| Error::Other(OtherError(Arc::new(error))))
}

/// Trusts just what is to be distrusted, as far as it can be an anchor at all.
fn anchored_by(
    distrusted: &[CertificateDer<'static>],
    provider: &Arc<CryptoProvider>,
) -> Result<Option<Arc<WebPkiServerVerifier>>, Error> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(distrusted.iter().cloned());
    match roots.is_empty() {
        true => Ok(None),
        false => webpki(Arc::new(roots), Arc::clone(provider)).map(Some),
    }
}

/// Keeps distrusted certificates out of every path: they are taken out of what the peer
/// presents, before a path is looked for.
#[derive(Debug)]
struct Excluding {
    inner: Arc<dyn Verifier>,
    distrusted: Vec<CertificateDer<'static>>,
    keys: Vec<Key>,
    /// The operating system may have a distrusted root of its own, and does not say which root
    /// it used: what this one can anchor is refused. An intermediate that the system fetches
    /// by itself is not seen here.
    excluded: Option<Arc<WebPkiServerVerifier>>,
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
    fn distrusts(&self, certificate: &CertificateDer<'_>) -> bool {
        self.distrusted.contains(certificate)
            || key(certificate).is_some_and(|key| self.keys.contains(&key))
    }
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
        if self.distrusts(end_entity) {
            return Err(CertificateError::ApplicationVerificationFailure.into());
        }
        let mut intermediates = intermediates.to_vec();
        intermediates.retain(|der| !self.distrusts(der));
        let verify = |verifier: &dyn Verifier| {
            verifier.verify_server_cert(end_entity, &intermediates, server_name, ocsp_response, now)
        };
        let verified = verify(&*self.inner)?;
        match &self.excluded {
            Some(excluded) if verify(&**excluded).is_ok() => {
                Err(CertificateError::UnknownIssuer.into())
            }
            _ => Ok(verified),
        }
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
    use trusted_transport_lab::Authority;

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

    fn verdict(
        anchors: Anchors,
        distrusted: Vec<CertificateDer<'static>>,
        presented: &[CertificateDer<'static>],
    ) -> Result<(), Error> {
        let trust = Trust {
            anchors,
            distrusted,
        };
        let (provider, _) = default_provider().expect("a provider");
        let (end_entity, intermediates) = presented.split_first().expect("a chain");
        let name = ServerName::try_from("origin.test").expect("a name");
        verifier(&trust, provider)?
            .verify_server_cert(end_entity, intermediates, &name, &[], UnixTime::now())
            .map(|_| ())
    }

    #[test]
    fn nothing_that_is_distrusted_is_part_of_a_path() {
        let [root, other] = ["Root", "Other"].map(Authority::root);
        let intermediate = root.intermediate("Intermediate");
        let chain = intermediate.issue(&["origin.test"]).chain;
        let unknown = Err(CertificateError::UnknownIssuer.into());
        let refused = Err(CertificateError::ApplicationVerificationFailure.into());
        for anchors in [roots, delegated] {
            assert_eq!(verdict(anchors(&[&root]), vec![], &chain), Ok(()));
            assert_eq!(verdict(anchors(&[&other]), vec![], &chain), unknown);
            assert_eq!(verdict(anchors(&[&root]), der(&[&other]), &chain), Ok(()));
            let distrusted = der(&[&intermediate]);
            assert_eq!(verdict(anchors(&[&root]), distrusted, &chain), unknown);
            let distrusted = vec![chain[0].clone()];
            assert_eq!(verdict(anchors(&[&root]), distrusted, &chain), refused);
            let mut altered = intermediate.der().to_vec();
            *altered.last_mut().expect("a signature") ^= 1;
            let altered = vec![altered.into()];
            assert_eq!(verdict(anchors(&[&root]), altered, &chain), unknown);
        }
    }

    #[test]
    fn a_root_of_the_system_can_be_distrusted() {
        let root = Authority::root("Root");
        let chain = root.issue(&["origin.test"]).chain;
        let unknown = Err(CertificateError::UnknownIssuer.into());
        assert_eq!(verdict(delegated(&[&root]), der(&[&root]), &chain), unknown);
    }
}
