//! DER that no tool writes: elements put together, and certificates taken apart.

use x509_parser::asn1_rs::{Any, FromDer as _};

pub(super) use crate::fixtures::element;

/// The same element with more bytes of length than it needs, which BER allows and DER does not.
pub(super) fn long_form(element: &[u8]) -> Vec<u8> {
    let (_, parsed) = Any::from_der(element).expect("an element");
    let length = u32::try_from(parsed.data.len()).expect("a short element");
    [&[element[0], 0x84], &length.to_be_bytes()[..], parsed.data].concat()
}

/// The elements in a constructed element, each whole.
pub(super) fn elements(der: &[u8]) -> Vec<Vec<u8>> {
    let (_, outer) = Any::from_der(der).expect("an element");
    let mut rest = outer.data;
    let mut elements = Vec::new();
    while !rest.is_empty() {
        let (behind, _) = Any::from_der(rest).expect("an element");
        elements.push(rest[..rest.len() - behind.len()].to_vec());
        rest = behind;
    }
    elements
}

/// The certificate with another signed part. The signature does not fit then, which nobody
/// looks at in a root.
pub(super) fn with_signed_part(der: &[u8], change: impl FnOnce(&mut Vec<Vec<u8>>)) -> Vec<u8> {
    let mut outer = elements(der);
    let mut signed = elements(&outer[0]);
    change(&mut signed);
    outer[0] = element(SEQUENCE, &signed.concat());
    element(SEQUENCE, &outer.concat())
}

/// The certificate with another list of extensions, each an element.
pub(super) fn with_extensions(der: &[u8], change: impl FnOnce(&mut Vec<Vec<u8>>)) -> Vec<u8> {
    with_signed_part(der, |signed| {
        let tagged = signed.last_mut().expect("extensions");
        let mut extensions = elements(&elements(tagged)[0]);
        change(&mut extensions);
        *tagged = element(0xa3, &element(SEQUENCE, &extensions.concat()));
    })
}

pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const UTF8_STRING: u8 = 0x0c;
