//! OpenSSL's `TRUSTED CERTIFICATE`: a certificate and, behind it, an `X509_AUX` that
//! says for which purposes it is trusted or rejected (`openssl x509 -addreject`,
//! `crypto/x509/x_x509a.c`). A loader that drops it turns a rejected certificate into a root.

use std::fmt;

use x509_parser::asn1_rs::{Any, Class, FromDer, Oid, Tag};

/// Splits the bytes of a block into the certificate and what follows it.
pub(crate) fn split(block: &[u8]) -> Option<(&[u8], &[u8])> {
    let (rest, certificate) = Any::from_der(block).ok()?;
    (certificate.tag() == Tag::Sequence).then(|| block.split_at(block.len() - rest.len()))
}

/// What an `X509_AUX` says about use as an authority for TLS servers.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct TrustSettings {
    /// The name that the owner of the file gave to the certificate.
    pub(crate) alias: Option<String>,
    /// Why it is no authority for them; `None` if it may be.
    pub(crate) objection: Option<Objection>,
}

/// A setting that keeps TLS servers from being trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Objection {
    /// The reject list names them, by this purpose. Reject beats trust.
    Rejected(&'static str),
    /// There is a trust list, and it names these purposes only.
    NotListed(String),
}

impl fmt::Display for Objection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rejected(purpose) => write!(
                f,
                "its OpenSSL trust settings reject {purpose} (as by `-addreject {purpose}`)"
            ),
            Self::NotListed(purposes) if purposes.is_empty() => {
                f.write_str("its OpenSSL trust settings trust it for nothing (an empty trust list)")
            }
            Self::NotListed(purposes) => write!(
                f,
                "its OpenSSL trust settings trust it for {} only (`-addtrust` without serverAuth)",
                purposes
            ),
        }
    }
}

/// The bytes behind the certificate are not an `X509_AUX`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct InvalidAux;

/// Reads the bytes behind a certificate; none at all restrict nothing.
///
/// ```text
/// X509_AUX ::= SEQUENCE {
///     trust   SEQUENCE OF OBJECT IDENTIFIER OPTIONAL,
///     reject  [0] IMPLICIT SEQUENCE OF OBJECT IDENTIFIER OPTIONAL,
///     alias   UTF8String OPTIONAL,
///     keyid   OCTET STRING OPTIONAL,
///     other   [1] IMPLICIT SEQUENCE OF AlgorithmIdentifier OPTIONAL }
/// ```
pub(crate) fn trust_settings(aux: &[u8]) -> Result<TrustSettings, InvalidAux> {
    if aux.is_empty() {
        return Ok(TrustSettings::default());
    }
    let mut rest = Fields(aux);
    let mut fields = Fields(rest.take(LIST)?.ok_or(InvalidAux)?);
    let trust = fields.take(LIST)?.map(purposes).transpose()?;
    let reject = fields.take(REJECT)?.map(purposes).transpose()?;
    let alias = fields.take(ALIAS)?;
    fields.take(KEY_ID)?;
    let other = fields.take(OTHER)?;
    other.map(algorithms).transpose()?;
    fields.end()?;
    rest.end()?;
    Ok(TrustSettings {
        // OpenSSL does not look at its bytes either.
        alias: alias.map(|alias| String::from_utf8_lossy(alias).into_owned()),
        objection: objection(trust, &reject.unwrap_or_default()),
    })
}

fn objection(trust: Option<Vec<Oid<'_>>>, reject: &[Oid<'_>]) -> Option<Objection> {
    if let Some(purpose) = reject.iter().find_map(server_purpose) {
        return Some(Objection::Rejected(purpose));
    }
    let trust = trust.filter(|list| !list.iter().any(|oid| server_purpose(oid).is_some()))?;
    let named: Vec<String> = trust.iter().take(MOST_NAMED).map(purpose).collect();
    let mut named = named.join(", ");
    if trust.len() > MOST_NAMED {
        named += &format!(" and {} more", trust.len() - MOST_NAMED);
    }
    Some(Objection::NotListed(named))
}

/// What may stand in a place: its class, its tag, and whether it holds others.
type Field = (Class, Tag, bool);

struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    /// The next field, if it is the one that may stand here.
    fn take(&mut self, expected: Field) -> Result<Option<&'a [u8]>, InvalidAux> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let (rest, field) = Any::from_der(self.0).map_err(|_| InvalidAux)?;
        // Of a tag in the long form, asn1-rs drops what does not fit into 32 bits.
        let short = field.header.raw_tag().is_some_and(|tag| tag.len() == 1);
        if !short || (field.class(), field.tag(), field.header.constructed()) != expected {
            return Ok(None);
        }
        self.0 = rest;
        Ok(Some(field.data))
    }

    fn end(&self) -> Result<(), InvalidAux> {
        match self.0 {
            [] => Ok(()),
            _ => Err(InvalidAux),
        }
    }
}

fn purposes(list: &[u8]) -> Result<Vec<Oid<'_>>, InvalidAux> {
    let mut list = Fields(list);
    let mut purposes = Vec::new();
    while let Some(purpose) = list.take(OID)? {
        purposes.push(oid(purpose)?);
    }
    list.end()?;
    Ok(purposes)
}

/// The last byte ends a number, and no number begins with a zero (X.690, 8.19.2).
fn oid(content: &[u8]) -> Result<Oid<'_>, InvalidAux> {
    let ends = |byte: &u8| byte & 0x80 == 0;
    let mut numbers = content.split_inclusive(ends);
    match content.last().is_some_and(ends) && numbers.all(|number| number[0] != 0x80) {
        true => Ok(Oid::new(content.into())),
        false => Err(InvalidAux),
    }
}

/// AlgorithmIdentifier (RFC 5280, 4.1.1.2): an object identifier and, perhaps, parameters.
fn algorithms(list: &[u8]) -> Result<(), InvalidAux> {
    let mut list = Fields(list);
    while let Some(algorithm) = list.take(LIST)? {
        let mut algorithm = Fields(algorithm);
        oid(algorithm.take(OID)?.ok_or(InvalidAux)?)?;
        if let Ok((rest, _)) = Any::from_der(algorithm.0) {
            algorithm = Fields(rest);
        }
        algorithm.end()?;
    }
    list.end()
}

fn server_purpose(oid: &Oid<'_>) -> Option<&'static str> {
    match oid.as_bytes() {
        SERVER_AUTH => Some("serverAuth"),
        ANY_PURPOSE => Some("anyExtendedKeyUsage"),
        _ => None,
    }
}

/// As OpenSSL's command line calls it.
fn purpose(oid: &Oid<'_>) -> String {
    let name = match oid.as_bytes().strip_prefix(KEY_PURPOSES) {
        Some([2]) => "clientAuth",
        Some([3]) => "codeSigning",
        Some([4]) => "emailProtection",
        Some([8]) => "timeStamping",
        Some([9]) => "OCSPSigning",
        _ => return oid.to_id_string(),
    };
    name.to_owned()
}

const LIST: Field = (Class::Universal, Tag::Sequence, true);
const REJECT: Field = (Class::ContextSpecific, Tag(0), true);
const ALIAS: Field = (Class::Universal, Tag::Utf8String, false);
const KEY_ID: Field = (Class::Universal, Tag::OctetString, false);
const OTHER: Field = (Class::ContextSpecific, Tag(1), true);
const OID: Field = (Class::Universal, Tag::Oid, false);

/// More would say nothing more.
const MOST_NAMED: usize = 5;

/// id-kp, 1.3.6.1.5.5.7.3 (RFC 5280, 4.2.1.12).
const KEY_PURPOSES: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3];

/// id-kp-serverAuth.
const SERVER_AUTH: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 1];

/// anyExtendedKeyUsage, 2.5.29.37.0.
const ANY_PURPOSE: &[u8] = &[0x55, 0x1d, 0x25, 0];

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT_AUTH: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 2];

    fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = u8::try_from(content.len()).expect("a short fixture");
        [&[tag, length], content].concat()
    }

    fn list(tag: u8, purposes: &[&[u8]]) -> Vec<u8> {
        let oids: Vec<u8> = purposes.iter().flat_map(|oid| tlv(6, oid)).collect();
        tlv(tag, &oids)
    }

    fn aux(fields: &[Vec<u8>]) -> Vec<u8> {
        tlv(0x30, &fields.concat())
    }

    fn objection(fields: &[Vec<u8>]) -> Option<Objection> {
        let settings = trust_settings(&aux(fields));
        settings.expect("an X509_AUX").objection
    }

    #[test]
    fn purposes_decide_and_reject_beats_trust() {
        let trust = |purposes: &[&[u8]]| list(0x30, purposes);
        let reject = |purposes: &[&[u8]]| list(0xa0, purposes);
        let rejected = |purpose| Some(Objection::Rejected(purpose));
        let only = |purposes: &[&str]| Some(Objection::NotListed(purposes.join(", ")));
        let cases = [
            (vec![], None),
            (vec![trust(&[SERVER_AUTH])], None),
            (vec![trust(&[CLIENT_AUTH, ANY_PURPOSE])], None),
            (vec![trust(&[])], only(&[])),
            (
                vec![trust(&[CLIENT_AUTH, &[0x2a, 3]])],
                only(&["clientAuth", "1.2.3"]),
            ),
            (vec![reject(&[CLIENT_AUTH])], None),
            (vec![reject(&[])], None),
            (vec![reject(&[SERVER_AUTH])], rejected("serverAuth")),
            (
                vec![reject(&[ANY_PURPOSE])],
                rejected("anyExtendedKeyUsage"),
            ),
            (
                vec![trust(&[SERVER_AUTH]), reject(&[SERVER_AUTH])],
                rejected("serverAuth"),
            ),
        ];
        for (fields, expected) in cases {
            assert_eq!(objection(&fields), expected, "{fields:02x?}");
        }
        assert_eq!(trust_settings(&[]), Ok(TrustSettings::default()));
    }

    #[test]
    fn the_other_fields_decide_nothing() {
        let alias = tlv(0x0c, b"Example CA");
        let key_id = tlv(4, &[1, 2, 3]);
        let algorithm = [tlv(6, &[0x2a, 3]), tlv(5, &[])].concat();
        let other = tlv(
            0xa1,
            &[tlv(0x30, &algorithm), tlv(0x30, &tlv(6, &[0x2a]))].concat(),
        );
        let fields = [list(0xa0, &[SERVER_AUTH]), alias, key_id, other];
        let settings = trust_settings(&aux(&fields)).expect("an X509_AUX");
        assert_eq!(settings.alias.as_deref(), Some("Example CA"));
        assert_eq!(settings.objection, Some(Objection::Rejected("serverAuth")));
        assert_eq!(objection(&fields[1..]), None);
    }

    #[test]
    fn what_is_not_an_x509_aux_is_an_error() {
        let in_order = [list(0x30, &[SERVER_AUTH]), list(0xa0, &[SERVER_AUTH])];
        let [trust, reject] = in_order.clone();
        let cases = [
            aux(&[reject, trust]),
            [aux(&[]), vec![0]].concat(),
            aux(&[tlv(0x80, &tlv(6, SERVER_AUTH))]),
            aux(&[tlv(0x30, &tlv(5, &[]))]),
            aux(&[list(0x30, &[&[]])]),
            aux(&[list(0x30, &[&[0x2b, 0x81]])]),
            aux(&[list(0x30, &[&[0x2b, 0x80, 1]])]),
            aux(&[tlv(0xa1, &tlv(0x30, &tlv(5, &[])))]),
            aux(&[tlv(0xa1, &tlv(5, &[]))]),
            tlv(0x31, &in_order.concat()),
            b"\0".to_vec(),
            b"\x30\x05".to_vec(),
            b"\x3f\x90\x80\x80\x80\x10\0".to_vec(),
            b"text".to_vec(),
        ];
        for garbage in cases {
            assert_eq!(trust_settings(&garbage), Err(InvalidAux), "{garbage:02x?}");
        }
    }
}
