//! Servers that want to know who connects: they require or request a client certificate of one
//! authority, and keep what they were shown, accepted or not.

use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    DigitallySignedStruct, DistinguishedName, Error, RootCertStore, ServerConfig, SignatureScheme,
    SupportedProtocolVersion,
};

use crate::pki::{Authority, EndEntity};
use crate::server::Log;

/// What servers do about client certificates. Clones share the record of what was shown.
#[derive(Clone, Debug)]
pub struct ClientAuth {
    verifier: Arc<Recording>,
    versions: &'static [&'static SupportedProtocolVersion],
}

impl ClientAuth {
    /// Nobody gets in without a certificate that this authority issued for a client.
    ///
    /// # Panics
    ///
    /// Panics if the verifier does not take the authority.
    pub fn required_of(authority: &Authority) -> Self {
        Self::new(authority, true)
    }

    /// Clients may show a certificate that this authority issued, or none.
    ///
    /// # Panics
    ///
    /// Panics if the verifier does not take the authority.
    pub fn requested_of(authority: &Authority) -> Self {
        Self::new(authority, false)
    }

    fn new(authority: &Authority, required: bool) -> Self {
        let mut roots = RootCertStore::empty();
        let added = roots.add(authority.der());
        added.expect("a root of the lab is a certificate");
        let provider = crate::tls::provider();
        let builder = WebPkiClientVerifier::builder_with_provider(roots.into(), provider);
        let builder = match required {
            true => builder,
            false => builder.allow_unauthenticated(),
        };
        Self {
            verifier: Arc::new(Recording {
                inner: builder.build().expect("there is a root"),
                shown: Log::new(),
            }),
            versions: rustls::ALL_VERSIONS,
        }
    }

    /// Speaks nothing newer than TLS 1.2.
    #[must_use]
    pub fn tls12(self) -> Self {
        Self {
            versions: &TLS12,
            ..self
        }
    }

    /// A configuration for a server that presents this chain, offers these protocols, and asks its
    /// clients for certificates.
    ///
    /// # Panics
    ///
    /// Panics if the chain and its key have been replaced by ones that do not belong together.
    pub fn server_config(&self, end_entity: &EndEntity, alpn: &[&[u8]]) -> Arc<ServerConfig> {
        let mut config = ServerConfig::builder_with_provider(crate::tls::provider())
            .with_protocol_versions(self.versions)
            .expect("the provider has suites for TLS 1.2 and 1.3")
            .with_client_cert_verifier(self.verifier.clone())
            .with_single_cert(end_entity.chain.clone(), end_entity.key.clone_key())
            .expect("the key belongs to the certificate");
        config.alpn_protocols = alpn.iter().map(|&protocol| protocol.to_vec()).collect();
        Arc::new(config)
    }

    /// The clients' own certificates so far, oldest first, accepted or not; of a resumed session
    /// none is shown.
    pub fn shown(&self) -> Vec<CertificateDer<'static>> {
        self.verifier.shown.entries()
    }
}

#[derive(Debug)]
struct Recording {
    inner: Arc<dyn ClientCertVerifier>,
    shown: Log<CertificateDer<'static>>,
}

impl ClientCertVerifier for Recording {
    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.shown.push(end_entity.clone().into_owned());
        self.inner
            .verify_client_cert(end_entity, intermediates, now)
    }

    fn client_auth_mandatory(&self) -> bool {
        self.inner.client_auth_mandatory()
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.inner.root_hint_subjects()
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

static TLS12: [&SupportedProtocolVersion; 1] = [&rustls::version::TLS12];
