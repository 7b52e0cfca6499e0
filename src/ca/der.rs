//! The elements of DER (X.690, 8.1), for what has to be looked up in many certificates and long
//! lists without reading them whole.

use x509_parser::asn1_rs::{FromDer, Header, Tag};

/// An element, without what is known from its place.
pub(crate) struct Element<'a> {
    /// Class, form and number in one byte, as all of those have that X.509 knows.
    identifier: u8,
    pub(crate) tag: Tag,
    pub(crate) data: &'a [u8],
}

/// What follows a SEQUENCE, and its content.
pub(crate) fn sequence(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (rest, sequence) = element(der)?;
    (sequence.tag == Tag::Sequence).then_some((rest, sequence.data))
}

/// One after the other, up to what is none.
pub(crate) fn elements(mut der: &[u8]) -> impl Iterator<Item = Element<'_>> {
    std::iter::from_fn(move || {
        let (rest, element) = element(der)?;
        der = rest;
        Some(element)
    })
}

/// The value of a certificate's extension (RFC 5280, 4.1).
pub(crate) fn extension<'a>(certificate: &'a [u8], oid: &[u8]) -> Option<&'a [u8]> {
    let (_, certificate) = sequence(certificate)?;
    let (_, to_be_signed) = sequence(certificate)?;
    let extensions = elements(to_be_signed).find(|it| it.identifier == EXTENSIONS)?;
    let (_, extensions) = sequence(extensions.data)?;
    let extension = elements(extensions).find(|extension| {
        let id = elements(extension.data).next();
        id.is_some_and(|id| id.tag == Tag::Oid && id.data == oid)
    })?;
    let value = elements(extension.data).last()?;
    (value.tag == Tag::OctetString).then_some(value.data)
}

/// What follows an element, and the element. asn1-rs' own copies its header twice, which is a tenth
/// of what loading a certificate takes.
fn element(der: &[u8]) -> Option<(&[u8], Element<'_>)> {
    let (content, header) = Header::from_der(der).ok()?;
    let length = header.length().definite().ok()?;
    let (data, rest) = content.split_at_checked(length)?;
    let element = Element {
        identifier: *der.first()?,
        tag: header.tag(),
        data,
    };
    Some((rest, element))
}

/// `[3] EXPLICIT` of a TBSCertificate.
const EXTENSIONS: u8 = 0xa3;
