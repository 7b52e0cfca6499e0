//! Certificates that are trusted as a server's own, whoever issued them: those that somebody put
//! into an explicit bundle, recognised byte by byte.

use std::collections::HashSet;

use sha2::{Digest, Sha256};

use super::certificate::Fingerprint;

/// The accepted certificates of the bundle; never a base root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pins(HashSet<Fingerprint>);

impl Pins {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this very certificate is one of them. Another with the same key is not.
    pub(crate) fn contains(&self, der: &[u8]) -> bool {
        !self.0.is_empty() && self.0.contains::<Fingerprint>(&Sha256::digest(der).into())
    }
}

impl FromIterator<Fingerprint> for Pins {
    fn from_iter<I: IntoIterator<Item = Fingerprint>>(certificates: I) -> Self {
        Self(certificates.into_iter().collect())
    }
}
