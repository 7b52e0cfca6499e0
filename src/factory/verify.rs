//! The verifier of a policy: webpki's or the operating system's, and the rules around it. Nothing
//! that is distrusted or revoked is part of any path, and what stands in the bundle needs none.
#![expect(
    clippy::disallowed_types,
    reason = "the factory's own verifiers are made here, and only here"
)]

use std::fmt;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier as Verifier,
};
use rustls::crypto::CryptoProvider;
use rustls::{DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme};
use rustls_pki_types::{CertificateDer, Der, ServerName, TrustAnchor, UnixTime};

use super::excluded::Excluding;
use super::pinned::Pinning;
use super::revocation::{Revocation, Revoking};
use crate::ca::{Anchors, Trust};

/// webpki's verifier or the operating system's, with the rules that the policy has.
#[expect(
    clippy::disallowed_methods,
    reason = "where the operating system's verifier is made, for what the policy trusts"
)]
pub(crate) fn verifier(
    trust: &Trust,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn Verifier>, Error> {
    let algorithms = provider.signature_verification_algorithms;
    let mut revocation = None;
    let mut verifier: Arc<dyn Verifier> = match &trust.anchors {
        Anchors::Roots(roots) => {
            revocation = Revocation::new(&trust.crls, roots, algorithms);
            webpki(some_anchor(roots), &provider)?
        }
        Anchors::Delegated(extra) => {
            let certificates = extra.iter().cloned();
            let provider = Arc::clone(&provider);
            Arc::new(rustls_platform_verifier::Verifier::new_with_extra_roots(
                certificates,
                provider,
            )?)
        }
    };
    if let Some(revocation) = &revocation {
        verifier = ruled(verifier, Revoking(Arc::clone(revocation)));
    }
    if !trust.distrusted.is_empty() {
        verifier = ruled(verifier, Excluding::new(trust, provider)?);
    }
    if !trust.pins.is_empty() {
        // Outermost, so that what is distrusted or revoked is refused before.
        let pins = trust.pins.clone();
        verifier = ruled(verifier, Pinning { pins, revocation });
    }
    Ok(verifier)
}

pub(crate) fn webpki(
    roots: Arc<RootCertStore>,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, Error> {
    WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(provider))
        .build()
        .map_err(|error| Error::Other(OtherError(Arc::new(error))))
}

/// webpki's verifier needs an anchor. Where only servers' own certificates are trusted, it gets one
/// without a name or a key, which cannot have signed anything.
fn some_anchor(roots: &Arc<RootCertStore>) -> Arc<RootCertStore> {
    if !roots.is_empty() {
        return Arc::clone(roots);
    }
    let nobody = TrustAnchor {
        subject: Der::from_slice(&[]),
        subject_public_key_info: Der::from_slice(&[]),
        name_constraints: None,
    };
    let roots = vec![nobody];
    Arc::new(RootCertStore { roots })
}

/// What a policy says besides another verifier, which it asks.
pub(crate) trait Rule: fmt::Debug + Send + Sync + 'static {
    /// As `verify_server_cert`.
    fn verify(&self, presented: &Presented<'_>, inner: &Inner)
    -> Result<ServerCertVerified, Error>;
}

/// The verifier that a rule asks.
pub(crate) type Inner = dyn Verifier;

/// What a peer presented, and what it has to fit.
#[derive(Clone, Copy)]
pub(crate) struct Presented<'a> {
    pub(crate) end_entity: &'a CertificateDer<'a>,
    pub(crate) intermediates: &'a [CertificateDer<'a>],
    pub(crate) server_name: &'a ServerName<'a>,
    pub(crate) ocsp_response: &'a [u8],
    pub(crate) now: UnixTime,
}

impl Presented<'_> {
    pub(crate) fn verified_by(&self, verifier: &Inner) -> Result<ServerCertVerified, Error> {
        verifier.verify_server_cert(
            self.end_entity,
            self.intermediates,
            self.server_name,
            self.ocsp_response,
            self.now,
        )
    }
}

fn ruled(inner: Arc<dyn Verifier>, rule: impl Rule) -> Arc<dyn Verifier> {
    Arc::new(Ruled { inner, rule })
}

#[derive(Debug)]
struct Ruled<R> {
    inner: Arc<dyn Verifier>,
    rule: R,
}

impl<R: Rule> Verifier for Ruled<R> {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let presented = Presented {
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        };
        self.rule.verify(&presented, &*self.inner)
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
