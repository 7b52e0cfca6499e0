//! A certificate as people read it (RFC 5280): its subject, its dates, and what is odd about
//! it as a trust anchor. Nothing here decides about trust.

use std::fmt;

use rustls_pki_types::CertificateDer;
use x509_parser::asn1_rs::{Sequence, Tag, ToDer, oid};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{ParsedExtension, X509Extension};
use x509_parser::oid_registry::{self, Oid};
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey;
use x509_parser::time::ASN1Time;
use x509_parser::x509::X509Name;

use super::certificate::trust_anchor;
use super::der;

/// What the report says of a certificate.
pub(crate) struct Description {
    /// The subject as text, `CN=..` last or first as the certificate has it.
    pub(crate) subject: String,
    /// The end of validity in RFC 3339, UTC.
    pub(crate) not_after: String,
    /// None of it stops the verifier from using the certificate as a trust anchor.
    pub(crate) oddities: Vec<Oddity>,
}

/// What is odd about a trust anchor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Oddity {
    Expired(String),
    NotYetValid(String),
    EndEntity,
    /// The same in a bundle, with its issuer unless it is its own.
    Pinned(Option<String>),
    NoBasicConstraints,
    /// Its keyUsage (RFC 5280, 4.2.1.3) is for something else.
    SignsNothing,
    /// The object identifier of the first one.
    MalformedExtension(String),
    ShortRsa(usize),
    UnsupportedKey,
    OldSignature(&'static str),
    Unreadable,
}

impl Description {
    /// `now` is the time that the dates are compared with.
    pub(crate) fn of(der: &[u8], now: ASN1Time) -> Self {
        match parsed(der) {
            Some(x509) => Self {
                subject: subject(x509.subject()),
                not_after: rfc3339(x509.validity().not_after),
                oddities: oddities(&x509, now),
            },
            None => Self {
                subject: subject_of(der),
                not_after: UNREADABLE.to_owned(),
                oddities: vec![Oddity::Unreadable],
            },
        }
    }

    /// Of an accepted certificate in a bundle.
    pub(crate) fn pinned(der: &[u8], now: ASN1Time) -> Self {
        let mut description = Self::of(der, now);
        let end_entities = description.oddities.iter_mut();
        for oddity in end_entities.filter(|it| **it == Oddity::EndEntity) {
            *oddity = Oddity::Pinned(issuer_of(der));
        }
        description
    }
}

/// The certificate, if it is one in DER and nothing follows it.
pub(crate) fn parsed(der: &[u8]) -> Option<X509Certificate<'_>> {
    match X509Certificate::from_der(der) {
        Ok(([], certificate)) => Some(certificate),
        _ => None,
    }
}

/// The subject alone, as in a [`Description`].
pub(crate) fn subject_of(der: &[u8]) -> String {
    match parsed(der) {
        Some(x509) => subject(x509.subject()),
        None => subject_of_anchor(der).unwrap_or_else(|| UNREADABLE.to_owned()),
    }
}

/// Whether it says of itself that it is not an authority's: with CA:FALSE, or without
/// basicConstraints and with a keyUsage for something else.
pub(crate) fn is_end_entity(der: &[u8]) -> bool {
    match der::extension(der, BASIC_CONSTRAINTS) {
        Some(constraints) => der::sequence(constraints).is_some_and(|(_, constraints)| {
            let ca = der::elements(constraints).next();
            let ca = ca.filter(|ca| ca.tag == Tag::Boolean);
            ca.is_none_or(|ca| ca.data == [0])
        }),
        None => der::extension(der, KEY_USAGE).is_some_and(|usage| {
            let usage = der::elements(usage).next().map(|usage| usage.data);
            !matches!(usage, Some([_, bits, ..]) if bits & KEY_CERT_SIGN != 0)
        }),
    }
}

/// Who issued it, unless it did so itself.
pub(crate) fn issuer_of(der: &[u8]) -> Option<String> {
    issuer(&parsed(der)?)
}

fn issuer(x509: &X509Certificate<'_>) -> Option<String> {
    (x509.issuer() != x509.subject()).then(|| subject(x509.issuer()))
}

/// Of a certificate that only the verifier can read, since it does not look at dates and the like.
fn subject_of_anchor(der: &[u8]) -> Option<String> {
    let anchor = trust_anchor(&CertificateDer::from(der)).ok()??;
    let name = Sequence::new(anchor.subject.as_ref().into()).to_der_vec();
    let name = name.ok()?;
    let (_, subject) = X509Name::from_der(&name).ok()?;
    Some(self::subject(&subject))
}

pub(crate) fn subject(name: &X509Name<'_>) -> String {
    let text = printable(&name.to_string());
    match text.is_empty() {
        true => "(no subject)".to_owned(),
        false => text,
    }
}

/// Without what a terminal or a log would obey: controls, and marks that reorder a line (UAX #9,
/// 2). Names come from whoever made the certificate.
pub(crate) fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c.is_control() || REORDERING.contains(&c) {
            true => shown.extend(c.escape_unicode()),
            false => shown.push(c),
        }
    }
    shown
}

fn oddities(x509: &X509Certificate<'_>, now: ASN1Time) -> Vec<Oddity> {
    let validity = x509.validity();
    let old_signature = match x509.subject() == x509.issuer() {
        // Nobody checks what a root signs of itself.
        true => None,
        false => old_signature(x509),
    };
    [
        (validity.not_after < now).then(|| Oddity::Expired(day(validity.not_after))),
        (validity.not_before > now).then(|| Oddity::NotYetValid(day(validity.not_before))),
        constraints(x509).or(signs_nothing(x509)),
        malformed_extension(x509),
        key(x509),
        old_signature.map(Oddity::OldSignature),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn constraints(x509: &X509Certificate<'_>) -> Option<Oddity> {
    match x509.basic_constraints() {
        Ok(Some(constraints)) if constraints.value.ca => None,
        Ok(Some(_)) => Some(Oddity::EndEntity),
        Ok(None) if signs_nothing(x509).is_some() => Some(Oddity::EndEntity),
        _ => Some(Oddity::NoBasicConstraints),
    }
}

fn signs_nothing(x509: &X509Certificate<'_>) -> Option<Oddity> {
    let usage = x509.key_usage().ok().flatten()?.value;
    (!usage.key_cert_sign()).then_some(Oddity::SignsNothing)
}

fn malformed_extension(x509: &X509Certificate<'_>) -> Option<Oddity> {
    let malformed = |extension: &&X509Extension<'_>| {
        matches!(
            extension.parsed_extension(),
            ParsedExtension::ParseError { .. }
        )
    };
    let extension = x509.iter_extensions().find(malformed)?;
    Some(Oddity::MalformedExtension(extension.oid.to_id_string()))
}

/// The verifier takes RSA signatures of 2048 to 8192 bits, and those of the usual curves.
fn key(x509: &X509Certificate<'_>) -> Option<Oddity> {
    let key = x509.public_key();
    let curve = || key.algorithm.parameters.as_ref()?.as_oid().ok();
    match key.parsed() {
        Ok(PublicKey::RSA(rsa)) if rsa.key_size() < 2048 => Some(Oddity::ShortRsa(rsa.key_size())),
        Ok(PublicKey::RSA(rsa)) if rsa.key_size() <= 8192 => None,
        Ok(PublicKey::EC(_)) if curve().is_some_and(|curve| CURVES.contains(&curve)) => None,
        _ if key.algorithm.algorithm == oid_registry::OID_SIG_ED25519 => None,
        _ => Some(Oddity::UnsupportedKey),
    }
}

pub(crate) fn old_signature(x509: &X509Certificate<'_>) -> Option<&'static str> {
    let algorithm = &x509.signature_algorithm.algorithm;
    if WITH_SHA1.contains(algorithm) {
        Some("SHA-1")
    } else if *algorithm == oid_registry::OID_PKCS1_MD5WITHRSAENC {
        Some("MD5")
    } else {
        None
    }
}

impl fmt::Display for Oddity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired(when) => write!(f, "expired on {when}"),
            Self::NotYetValid(when) => write!(f, "not valid before {when}"),
            Self::EndEntity => {
                f.write_str("is an end-entity certificate (CA:FALSE), not an authority's")
            }
            Self::Pinned(issuer) => {
                f.write_str(
                    "is an end-entity certificate (CA:FALSE): a server that presents exactly this \
                     one is accepted, and it vouches for nothing else",
                )?;
                match issuer {
                    Some(issuer) => write!(f, "; to trust its issuer, add that of `{issuer}`"),
                    None => Ok(()),
                }
            }
            Self::NoBasicConstraints => {
                f.write_str("has no basicConstraints, which mark an authority's certificate")
            }
            Self::SignsNothing => f.write_str("has a keyUsage without keyCertSign"),
            Self::MalformedExtension(oid) => write!(
                f,
                "has a malformed extension ({oid}), for which other programs may not accept it"
            ),
            Self::ShortRsa(bits) => write!(
                f,
                "has an RSA key of {bits} bits, and the verifier accepts no signature of less \
                 than 2048"
            ),
            Self::UnsupportedKey => {
                f.write_str("has a key of a kind whose signatures the verifier does not accept")
            }
            Self::OldSignature(hash) => {
                write!(f, "is an intermediate whose signature uses {hash}")
            }
            Self::Unreadable => {
                f.write_str("is damaged, and cannot be read beyond its subject and key")
            }
        }
    }
}

pub(crate) fn rfc3339(time: ASN1Time) -> String {
    let day = day(time);
    let (hour, minute, second) = time.to_datetime().to_hms();
    format!("{day}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Seconds since 1970, as in a certificate's dates.
pub(crate) fn utc(seconds: i64) -> String {
    match ASN1Time::from_timestamp(seconds) {
        Ok(time) => rfc3339(time),
        Err(_) => format!("{seconds} s after 1970"),
    }
}

pub(crate) fn day(time: ASN1Time) -> String {
    let (year, month, day) = time.to_datetime().to_calendar_date();
    format!("{year:04}-{:02}-{day:02}", u8::from(month))
}

/// id-ce-basicConstraints, 2.5.29.19 (RFC 5280, 4.2.1.9).
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];

/// id-ce-keyUsage, 2.5.29.15, and the fifth of its bits (RFC 5280, 4.2.1.3).
const KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x0f];
const KEY_CERT_SIGN: u8 = 0x80 >> 5;

/// RFC 3279, 2.2: with RSA, DSA and ECDSA.
const WITH_SHA1: [Oid<'static>; 3] = [
    oid_registry::OID_PKCS1_SHA1WITHRSA,
    oid_registry::OID_SIG_DSA_WITH_SHA1,
    oid!(1.2.840.10045.4.1),
];

/// P-256, P-384 and P-521 (RFC 5480, 2.1.1.1).
const CURVES: [Oid<'static>; 3] = [
    oid_registry::OID_EC_P256,
    oid_registry::OID_NIST_EC_P384,
    oid_registry::OID_NIST_EC_P521,
];

const REORDERING: [char; 12] = [
    '\u{61c}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}',
    '\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}',
];

pub(crate) const UNREADABLE: &str = "(unreadable)";
