//! Certificate authorities that exist only in memory, and the end-entity certificates which they
//! issue. Keys are ECDSA P-256. All of it panics instead of failing, because a lab that cannot
//! issue a certificate has nothing to test.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, PKCS_ED25519, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{InconsistentKeys, ServerConfig, SupportedProtocolVersion};

mod template;

pub use template::{Constraints, Key, Purpose, Template, Usage};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A certificate authority: a root, or an intermediate under one.
#[derive(Clone)]
pub struct Authority(Arc<Inner>);

struct Inner {
    name: String,
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    /// What a server sends after its own certificate: the intermediates, nearest first.
    intermediates: Vec<CertificateDer<'static>>,
}

impl Authority {
    /// Makes a self-signed root.
    ///
    /// # Panics
    ///
    /// Panics if the cryptographic provider cannot make a key.
    pub fn root(name: &str) -> Self {
        Self::root_with(name, new_key())
    }

    /// As [`root`](Self::root), with a key of another kind: Ed25519.
    ///
    /// # Panics
    ///
    /// Panics if the cryptographic provider cannot make a key.
    pub fn root_with_ed25519(name: &str) -> Self {
        let key = KeyPair::generate_for(&PKCS_ED25519);
        Self::root_with(name, key.expect("the provider makes an Ed25519 key"))
    }

    /// Signs itself anew: another certificate with the same name and key.
    ///
    /// # Panics
    ///
    /// Panics if the cryptographic provider does not read its own key.
    pub fn renewed(&self) -> Self {
        let key = self.0.issuer.key().serialize_der();
        let key = KeyPair::try_from(key).expect("the provider reads its own key");
        Self::root_with(&self.0.name, key)
    }

    fn root_with(name: &str, key: KeyPair) -> Self {
        let params = authority_params(name);
        let certificate = params.self_signed(&key).expect("a root signs itself");
        Self(Arc::new(Inner {
            name: name.to_owned(),
            certificate: certificate.der().clone(),
            issuer: Issuer::new(params, key),
            intermediates: Vec::new(),
        }))
    }

    /// Makes an authority whose certificate this one signs. The chains that it issues include it.
    ///
    /// # Panics
    ///
    /// Panics if the cryptographic provider cannot make a key.
    pub fn intermediate(&self, name: &str) -> Self {
        let (mut params, key) = (authority_params(name), new_key());
        params.use_authority_key_identifier_extension = true;
        let certificate = params
            .signed_by(&key, &self.0.issuer)
            .expect("an authority signs an intermediate");
        let mut intermediates = vec![certificate.der().clone()];
        intermediates.extend_from_slice(&self.0.intermediates);
        Self(Arc::new(Inner {
            name: name.to_owned(),
            certificate: certificate.der().clone(),
            issuer: Issuer::new(params, key),
            intermediates,
        }))
    }

    pub(crate) fn issuer(&self) -> &Issuer<'static, KeyPair> {
        &self.0.issuer
    }

    /// This authority's own certificate as one PEM block.
    pub fn pem(&self) -> String {
        block("CERTIFICATE", &self.0.certificate)
    }

    /// Its private key as one PKCS#8 PEM block, for a program that issues in its name.
    pub fn key_pem(&self) -> String {
        block("PRIVATE KEY", &self.0.issuer.key().serialize_der())
    }

    /// As `openssl x509 -trustout -addtrust serverAuth` writes it.
    pub fn trusted_pem(&self) -> String {
        self.with_server_auth_in(0x30)
    }

    /// As `openssl x509 -trustout -addreject serverAuth` writes it.
    pub fn rejected_pem(&self) -> String {
        self.with_server_auth_in(0xa0)
    }

    /// A `TRUSTED CERTIFICATE` with an X509_AUX behind it: a sequence of one list, with that
    /// tag, of the one purpose id-kp-serverAuth.
    fn with_server_auth_in(&self, list: u8) -> String {
        let server_auth = [6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 1];
        let aux = [&[0x30, 12, list, 10], &server_auth[..]].concat();
        block(
            "TRUSTED CERTIFICATE",
            &[&self.0.certificate, &aux[..]].concat(),
        )
    }

    /// This authority's own certificate.
    pub fn der(&self) -> CertificateDer<'static> {
        self.0.certificate.clone()
    }

    /// Issues a server certificate that is valid now. Names that parse as IP addresses become IP
    /// subject alternative names, the others become DNS ones.
    ///
    /// # Panics
    ///
    /// Panics if a name is not ASCII.
    pub fn issue(&self, names: &[&str]) -> EndEntity {
        self.issue_with(names, Validity::Current)
    }

    /// As [`issue`](Self::issue), with a chosen period of validity.
    ///
    /// # Panics
    ///
    /// Panics if a name is not ASCII.
    pub fn issue_with(&self, names: &[&str], validity: Validity) -> EndEntity {
        Template::server(names).validity(validity).issued_by(self)
    }
}

/// A bundle of `count` certificates, no two alike and all with another subject. Only the first
/// signs itself: a signature for each would take minutes, and nobody verifies those of roots.
///
/// # Panics
///
/// Panics if `count` exceeds ten million.
pub fn bundle_of(count: usize) -> String {
    assert!(
        count <= 10_000_000,
        "the numbers in the names have seven digits"
    );
    let name = |number: usize| format!("Authority {number:07}");
    let first = Authority::root(&name(0)).der().to_vec();
    let places: Vec<usize> = first
        .windows(name(0).len())
        .enumerate()
        .filter_map(|(place, bytes)| (bytes == name(0).as_bytes()).then_some(place))
        .collect();
    let numbered = |number| {
        let mut der = first.clone();
        for &place in &places {
            der[place..][..name(0).len()].copy_from_slice(name(number).as_bytes());
        }
        block("CERTIFICATE", &der)
    };
    (0..count).map(numbered).collect()
}

/// Roots that have this one name and a key each.
///
/// # Panics
///
/// Panics if the cryptographic provider cannot make a key.
pub fn namesakes(name: &str, count: usize) -> Vec<Authority> {
    (0..count).map(|_| Authority::root(name)).collect()
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority")
            .field("name", &self.0.name)
            .field("intermediates", &self.0.intermediates.len())
            .finish_non_exhaustive()
    }
}

/// When an end-entity certificate is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validity {
    /// From yesterday for 90 days.
    Current,
    /// For 30 days that ended yesterday.
    Expired,
    /// From tomorrow for 90 days.
    NotYetValid,
}

impl Validity {
    pub(crate) fn period(self) -> (Duration, Duration) {
        let now = since_epoch();
        match self {
            Self::Current => (now - DAY, now + 90 * DAY),
            Self::Expired => (now - 31 * DAY, now - DAY),
            Self::NotYetValid => (now + DAY, now + 91 * DAY),
        }
    }
}

/// A server's certificate chain (without the root) and its private key.
pub struct EndEntity {
    /// The server's own certificate, then the intermediates.
    pub chain: Vec<CertificateDer<'static>>,
    /// The private key of the first certificate in the chain.
    pub key: PrivateKeyDer<'static>,
}

impl EndEntity {
    /// The chain as PEM blocks, the server's own certificate first.
    pub fn chain_pem(&self) -> String {
        let blocks = self.chain.iter();
        blocks.map(|der| block("CERTIFICATE", der)).collect()
    }

    /// The private key as one PKCS#8 PEM block.
    pub fn key_pem(&self) -> String {
        block("PRIVATE KEY", self.key.secret_der())
    }

    /// The same key, with these certificates instead.
    #[must_use]
    pub fn with_chain(&self, chain: Vec<CertificateDer<'static>>) -> Self {
        let key = self.key.clone_key();
        Self { chain, key }
    }

    /// A configuration for a server that presents this chain and offers these protocols.
    ///
    /// # Panics
    ///
    /// Panics if `chain` and `key` have been replaced by ones that do not belong together.
    pub fn server_config(&self, alpn: &[&[u8]]) -> Arc<ServerConfig> {
        self.server_config_for(rustls::ALL_VERSIONS, alpn)
    }

    /// As [`server_config`](Self::server_config), for a server that speaks only these versions.
    ///
    /// # Panics
    ///
    /// Panics if `chain` and `key` have been replaced by ones that do not belong together, or if
    /// there is no version.
    pub fn server_config_for(
        &self,
        versions: &[&'static SupportedProtocolVersion],
        alpn: &[&[u8]],
    ) -> Arc<ServerConfig> {
        let mut config = ServerConfig::builder_with_provider(crate::tls::provider())
            .with_protocol_versions(versions)
            .expect("the provider has suites for TLS 1.2 and 1.3")
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(self.certified_key())));
        config.alpn_protocols = alpn.iter().map(|&protocol| protocol.to_vec()).collect();
        Arc::new(config)
    }

    /// Unlike rustls' own way, takes certificates which its verifier cannot read.
    fn certified_key(&self) -> CertifiedKey {
        let key = crate::legacy::signing_key(&self.key);
        let certified = CertifiedKey::new(self.chain.clone(), key);
        let mismatch = rustls::Error::from(InconsistentKeys::KeyMismatch);
        assert!(
            certified.keys_match() != Err(mismatch),
            "the key belongs to the certificate"
        );
        certified
    }
}

impl Clone for EndEntity {
    fn clone(&self) -> Self {
        Self {
            chain: self.chain.clone(),
            key: self.key.clone_key(),
        }
    }
}

impl fmt::Debug for EndEntity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EndEntity")
            .field("certificates", &self.chain.len())
            .finish_non_exhaustive()
    }
}

fn authority_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    // Longer on both sides than any end-entity certificate, so that only that one can be at fault.
    let now = since_epoch();
    set_validity(&mut params, now - 365 * DAY, now + 3650 * DAY);
    params
}

fn set_validity(params: &mut CertificateParams, from: Duration, until: Duration) {
    let epoch = date_time_ymd(1970, 1, 1);
    params.not_before = epoch + from;
    params.not_after = epoch + until;
}

fn since_epoch() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("the clock is past 1970")
}

fn new_key() -> KeyPair {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).expect("the provider makes a P-256 key")
}

pub(crate) fn block(tag: &str, der: &[u8]) -> String {
    let config = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
    pem::encode_config(&pem::Pem::new(tag, der), config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_intermediate_is_in_the_chain_and_the_root_is_not() {
        let root = Authority::root("Lab Root");
        let end_entity = root.intermediate("Lab Intermediate").issue(&["a.test"]);
        assert_eq!(end_entity.chain.len(), 2);
        assert!(!end_entity.chain.contains(&root.der()));
        assert_eq!(end_entity.chain_pem().matches("-----BEGIN").count(), 2);
    }

    #[test]
    fn a_large_bundle_repeats_no_certificate() {
        let blocks = pem::parse_many(bundle_of(20)).expect("PEM");
        let distinct: std::collections::HashSet<_> =
            blocks.iter().map(pem::Pem::contents).collect();
        assert_eq!((blocks.len(), distinct.len()), (20, 20));
        assert!(
            blocks[7]
                .contents()
                .windows(17)
                .any(|it| it == b"Authority 0000007")
        );
    }

    #[test]
    fn debug_output_leaves_the_key_out() {
        let end_entity = Authority::root("Lab Root").issue(&["127.0.0.1"]);
        assert!(end_entity.key_pem().starts_with("-----BEGIN PRIVATE KEY"));
        assert_eq!(
            format!("{end_entity:?}"),
            "EndEntity { certificates: 1, .. }"
        );
    }

    #[test]
    fn pem_holds_one_certificate() {
        let root = Authority::root("Lab Root");
        let parsed = pem::parse(root.pem()).expect("one block");
        assert_eq!(parsed.contents(), root.der().as_ref());
    }
}
