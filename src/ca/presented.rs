//! A chain as a peer presented it, in words: whose certificates these are, where they lead, and
//! which of them is why the chain was refused. Nothing here decides about trust.

use std::sync::Arc;

use rustls_pki_types::{CertificateDer, TrustAnchor};
use x509_parser::asn1_rs::{Any, FromDer};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::objects::{oid_registry, oid2sn};
use x509_parser::oid_registry::{self, Oid};
use x509_parser::public_key::PublicKey;
use x509_parser::x509::{SubjectPublicKeyInfo, X509Name};

use super::certificate::{Certificate, hex};
use super::crl::Crl;
use super::x509::{self, UNREADABLE, printable, rfc3339, subject};

/// A certificate as a peer presented it. All of it is what the peer says: nothing of it has been
/// verified.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct PresentedCertificate {
    /// SHA-256 over the DER, in hexadecimal.
    pub sha256: String,
    /// The subject.
    pub subject: String,
    /// The issuer.
    pub issuer: String,
    /// The kind and size of the key: `RSA, 2048 bits`, `ECDSA, P-256`, `Ed25519`.
    pub key: String,
    /// The algorithm of the issuer's signature, as OpenSSL names it.
    pub signature: String,
    /// The beginning of validity, RFC 3339 in UTC.
    pub not_before: String,
    /// The end of validity, RFC 3339 in UTC.
    pub not_after: String,
    /// The host names and addresses that it is for (RFC 5280, 4.2.1.6).
    pub names: Vec<String>,
    #[cfg_attr(feature = "serde", serde(skip))]
    der: CertificateDer<'static>,
}

impl PresentedCertificate {
    pub(crate) fn of(der: &CertificateDer<'static>) -> Self {
        let sha256 = hex(Certificate::new(der.to_vec()).sha256);
        let Some(x509) = x509::parsed(der) else {
            let unreadable = || UNREADABLE.to_owned();
            return Self {
                sha256,
                subject: x509::subject_of(der),
                issuer: unreadable(),
                key: unreadable(),
                signature: unreadable(),
                not_before: unreadable(),
                not_after: unreadable(),
                names: Vec::new(),
                der: der.clone(),
            };
        };
        let validity = x509.validity();
        Self {
            sha256,
            subject: subject(x509.subject()),
            issuer: subject(x509.issuer()),
            key: key(x509.public_key()),
            signature: name_of(&x509.signature_algorithm.algorithm),
            not_before: rfc3339(validity.not_before),
            not_after: rfc3339(validity.not_after),
            names: names(&x509),
            der: der.clone(),
        }
    }

    /// The certificate itself, in DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    pub(crate) fn to_der(&self) -> CertificateDer<'static> {
        self.der.clone()
    }
}

/// A chain that was presented, the end-entity first.
pub(crate) struct Chain<'a>(pub(crate) &'a [CertificateDer<'static>]);

/// Where a chain leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct End {
    /// Who issued the last certificate of the path.
    pub(crate) issuer: String,
    /// Its name in DER, without the SEQUENCE around it, as trust anchors have it.
    pub(crate) name: Vec<u8>,
    /// The last certificate is its own issuer.
    pub(crate) self_issued: bool,
    /// How many certificates lead there.
    pub(crate) length: usize,
}

impl Chain<'_> {
    /// Follows the issuers' names from the end-entity on, as far as the chain goes.
    pub(crate) fn end(&self) -> Option<End> {
        let mut others: Vec<_> = self.0.iter().filter_map(|der| x509::parsed(der)).collect();
        let mut last = match x509::parsed(self.0.first()?) {
            Some(_) => others.remove(0),
            None => return None,
        };
        let mut length = 1;
        while last.issuer() != last.subject() {
            let above = others.iter().position(|it| it.subject() == last.issuer());
            let Some(above) = above else { break };
            last = others.swap_remove(above);
            length += 1;
        }
        Some(End {
            issuer: subject(last.issuer()),
            name: contents(last.issuer()),
            self_issued: last.issuer() == last.subject(),
            length,
        })
    }

    /// The first certificate with a key or signature that no verifier takes any more, or an anchor
    /// with such a key that a certificate names as its issuer.
    pub(crate) fn weakness(&self, anchors: &[TrustAnchor<'_>]) -> Option<String> {
        let certificates = self.0.iter().filter_map(|der| x509::parsed(der));
        certificates.into_iter().find_map(|x509| {
            let name = subject(x509.subject());
            if let Some(bits) = short(x509.public_key()) {
                return Some(format!("`{name}` has an RSA key of {bits} bits"));
            }
            if x509.subject() != x509.issuer()
                && let Some(hash) = x509::old_signature(&x509)
            {
                return Some(format!("the signature on `{name}` uses {hash}"));
            }
            let issuer = contents(x509.issuer());
            let issuers = anchors.iter().filter(|it| *it.subject == *issuer);
            issuers.into_iter().find_map(|anchor| {
                let key = with_header(&anchor.subject_public_key_info);
                let (_, key) = SubjectPublicKeyInfo::from_der(&key).ok()?;
                let (bits, issuer) = (short(&key)?, subject(x509.issuer()));
                Some(format!(
                    "the trust anchor `{issuer}`, which has signed `{name}`, has an RSA key of \
                     {bits} bits"
                ))
            })
        })
    }

    /// The first critical extension that the verifier does not know, and whose it is.
    pub(crate) fn unknown_extension(&self) -> Option<(String, String)> {
        let certificates = self.0.iter().filter_map(|der| x509::parsed(der));
        certificates.into_iter().find_map(|x509| {
            let mut extensions = x509.iter_extensions();
            let unknown = extensions.find(|it| it.critical && !KNOWN.contains(&it.oid))?;
            Some((unknown.oid.to_id_string(), subject(x509.subject())))
        })
    }

    /// The first certificate with purposes (RFC 5280, 4.2.1.12) that leave out servers.
    pub(crate) fn other_purposes(&self) -> Option<(String, String)> {
        let certificates = self.0.iter().filter_map(|der| x509::parsed(der));
        certificates.into_iter().find_map(|x509| {
            let purposes = x509.extended_key_usage().ok().flatten()?.value;
            let named = [
                (purposes.any, "anyExtendedKeyUsage"),
                (purposes.client_auth, "clientAuth"),
                (purposes.code_signing, "codeSigning"),
                (purposes.email_protection, "emailProtection"),
                (purposes.time_stamping, "timeStamping"),
                (purposes.ocsp_signing, "OCSPSigning"),
            ];
            let named = named.into_iter().filter(|(has, _)| *has);
            let mut named: Vec<_> = named.map(|(_, name)| name.to_owned()).collect();
            named.extend(purposes.other.iter().map(Oid::to_id_string));
            (!purposes.server_auth).then(|| (subject(x509.subject()), named.join(", ")))
        })
    }

    /// The first certificate that one of the lists names.
    pub(crate) fn revoked<'c>(&self, crls: &'c [Arc<Crl>]) -> Option<(String, &'c Crl)> {
        let certificates = self.0.iter().filter_map(|der| x509::parsed(der));
        certificates.into_iter().find_map(|x509| {
            let crl = crls.iter().find(|crl| crl.lists(&x509))?;
            Some((subject(x509.subject()), &**crl))
        })
    }

    /// The first of the issuers that is none (RFC 5280, 4.2.1.9).
    pub(crate) fn no_authority(&self) -> Option<String> {
        let issuers = self.0.iter().skip(1).filter_map(|der| x509::parsed(der));
        issuers.into_iter().find_map(|x509| {
            let constraints = x509.basic_constraints().ok().flatten();
            let authority = constraints.is_some_and(|it| it.value.ca);
            (!authority).then(|| subject(x509.subject()))
        })
    }

    /// The first certificate that is not valid at `time`, in seconds since 1970: its subject and
    /// the dates.
    pub(crate) fn out_of_time(&self, time: i64) -> Option<(String, String, String)> {
        let certificates = self.0.iter().filter_map(|der| x509::parsed(der));
        certificates.into_iter().find_map(|x509| {
            let validity = x509.validity();
            let valid = validity.not_before.timestamp()..=validity.not_after.timestamp();
            (!valid.contains(&time)).then(|| {
                let dates = (rfc3339(validity.not_before), rfc3339(validity.not_after));
                (subject(x509.subject()), dates.0, dates.1)
            })
        })
    }
}

/// Whether that is the subject, which is the contents of its SEQUENCE in DER.
pub(crate) fn subject_is(der: &[u8], name: &[u8]) -> bool {
    x509::parsed(der).is_some_and(|x509| contents(x509.subject()) == name)
}

fn contents(name: &X509Name<'_>) -> Vec<u8> {
    let name = Any::from_der(name.as_raw());
    name.map(|(_, name)| name.data.to_vec()).unwrap_or_default()
}

/// Trust anchors have the contents of a SEQUENCE.
fn with_header(contents: &[u8]) -> Vec<u8> {
    use x509_parser::asn1_rs::{Sequence, ToDer};
    let sequence = Sequence::new(contents.into()).to_der_vec();
    sequence.unwrap_or_default()
}

fn short(key: &SubjectPublicKeyInfo<'_>) -> Option<usize> {
    match key.parsed() {
        Ok(PublicKey::RSA(rsa)) if rsa.key_size() < 2048 => Some(rsa.key_size()),
        _ => None,
    }
}

fn key(key: &SubjectPublicKeyInfo<'_>) -> String {
    let algorithm = &key.algorithm;
    match key.parsed() {
        Ok(PublicKey::RSA(rsa)) => format!("RSA, {} bits", rsa.key_size()),
        Ok(PublicKey::EC(_)) => {
            let curve = algorithm.parameters.as_ref();
            let curve = curve.and_then(|curve| curve.as_oid().ok());
            match curve {
                Some(curve) if curve == oid_registry::OID_EC_P256 => "ECDSA, P-256".to_owned(),
                Some(curve) if curve == oid_registry::OID_NIST_EC_P384 => "ECDSA, P-384".to_owned(),
                Some(curve) if curve == oid_registry::OID_NIST_EC_P521 => "ECDSA, P-521".to_owned(),
                Some(curve) => format!("ECDSA, {}", name_of(&curve)),
                None => "ECDSA".to_owned(),
            }
        }
        _ if algorithm.algorithm == oid_registry::OID_SIG_ED25519 => "Ed25519".to_owned(),
        _ => name_of(&algorithm.algorithm),
    }
}

fn name_of(oid: &Oid<'_>) -> String {
    match oid2sn(oid, oid_registry()) {
        Ok(name) => name.to_owned(),
        Err(_) => oid.to_id_string(),
    }
}

fn names(x509: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(names)) = x509.subject_alternative_name() else {
        return Vec::new();
    };
    let names = names.value.general_names.iter();
    names
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Some(printable(name)),
            GeneralName::IPAddress(bytes) => address(bytes),
            _ => None,
        })
        .collect()
}

fn address(bytes: &[u8]) -> Option<String> {
    let address = <[u8; 4]>::try_from(bytes).map(std::net::IpAddr::from);
    let address = address.or_else(|_| <[u8; 16]>::try_from(bytes).map(std::net::IpAddr::from));
    Some(address.ok()?.to_string())
}

/// What webpki knows of what may be critical (RFC 5280, 4.2): keyUsage, subjectAltName,
/// basicConstraints, nameConstraints, cRLDistributionPoints and extKeyUsage.
const KNOWN: [Oid<'static>; 6] = [
    oid_registry::OID_X509_EXT_KEY_USAGE,
    oid_registry::OID_X509_EXT_SUBJECT_ALT_NAME,
    oid_registry::OID_X509_EXT_BASIC_CONSTRAINTS,
    oid_registry::OID_X509_EXT_NAME_CONSTRAINTS,
    oid_registry::OID_X509_EXT_CRL_DISTRIBUTION_POINTS,
    oid_registry::OID_X509_EXT_EXTENDED_KEY_USAGE,
];
