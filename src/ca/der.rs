//! The elements of DER (X.690, 8.1), for what has to be looked up in many certificates and long
//! lists without reading them whole.

use x509_parser::asn1_rs::{Any, FromDer, Tag};

/// What follows a SEQUENCE, and its content.
pub(crate) fn sequence(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (rest, sequence) = Any::from_der(der).ok()?;
    (sequence.tag() == Tag::Sequence).then_some((rest, sequence.data))
}

/// One after the other, up to what is none.
pub(crate) fn elements(mut der: &[u8]) -> impl Iterator<Item = Any<'_>> {
    std::iter::from_fn(move || {
        let (rest, element) = Any::from_der(der).ok()?;
        der = rest;
        Some(element)
    })
}

/// The value of a certificate's extension (RFC 5280, 4.1).
pub(crate) fn extension<'a>(certificate: &'a [u8], oid: &[u8]) -> Option<&'a [u8]> {
    let (_, certificate) = sequence(certificate)?;
    let (_, to_be_signed) = sequence(certificate)?;
    let extensions = elements(to_be_signed).find(|it| it.header.raw_tag() == Some(&[0xa3]))?;
    let (_, extensions) = sequence(extensions.data)?;
    let extension = elements(extensions).find(|extension| {
        let id = elements(extension.data).next();
        id.is_some_and(|id| id.tag() == Tag::Oid && id.data == oid)
    })?;
    let value = elements(extension.data).last()?;
    (value.tag() == Tag::OctetString).then_some(value.data)
}
