//! A certificate revocation list (RFC 5280, 5) of the bundle.

/// A list that is to be enforced.
#[derive(Debug)]
pub(crate) struct Crl;
