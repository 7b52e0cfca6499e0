//! The outcome of the precedence, before anything is read: which bundles there are, how errors
//! call them, and what they are added to.

use std::fmt;
use std::path::{Path, PathBuf};

use super::error::BundleName;
use super::report::{LostVariable, TrustSource};

/// The roots that a bundle is added to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum BaseRoots {
    /// The operating system's.
    #[default]
    Platform,
    /// Mozilla's, compiled in.
    #[cfg(feature = "mozilla-roots")]
    Mozilla,
    /// None: the bundle is everything that is trusted.
    None,
}

/// Whether the certificate revocation lists of a bundle count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum CrlPolicy {
    /// They are counted, and nothing else.
    #[default]
    Ignore,
    /// No certificate that its issuer has revoked is part of any path; see
    /// [`CaPolicy::crls`](crate::CaPolicy::crls).
    Enforce,
}

/// The outcome of the precedence, before anything is read.
#[derive(Debug)]
pub(crate) struct Decision<'a> {
    pub(crate) source: TrustSource,
    /// The variables that may name a bundle, strongest first.
    pub(crate) variables: &'a [String],
    pub(crate) lost: Vec<LostVariable>,
    pub(crate) bundles: Vec<NamedBundle<'a>>,
    pub(crate) base: BaseRoots,
    pub(crate) crls: CrlPolicy,
    /// The most that is read for a bundle, in bytes.
    pub(crate) limit: u64,
}

impl Decision<'_> {
    /// Of the bundles that are not in memory, as they were named.
    pub(crate) fn paths(&self) -> Vec<PathBuf> {
        let paths = self.bundles.iter().filter_map(|bundle| match bundle.input {
            Input::Path(path) => Some(path.to_owned()),
            Input::Bytes(_) => None,
        });
        paths.collect()
    }
}

/// A bundle to read, and what errors call it.
#[derive(Debug)]
pub(crate) struct NamedBundle<'a> {
    pub(crate) name: BundleName,
    pub(crate) input: Input<'a>,
}

/// Where the bytes of a bundle are.
pub(crate) enum Input<'a> {
    Path(&'a Path),
    Bytes(&'a [u8]),
}

// A bundle in memory may hold a private key: only its size is shown.
impl fmt::Debug for Input<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => path.fmt(f),
            Self::Bytes(bytes) => write!(f, "{} bytes", bytes.len()),
        }
    }
}
