//! OpenSSL's `TRUSTED CERTIFICATE`: a certificate and, behind it, an `X509_AUX` that
//! says for which purposes it is trusted or rejected (`openssl x509 -addreject`,
//! `crypto/x509/x_x509a.c`). A loader that drops it turns a rejected certificate into a root.

use x509_parser::asn1_rs::{Any, Class, FromDer, Oid, Tag};

/// Splits the bytes of a block into the certificate and what follows it.
pub(crate) fn split(block: &[u8]) -> Option<(&[u8], &[u8])> {
    let (rest, certificate) = Any::from_der(block).ok()?;
    (certificate.tag() == Tag::Sequence).then(|| block.split_at(block.len() - rest.len()))
}

/// What an `X509_AUX` says about use as an authority for TLS servers.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    Trusted,
    /// The reject list names the purpose. Reject beats trust.
    Rejected,
    /// There is a trust list, and it does not name the purpose.
    NotListed,
}

/// The bytes behind the certificate are not an `X509_AUX`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct InvalidAux;

/// Decides on the bytes behind a certificate; none at all restrict nothing.
pub(crate) fn server_trust(aux: &[u8]) -> Result<Trust, InvalidAux> {
    if aux.is_empty() {
        return Ok(Trust::Trusted);
    }
    let (trust, reject) = lists(aux)?;
    Ok(if reject.is_some_and(|list| names_servers(&list)) {
        Trust::Rejected
    } else if trust.is_some_and(|list| !names_servers(&list)) {
        Trust::NotListed
    } else {
        Trust::Trusted
    })
}

type Purposes<'a> = Option<Vec<Oid<'a>>>;

/// ```text
/// X509_AUX ::= SEQUENCE {
///     trust   SEQUENCE OF OBJECT IDENTIFIER OPTIONAL,
///     reject  [0] IMPLICIT SEQUENCE OF OBJECT IDENTIFIER OPTIONAL,
///     alias   UTF8String OPTIONAL,
///     keyid   OCTET STRING OPTIONAL,
///     other   [1] IMPLICIT SEQUENCE OF AlgorithmIdentifier OPTIONAL }
/// ```
fn lists(aux: &[u8]) -> Result<(Purposes<'_>, Purposes<'_>), InvalidAux> {
    let (rest, aux) = Any::from_der(aux).map_err(|_| InvalidAux)?;
    if !rest.is_empty() || aux.tag() != Tag::Sequence {
        return Err(InvalidAux);
    }
    let mut fields = Fields(aux.data);
    let trust = fields.take(Class::Universal, Tag::Sequence)?;
    let reject = fields.take(Class::ContextSpecific, Tag(0))?;
    fields.take(Class::Universal, Tag::Utf8String)?;
    fields.take(Class::Universal, Tag::OctetString)?;
    fields.take(Class::ContextSpecific, Tag(1))?;
    if !fields.0.is_empty() {
        return Err(InvalidAux);
    }
    Ok((
        trust.map(purposes).transpose()?,
        reject.map(purposes).transpose()?,
    ))
}

struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    /// The next field, if it is the one that may stand here.
    fn take(&mut self, class: Class, tag: Tag) -> Result<Option<&'a [u8]>, InvalidAux> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let (rest, field) = Any::from_der(self.0).map_err(|_| InvalidAux)?;
        if (field.class(), field.tag()) != (class, tag) {
            return Ok(None);
        }
        self.0 = rest;
        Ok(Some(field.data))
    }
}

fn purposes(mut list: &[u8]) -> Result<Vec<Oid<'_>>, InvalidAux> {
    let mut purposes = Vec::new();
    while !list.is_empty() {
        let (rest, purpose) = Oid::from_der(list).map_err(|_| InvalidAux)?;
        purposes.push(purpose);
        list = rest;
    }
    Ok(purposes)
}

fn names_servers(list: &[Oid<'_>]) -> bool {
    list.iter()
        .any(|purpose| [SERVER_AUTH, ANY_PURPOSE].contains(&purpose.as_bytes()))
}

/// id-kp-serverAuth, 1.3.6.1.5.5.7.3.1 (RFC 5280, 4.2.1.12).
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

    #[test]
    fn purposes_decide_and_reject_beats_trust() {
        let trust = |purposes: &[&[u8]]| list(0x30, purposes);
        let reject = |purposes: &[&[u8]]| list(0xa0, purposes);
        let alias = tlv(0x0c, b"Example CA");
        let cases = [
            (vec![], Trust::Trusted),
            (vec![trust(&[SERVER_AUTH])], Trust::Trusted),
            (vec![trust(&[CLIENT_AUTH, ANY_PURPOSE])], Trust::Trusted),
            (vec![trust(&[])], Trust::NotListed),
            (vec![trust(&[CLIENT_AUTH]), alias.clone()], Trust::NotListed),
            (vec![reject(&[CLIENT_AUTH])], Trust::Trusted),
            (vec![reject(&[SERVER_AUTH])], Trust::Rejected),
            (vec![reject(&[ANY_PURPOSE]), alias], Trust::Rejected),
            (
                vec![trust(&[SERVER_AUTH]), reject(&[SERVER_AUTH])],
                Trust::Rejected,
            ),
        ];
        for (fields, expected) in cases {
            assert_eq!(server_trust(&aux(&fields)), Ok(expected), "{fields:02x?}");
        }
        assert_eq!(server_trust(&[]), Ok(Trust::Trusted));
    }

    #[test]
    fn what_is_not_an_x509_aux_is_an_error() {
        let unordered = aux(&[list(0xa0, &[SERVER_AUTH]), list(0x30, &[SERVER_AUTH])]);
        let trailing = [aux(&[]), vec![0]].concat();
        for garbage in [&unordered[..], &trailing, b"\0", b"\x30\x05", b"text"] {
            assert_eq!(server_trust(garbage), Err(InvalidAux), "{garbage:02x?}");
        }
    }
}
