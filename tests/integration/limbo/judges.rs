//! Who judges a case: the verifier inside of a token, and rustls' own with the same certificates.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
#[expect(
    clippy::disallowed_types,
    reason = "plain rustls judges by it, and nothing connects"
)]
use rustls::client::danger::ServerCertVerifier as _;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, ServerName, UnixTime};
use rustls::server::{ClientHello, ResolvesServerCert, ServerConfig};
use rustls::sign::{CertifiedKey, Signer, SigningKey};
use rustls::time_provider::TimeProvider;
use rustls::{
    CertificateError, ClientConfig, ClientConnection, Error, OtherError, PeerMisbehaved,
    RootCertStore, ServerConnection, SignatureAlgorithm, SignatureScheme,
};
use rustls_pki_types::pem::PemObject;
use trusted_transport::{CrlPolicy, ProxyPolicy, Refusal, TrustedTransport};

use super::corpus::Case;
use crate::fixtures::exclusive;

/// How a judge decides.
#[derive(Debug)]
pub(super) enum Verdict {
    Accepted,
    Refused {
        error: Error,
        /// What a token tells of it.
        told: Option<Refusal>,
    },
}

impl Verdict {
    /// Whether both judges say the same, and for the same reason.
    pub(super) fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Accepted, Self::Accepted) => true,
            (Self::Refused { error, .. }, Self::Refused { error: other, .. }) => same(error, other),
            _ => false,
        }
    }
}

/// Errors that hold those of webpki are not equal by themselves.
fn same(one: &Error, other: &Error) -> bool {
    match (webpki(one), webpki(other)) {
        (None, None) => one == other,
        (one, other) => one == other,
    }
}

fn webpki(error: &Error) -> Option<&webpki::Error> {
    match error {
        Error::InvalidCertificate(CertificateError::Other(OtherError(error)))
        | Error::Other(OtherError(error)) => error.downcast_ref(),
        _ => None,
    }
}

/// The name of an error, without what is particular to the case.
pub(super) fn kind(error: &Error) -> String {
    let error = match (webpki(error), error) {
        (Some(error), _) => format!("{error:?}"),
        (None, Error::InvalidCertificate(error)) => format!("{error:?}"),
        (None, error) => format!("{error:?}"),
    };
    let name = error.split([' ', '{']).next();
    name.unwrap_or_default().to_owned()
}

/// A token that trusts what the case trusts, by way of a bundle.
pub(super) fn token(case: &Case, crls: CrlPolicy) -> TrustedTransport {
    let lists = case.crls.iter().filter(|_| crls == CrlPolicy::Enforce);
    let bundle: String = case.trusted_certs.iter().chain(lists).cloned().collect();
    let anchors = exclusive().bundle_pem("the case", bundle).crls(crls).load();
    let anchors = anchors.unwrap_or_else(|error| panic!("{}: {error}", case.id));
    let builder = TrustedTransport::builder(anchors).proxy(ProxyPolicy::Direct);
    builder.build().expect("a token")
}

/// The verdict of a token's own verifier, in a handshake with a server that presents the chain.
pub(super) fn token_verdict(
    token: &TrustedTransport,
    chain: &[CertificateDer<'static>],
    name: &ServerName<'static>,
    time: UnixTime,
) -> Verdict {
    let mut config = ClientConfig::clone(&token.rustls_config());
    config.time_provider = Arc::new(At(time));
    match handshake(config, chain, name) {
        // The certificate was accepted, and then the server had no key.
        Error::PeerMisbehaved(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme) => {
            Verdict::Accepted
        }
        error => {
            let failure = token.explain(&error);
            let told = failure.map(|failure| failure.refusal());
            Verdict::Refused { error, told }
        }
    }
}

/// The verdict of rustls' verifier, with the cryptography of the token.
pub(super) fn plain_verdict(
    case: &Case,
    crls: CrlPolicy,
    token: &TrustedTransport,
    name: &ServerName<'static>,
) -> Verdict {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(case.trusted());
    let provider = Arc::clone(token.rustls_config().crypto_provider());
    let mut builder = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider);
    if crls == CrlPolicy::Enforce {
        let lists = case.crls.iter();
        let lists = lists.map(|pem| CertificateRevocationListDer::from_pem_slice(pem.as_bytes()));
        let lists = lists.collect::<Result<Vec<_>, _>>().expect("lists");
        builder = builder.with_crls(lists).allow_unknown_revocation_status();
    }
    let verifier = builder.build().expect("a verifier");
    let chain = case.chain();
    let (end_entity, intermediates) = chain.split_first().expect("a chain");
    match verifier.verify_server_cert(end_entity, intermediates, name, &[], case.time()) {
        Ok(_) => Verdict::Accepted,
        Err(error) => Verdict::Refused { error, told: None },
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a handshake in memory, with a token's own configuration"
)]
fn handshake(
    config: ClientConfig,
    chain: &[CertificateDer<'static>],
    name: &ServerName<'static>,
) -> Error {
    let provider = Arc::clone(config.crypto_provider());
    let presents = Presents(Arc::new(CertifiedKey::new(chain.to_vec(), Arc::new(NoKey))));
    let server = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("TLS 1.3")
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(presents));
    let mut server = ServerConnection::new(Arc::new(server)).expect("a server");
    let mut client = ClientConnection::new(Arc::new(config), name.clone()).expect("a client");
    for _ in 0..MOST_TURNS {
        let mut bytes = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut bytes).expect("memory");
        }
        give(&mut server, &bytes).expect("the client does as it should");
        let mut bytes = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut bytes).expect("memory");
        }
        if let Err(error) = give(&mut client, &bytes) {
            return error;
        }
    }
    panic!("a handshake without a key")
}

fn give<S>(
    to: &mut impl std::ops::DerefMut<Target = rustls::ConnectionCommon<S>>,
    mut bytes: &[u8],
) -> Result<(), Error> {
    while !bytes.is_empty() {
        to.read_tls(&mut bytes).expect("memory");
        to.process_new_packets()?;
    }
    Ok(())
}

/// A clock that stands still.
#[derive(Debug)]
struct At(UnixTime);

impl TimeProvider for At {
    fn current_time(&self) -> Option<UnixTime> {
        Some(self.0)
    }
}

#[derive(Debug)]
struct Presents(Arc<CertifiedKey>);

impl ResolvesServerCert for Presents {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

/// Signs with nothing, by a scheme that TLS 1.3 does not have: the error for that cannot be one of
/// the certificate's, and comes only after the certificate was accepted (RFC 8446, 4.4.3).
#[derive(Debug)]
struct NoKey;

impl SigningKey for NoKey {
    fn choose_scheme(&self, _: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        Some(Box::new(Self))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::RSA
    }
}

impl Signer for NoKey {
    fn sign(&self, _: &[u8]) -> Result<Vec<u8>, Error> {
        Ok(Vec::new())
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::RSA_PKCS1_SHA1
    }
}

/// A ClientHello, and perhaps a second one (RFC 8446, 4.1.4).
const MOST_TURNS: usize = 3;
