//! Certificates that are unlike what [`Authority::issue`] makes: one starts as an ordinary server's
//! or authority's, and is bent step by step before somebody signs it.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType, DnValue,
    ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    NameConstraints, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ECDSA_P521_SHA512,
    PKCS_ED25519, PKCS_RSA_SHA256, RsaKeySize,
};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};

use super::{Authority, EndEntity, Inner, Validity, authority_params, set_validity};

/// A certificate that nobody has signed yet.
///
/// It has its key already and can be signed more than once, so that two issuers can certify one
/// authority.
#[derive(Clone, Debug)]
#[must_use = "a template becomes a certificate only once it has been signed"]
pub struct Template {
    params: CertificateParams,
    key: Arc<KeyPair>,
}

impl Template {
    /// A server's certificate, valid now. Names that parse as IP addresses become IP subject
    /// alternative names, the others become DNS ones; the first is the common name as well.
    ///
    /// # Panics
    ///
    /// Panics if a name is not ASCII, or if the cryptographic provider cannot make a key.
    pub fn server(names: &[&str]) -> Self {
        let list: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let mut params = CertificateParams::new(list).expect("the names are ASCII");
        params.distinguished_name = common_name(names.first().unwrap_or(&"lab"));
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        Self::new(params).validity(Validity::Current)
    }

    /// An authority's certificate: valid for years, allowed to sign certificates and CRLs.
    ///
    /// # Panics
    ///
    /// Panics if the cryptographic provider cannot make a key.
    pub fn authority(name: &str) -> Self {
        Self::new(authority_params(name))
    }

    fn new(mut params: CertificateParams) -> Self {
        params.use_authority_key_identifier_extension = true;
        Self {
            params,
            key: Arc::new(Key::P256.make()),
        }
    }

    /// Makes another key, of this kind.
    ///
    /// # Panics
    ///
    /// Panics if the cryptographic provider cannot make a key.
    pub fn key(mut self, key: Key) -> Self {
        self.key = Arc::new(key.make());
        self
    }

    /// Changes the period of validity.
    pub fn validity(mut self, validity: Validity) -> Self {
        let (from, until) = validity.period();
        set_validity(&mut self.params, from, until);
        self
    }

    /// Leaves the subject alternative names out, so that only the common name is left.
    pub fn without_alt_names(mut self) -> Self {
        self.params.subject_alt_names.clear();
        self
    }

    /// Changes the key usages; with none, the extension is left out.
    pub fn usages(mut self, usages: &[Usage]) -> Self {
        self.params.key_usages = usages.iter().map(|usage| usage.purpose()).collect();
        self
    }

    /// Changes the extended key usages; with none, the extension is left out.
    pub fn purposes(mut self, purposes: &[Purpose]) -> Self {
        self.params.extended_key_usages = purposes.iter().map(|it| it.purpose()).collect();
        self
    }

    /// Changes the basic constraints.
    pub fn constraints(mut self, constraints: Constraints) -> Self {
        self.params.is_ca = match constraints {
            Constraints::Absent => IsCa::NoCa,
            Constraints::NoAuthority => IsCa::ExplicitNoCa,
            Constraints::Authority => IsCa::Ca(BasicConstraints::Unconstrained),
            Constraints::PathLength(length) => IsCa::Ca(BasicConstraints::Constrained(length)),
        };
        self
    }

    /// Adds name constraints: the DNS names that an authority may certify, if any are given, and
    /// those that it may not.
    pub fn name_constraints(mut self, permitted: &[&str], excluded: &[&str]) -> Self {
        let subtrees = |names: &[&str]| {
            let names = names.iter();
            names
                .map(|&name| GeneralSubtree::DnsName(name.to_owned()))
                .collect()
        };
        self.params.name_constraints = Some(NameConstraints {
            permitted_subtrees: subtrees(permitted),
            excluded_subtrees: subtrees(excluded),
        });
        self
    }

    /// Adds a critical extension that no verifier knows.
    pub fn unknown_critical_extension(mut self) -> Self {
        let null = vec![5, 0];
        let mut extension = CustomExtension::from_oid_content(UNKNOWN_EXTENSION, null);
        extension.set_criticality(true);
        self.params.custom_extensions.push(extension);
        self
    }

    /// Signed by an authority, as what a server presents. The chain includes the intermediates.
    pub fn issued_by(&self, issuer: &Authority) -> EndEntity {
        let mut chain = vec![self.signed_by(issuer)];
        chain.extend_from_slice(&issuer.0.intermediates);
        self.end_entity(chain)
    }

    /// Signed with its own key, as what a server presents.
    pub fn self_signed(&self) -> EndEntity {
        self.end_entity(vec![self.signed_by_itself()])
    }

    /// Signed with its own key, as an authority that issues.
    pub fn root(&self) -> Authority {
        self.certified(self.signed_by_itself(), Vec::new())
    }

    /// Signed by an authority, as one that issues in turn, whatever the certificate allows it. The
    /// chains that it issues include it.
    pub fn under(&self, issuer: &Authority) -> Authority {
        let certificate = self.signed_by(issuer);
        let mut intermediates = vec![certificate.clone()];
        intermediates.extend_from_slice(&issuer.0.intermediates);
        self.certified(certificate, intermediates)
    }

    fn signed_by_itself(&self) -> CertificateDer<'static> {
        let certificate = self.params.self_signed(&*self.key);
        certificate.expect("a key signs").der().clone()
    }

    fn signed_by(&self, issuer: &Authority) -> CertificateDer<'static> {
        let certificate = self.params.signed_by(&*self.key, &issuer.0.issuer);
        certificate.expect("an authority signs").der().clone()
    }

    fn end_entity(&self, chain: Vec<CertificateDer<'static>>) -> EndEntity {
        EndEntity {
            chain,
            key: PrivatePkcs8KeyDer::from(self.key.serialize_der()).into(),
        }
    }

    fn certified(
        &self,
        certificate: CertificateDer<'static>,
        intermediates: Vec<CertificateDer<'static>>,
    ) -> Authority {
        let key = self.key.serialize_der();
        let key = KeyPair::try_from(key).expect("the provider reads its own key");
        Authority(Arc::new(Inner {
            name: match self.params.distinguished_name.get(&DnType::CommonName) {
                Some(DnValue::Utf8String(name)) => name.clone(),
                _ => String::new(),
            },
            issuer: Issuer::new(self.params.clone(), key),
            certificate,
            intermediates,
        }))
    }
}

/// What kind of key a certificate has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// ECDSA on P-256.
    P256,
    /// ECDSA on P-384.
    P384,
    /// ECDSA on P-521.
    P521,
    /// Ed25519.
    Ed25519,
    /// RSA with 2048 bits, which takes a moment to make.
    Rsa2048,
}

impl Key {
    fn make(self) -> KeyPair {
        let key = match self {
            Self::P256 => KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256),
            Self::P384 => KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384),
            Self::P521 => KeyPair::generate_for(&PKCS_ECDSA_P521_SHA512),
            Self::Ed25519 => KeyPair::generate_for(&PKCS_ED25519),
            Self::Rsa2048 => KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048),
        };
        key.expect("the provider makes a key of this kind")
    }
}

/// A bit of the key usage extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usage {
    /// `digitalSignature`.
    DigitalSignature,
    /// `keyEncipherment`.
    KeyEncipherment,
    /// `keyCertSign`.
    CertSign,
    /// `cRLSign`.
    CrlSign,
}

impl Usage {
    fn purpose(self) -> KeyUsagePurpose {
        match self {
            Self::DigitalSignature => KeyUsagePurpose::DigitalSignature,
            Self::KeyEncipherment => KeyUsagePurpose::KeyEncipherment,
            Self::CertSign => KeyUsagePurpose::KeyCertSign,
            Self::CrlSign => KeyUsagePurpose::CrlSign,
        }
    }
}

/// A purpose in the extended key usage extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// `serverAuth`.
    Server,
    /// `clientAuth`.
    Client,
    /// `anyExtendedKeyUsage`.
    Any,
}

impl Purpose {
    fn purpose(self) -> ExtendedKeyUsagePurpose {
        match self {
            Self::Server => ExtendedKeyUsagePurpose::ServerAuth,
            Self::Client => ExtendedKeyUsagePurpose::ClientAuth,
            Self::Any => ExtendedKeyUsagePurpose::Any,
        }
    }
}

/// What the basic constraints say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Constraints {
    /// There are none.
    Absent,
    /// CA:FALSE.
    NoAuthority,
    /// CA:TRUE.
    Authority,
    /// CA:TRUE, with at most this many intermediates below.
    PathLength(u8),
}

fn common_name(name: &str) -> DistinguishedName {
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CommonName, name);
    subject
}

/// Below the enterprise number that RFC 5612 keeps for examples.
const UNKNOWN_EXTENSION: &[u64] = &[1, 3, 6, 1, 4, 1, 32473, 1];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_leaves_the_key_out() {
        let template = Template::authority("Lab Root");
        let printed = format!("{template:?}");
        assert!(printed.contains("secret key elided"), "{printed}");
    }

    #[test]
    fn two_issuers_certify_one_key() {
        let template = Template::server(&["a.test"]);
        let (one, other) = (Authority::root("One"), Authority::root("Other"));
        let (one, other) = (template.issued_by(&one), template.issued_by(&other));
        assert_eq!(one.key_pem(), other.key_pem());
        assert_ne!(one.chain, other.chain);
    }
}
