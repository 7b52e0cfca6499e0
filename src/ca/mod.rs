//! Decides what is trusted and records why. Opens no socket and knows no transport.

mod anchors;
mod bundle;
mod certificate;
mod decision;
pub(crate) mod env;
mod error;
mod openssl;
mod pem;
mod platform;
mod policy;
mod read;
mod report;
mod sources;

pub use anchors::TrustAnchors;
pub(crate) use anchors::{Anchors, Trust};
pub(crate) use certificate::trust_anchor;
pub use decision::BaseRoots;
pub use error::{BundleName, CaError};
pub use policy::CaPolicy;
pub(crate) use report::counted;
pub use report::{
    AcceptedCertificate, BaseKind, BaseReport, BundleReport, ExcludedCertificate, LostVariable,
    SourceKind, TrustReport, TrustSource,
};
