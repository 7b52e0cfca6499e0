//! Kinds of certificate chain, good and bad: each is made with fresh keys, as what a server presents
//! and what a client is to trust. What SHA-1 or RSA-1024 needs comes from `fixtures`.

mod make;

use rustls::pki_types::CertificateDer;

use crate::pki::{EndEntity, block};

/// A chain of one [`Form`], ready to be served.
#[derive(Clone, Debug)]
pub struct Case {
    /// What is special about it.
    pub form: Form,
    /// The name or address that a client is to ask for.
    pub host: &'static str,
    /// What the server presents.
    pub end_entity: EndEntity,
    /// What a client is to trust, and nothing else.
    pub trusted: Vec<CertificateDer<'static>>,
}

impl Case {
    /// What a client is to trust, as PEM blocks.
    pub fn bundle(&self) -> String {
        let blocks = self.trusted.iter();
        blocks.map(|der| block("CERTIFICATE", der)).collect()
    }
}

catalogue! {
    /// What is special about a chain. Where nothing else is said, it is good for `origin.test`, its
    /// root is trusted, and its keys are ECDSA on P-256.
    pub enum Form;

    /// The root issues for the server.
    Good = "good",
    /// An intermediate issues, and is sent.
    GoodIntermediate = "good-intermediate",
    /// A wildcard name covers the host, `www.origin.test`.
    Wildcard = "wildcard",
    /// The host is `127.0.0.1`, which the certificate names as an address.
    IpAddress = "ip-address",

    /// The certificate is for `other.test`.
    WrongHost = "wrong-host",
    /// A wildcard name stops one label short of the host, `a.b.origin.test`.
    WildcardTooShort = "wildcard-too-short",
    /// The host is `127.0.0.1`, which the certificate names as a common name only.
    IpAddressInCommonName = "ip-address-in-common-name",
    /// There is a common name, but no subject alternative name.
    NoAltName = "no-alt-name",

    /// The server's certificate has expired.
    Expired = "expired",
    /// The server's certificate is not valid yet.
    NotYetValid = "not-yet-valid",
    /// The intermediate has expired.
    ExpiredIntermediate = "expired-intermediate",
    /// The intermediate is not valid yet.
    NotYetValidIntermediate = "not-yet-valid-intermediate",
    /// The trusted root has expired.
    ExpiredRoot = "expired-root",

    /// Another root is trusted.
    UnknownRoot = "unknown-root",
    /// Another root is trusted that has the name of the issuer, but not its key.
    OtherKey = "other-key",
    /// The server does not send the intermediate.
    MissingIntermediate = "missing-intermediate",
    /// The server sends its two intermediates in the wrong order.
    Reversed = "reversed",
    /// The server sends a certificate that has nothing to do with it, between the others.
    UnrelatedBetween = "unrelated-between",
    /// The server sends the root as well.
    RootSent = "root-sent",
    /// Two roots certify the intermediate, which is sent twice; the root of the first is trusted.
    CrossSigned = "cross-signed",
    /// Two roots certify the intermediate, which is sent twice; the root of the second is trusted.
    CrossSignedSecond = "cross-signed-second",
    /// The intermediate is trusted and not sent; the root is neither.
    IntermediateAsAnchor = "intermediate-as-anchor",
    /// 101 trusted roots have one name, and the last has the key.
    Namesakes = "namesakes",

    /// The intermediate is CA:FALSE.
    IntermediateNotAuthority = "intermediate-not-authority",
    /// The intermediate may sign CRLs, but no certificates.
    IntermediateWithoutCertSign = "intermediate-without-cert-sign",
    /// An intermediate with a path length of zero has another one below it.
    PathLengthExceeded = "path-length-exceeded",
    /// The intermediate may certify `origin.test`.
    NameConstraintsMet = "name-constraints-met",
    /// The intermediate may only certify `other.test`.
    NameNotPermitted = "name-not-permitted",
    /// The intermediate may certify all but `origin.test`.
    NameExcluded = "name-excluded",

    /// The only purpose of the certificate is `clientAuth`.
    ClientPurpose = "client-purpose",
    /// The only purpose of the certificate is `anyExtendedKeyUsage`.
    AnyPurpose = "any-purpose",
    /// The certificate names no purpose.
    NoPurpose = "no-purpose",
    /// The only purpose of the intermediate is `clientAuth`.
    IntermediateClientPurpose = "intermediate-client-purpose",
    /// The key usage is `keyEncipherment`, without `digitalSignature`.
    NoDigitalSignature = "no-digital-signature",
    /// The server's certificate is CA:TRUE, under a root.
    AuthorityAsServer = "authority-as-server",
    /// The server's certificate has a critical extension that nobody knows.
    CriticalExtension = "critical-extension",
    /// The intermediate has a critical extension that nobody knows.
    IntermediateCriticalExtension = "intermediate-critical-extension",

    /// The server's own certificate is trusted: self-signed and CA:TRUE, as `openssl req -x509`
    /// makes it.
    SelfSignedAuthority = "self-signed-authority",
    /// The server's own certificate is trusted: self-signed and CA:FALSE.
    SelfSigned = "self-signed",
    /// As `self-signed-authority`, but for `other.test`.
    SelfSignedWrongHost = "self-signed-wrong-host",
    /// As `self-signed-authority`, but expired.
    SelfSignedExpired = "self-signed-expired",
    /// The server's own certificate is trusted, but not its issuer.
    IssuedAndTrusted = "issued-and-trusted",

    /// The server's key is ECDSA on P-384.
    P384 = "p384",
    /// The server's key is ECDSA on P-521.
    P521 = "p521",
    /// The server's key is Ed25519.
    Ed25519 = "ed25519",
    /// The server's key is RSA with 2048 bits.
    Rsa2048 = "rsa2048",
    /// The server's key is RSA with 1024 bits.
    Rsa1024 = "rsa1024",
    /// The root's key is RSA with 1024 bits.
    Rsa1024Root = "rsa1024-root",
    /// The server's certificate is signed with SHA-1.
    Sha1 = "sha1",
    /// The intermediate is signed with SHA-1.
    Sha1Intermediate = "sha1-intermediate",
}

impl Form {
    /// Makes a chain of this form.
    ///
    /// # Panics
    ///
    /// Panics if the cryptographic provider cannot make a key.
    pub fn case(self) -> Case {
        let (end_entity, trusted) = make::chain(self);
        Case {
            form: self,
            host: make::host(self),
            end_entity,
            trusted,
        }
    }
}
