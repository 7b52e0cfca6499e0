//! The only construction of `rustls::ClientConfig`: one verifier and one session store for
//! everything that a token makes, and the ALPN that each protocol needs (RFC 7301).

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified};
use rustls::crypto::CryptoProvider;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, OtherError, RootCertStore,
    SignatureScheme, SupportedProtocolVersion,
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use super::error::TransportError;
use crate::ca::Trust;

#[expect(
    clippy::disallowed_types,
    reason = "the factory's own verifiers are made here"
)]
use rustls::client::danger::ServerCertVerifier;

/// The oldest TLS version that is spoken; see
/// [`tls_min_version`](crate::TransportBuilder::tls_min_version).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsVersion {
    /// TLS 1.2, RFC 5246.
    #[default]
    Tls12,
    /// TLS 1.3, RFC 8446.
    Tls13,
}

/// The TLS side of a token.
pub(crate) struct Tls {
    /// Without ALPN.
    plain: Arc<ClientConfig>,
    websocket: Arc<ClientConfig>,
}

/// The versions of HTTP that a client offers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum HttpVersions {
    #[default]
    All,
    Http1,
    #[cfg(feature = "http2")]
    Http2,
}

impl Tls {
    pub(crate) fn new(
        trust: &Trust,
        provider: Arc<CryptoProvider>,
        oldest: TlsVersion,
    ) -> Result<Self, TransportError> {
        let plain = config(trust, provider, oldest)
            .map_err(|source| TransportError::Configuration { source })?;
        let mut websocket = plain.clone();
        websocket.alpn_protocols = vec![HTTP_1_1.to_vec()];
        Ok(Self {
            plain: Arc::new(plain),
            websocket: Arc::new(websocket),
        })
    }

    /// For TLS to a proxy, and for protocols other than HTTP.
    pub(crate) fn plain(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.plain)
    }

    /// A WebSocket upgrade exists in HTTP/1.1 only (RFC 6455, 4.1).
    pub(crate) fn websocket(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.websocket)
    }

    pub(crate) fn http(&self, versions: HttpVersions) -> ClientConfig {
        let mut config = ClientConfig::clone(&self.plain);
        let offered: &[&[u8]] = match versions {
            HttpVersions::All if cfg!(feature = "http2") => &[HTTP_2, HTTP_1_1],
            HttpVersions::All | HttpVersions::Http1 => &[HTTP_1_1],
            #[cfg(feature = "http2")]
            HttpVersions::Http2 => &[HTTP_2],
        };
        config.alpn_protocols = offered.iter().map(|name| name.to_vec()).collect();
        config
    }
}

/// The provider that the features choose, and its name. A library never installs one for
/// the process.
pub(crate) fn default_provider() -> Result<(Arc<CryptoProvider>, &'static str), TransportError> {
    #[cfg(feature = "aws-lc-rs")]
    return Ok((
        Arc::new(rustls::crypto::aws_lc_rs::default_provider()),
        "aws-lc-rs",
    ));
    #[cfg(all(feature = "ring", not(feature = "aws-lc-rs")))]
    return Ok((Arc::new(rustls::crypto::ring::default_provider()), "ring"));
    #[cfg(not(any(feature = "aws-lc-rs", feature = "ring")))]
    return Err(TransportError::NoCryptoProvider);
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where a TLS configuration is made from a CA policy"
)]
fn config(
    trust: &Trust,
    provider: Arc<CryptoProvider>,
    oldest: TlsVersion,
) -> Result<ClientConfig, Error> {
    let versions: &[&SupportedProtocolVersion] = match oldest {
        TlsVersion::Tls12 => &[&rustls::version::TLS13, &rustls::version::TLS12],
        TlsVersion::Tls13 => &[&rustls::version::TLS13],
    };
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(versions)?;
    let builder = match trust {
        Trust::Roots(roots) => builder.with_webpki_verifier(webpki(Arc::clone(roots), provider)?),
        Trust::Delegated { extra, distrusted } => builder
            .dangerous()
            .with_custom_certificate_verifier(delegated(extra, distrusted, provider)?),
    };
    Ok(builder.with_no_client_auth())
}

fn webpki(
    roots: Arc<RootCertStore>,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, Error> {
    WebPkiServerVerifier::builder_with_provider(roots, provider)
        .build()
        .map_err(|error| Error::Other(OtherError(Arc::new(error))))
}

/// The operating system's verifier, with the bundle added. What the bundle distrusts the
/// system may still trust: a chain that a distrusted certificate is part of, or can anchor,
/// is refused.
#[expect(
    clippy::disallowed_types,
    reason = "one of the factory's own verifiers"
)]
fn delegated(
    extra: &[CertificateDer<'static>],
    distrusted: &[CertificateDer<'static>],
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, Error> {
    let extra = extra.iter().cloned();
    let system =
        rustls_platform_verifier::Verifier::new_with_extra_roots(extra, Arc::clone(&provider))?;
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(distrusted.iter().cloned());
    if roots.is_empty() {
        return Ok(Arc::new(system));
    }
    Ok(Arc::new(Excluding {
        system,
        excluded: webpki(Arc::new(roots), provider)?,
        distrusted: distrusted.to_vec(),
    }))
}

#[derive(Debug)]
struct Excluding {
    system: rustls_platform_verifier::Verifier,
    /// Trusts just what is to be distrusted.
    excluded: Arc<WebPkiServerVerifier>,
    distrusted: Vec<CertificateDer<'static>>,
}

impl ServerCertVerifier for Excluding {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self.system.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        )?;
        let presented = std::iter::once(end_entity).chain(intermediates);
        let distrusted = presented
            .into_iter()
            .any(|der| self.distrusted.contains(der))
            || self
                .excluded
                .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
                .is_ok();
        match distrusted {
            true => Err(CertificateError::UnknownIssuer.into()),
            false => Ok(verified),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.system
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.system
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.system.supported_verify_schemes()
    }
}

const HTTP_1_1: &[u8] = b"http/1.1";
const HTTP_2: &[u8] = b"h2";

#[cfg(test)]
mod tests {
    use super::*;
    use trusted_transport_lab::{Authority, EndEntity};

    /// The branch of macOS and Windows. Here its system verifier reads the machine's roots,
    /// none of which is the lab's.
    fn verdict(
        extra: &[&Authority],
        distrusted: &[&Authority],
        presented: &EndEntity,
    ) -> Result<(), Error> {
        let der = |authorities: &[&Authority]| -> Vec<_> {
            authorities
                .iter()
                .map(|authority| authority.der())
                .collect()
        };
        let (provider, _) = default_provider().expect("a provider");
        let verifier = delegated(&der(extra), &der(distrusted), provider)?;
        let (end_entity, intermediates) = presented.chain.split_first().expect("a chain");
        let name = ServerName::try_from("origin.test").expect("a name");
        verifier
            .verify_server_cert(end_entity, intermediates, &name, &[], UnixTime::now())
            .map(|_| ())
    }

    #[test]
    fn a_delegated_verifier_adds_the_bundle_and_takes_away_what_it_distrusts() {
        let [root, other] = ["Root", "Other"].map(Authority::root);
        let intermediate = root.intermediate("Intermediate");
        let presented = intermediate.issue(&["origin.test"]);
        let unknown = Err(CertificateError::UnknownIssuer.into());

        assert_eq!(verdict(&[&root], &[], &presented), Ok(()));
        assert_eq!(verdict(&[&other], &[], &presented), unknown);
        assert_eq!(verdict(&[&root], &[&other], &presented), Ok(()));
        assert_eq!(verdict(&[&root], &[&root], &presented), unknown);
        assert_eq!(verdict(&[&root], &[&intermediate], &presented), unknown);
    }
}
