//! What is signed in a certificate or in a revocation list, and how (RFC 5280, 4.1.1 and 5.1.1).

use x509_parser::asn1_rs::{Any, FromDer, Tag};

/// The three parts of either.
#[derive(Clone, Copy)]
pub(crate) struct Signed<'a> {
    pub(crate) data: &'a [u8],
    /// The content of the `AlgorithmIdentifier`.
    pub(crate) algorithm: &'a [u8],
    pub(crate) signature: &'a [u8],
}

impl<'a> Signed<'a> {
    pub(crate) fn of(der: &'a [u8]) -> Option<Self> {
        let (_, whole) = Any::from_der(der).ok()?;
        let (rest, _) = Any::from_der(whole.data).ok()?;
        let data = whole.data.get(..whole.data.len() - rest.len())?;
        let (rest, algorithm) = Any::from_der(rest).ok()?;
        let (_, signature) = Any::from_der(rest).ok()?;
        match (signature.tag(), signature.data) {
            // The number of unused bits, and the bits.
            (Tag::BitString, [0, bits @ ..]) => Some(Self {
                data,
                algorithm: algorithm.data,
                signature: bits,
            }),
            _ => None,
        }
    }
}
