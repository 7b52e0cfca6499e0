//! Decides what is trusted and records why. Opens no socket and knows no transport.

mod account;
mod anchors;
mod bundle;
mod certificate;
mod child_env;
mod copies;
mod crl;
mod decision;
mod der;
mod distrust;
mod encoding;
pub(crate) mod env;
mod error;
mod format;
mod lines;
#[cfg(feature = "serde")]
mod lossy;
mod marker;
mod openssl;
mod pem;
mod pins;
mod platform;
mod policy;
mod presented;
mod read;
mod report;
mod revocation_list;
mod settled;
mod signed;
mod sources;
mod stamp;
mod warnings;
mod x509;

pub use anchors::TrustAnchors;
pub(crate) use anchors::{Anchors, Trust};
pub(crate) use certificate::hex;
pub use child_env::{ChildEnv, ChildEnvError};
pub(crate) use crl::Crl;
pub use decision::{BaseRoots, CrlPolicy};
pub(crate) use distrust::{Distrust, Identity};
pub(crate) use encoding::{Undecodable, text};
pub(crate) use error::quoted;
pub use error::{BundleName, CaError};
pub use format::BundleFormat;
pub(crate) use format::Format;
pub(crate) use lines::Lines;
#[cfg(test)]
pub(crate) use openssl::Objection;
pub(crate) use openssl::split;
pub(crate) use pem::{Content, Label, PemFault, Section, sections};
pub(crate) use pins::Pins;
pub use policy::CaPolicy;
pub use presented::PresentedCertificate;
pub(crate) use presented::{Chain, End};
pub(crate) use read::{ReadError, file as read_file};
pub(crate) use report::counted;
pub use report::{
    AcceptedCertificate, BaseKind, BaseReport, BundleReport, ExcludedCertificate, LostVariable,
    SourceKind, TrustReport, TrustSource,
};
pub use revocation_list::RevocationList;
pub(crate) use signed::Signed;
pub(crate) use x509::{parsed, printable, subject_of, utc};
