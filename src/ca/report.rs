//! What a policy decided: which source won, what every certificate of the bundle became,
//! and what was left out. Data for programs, `Display` for people.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[cfg(feature = "serde")]
use super::lossy;
use super::revocation_list::RevocationList;

/// The outcome of [`CaPolicy::load`](crate::CaPolicy::load).
///
/// With the feature `serde` it serializes; paths that are not UTF-8 are then written with
/// replacement characters.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct TrustReport {
    /// The source that won.
    pub source: TrustSource,
    /// The variables that may name a bundle, strongest first; none if the policy has none.
    pub variables: Vec<String>,
    /// Variables that were set and decided nothing.
    pub lost: Vec<LostVariable>,
    /// The roots that the bundle was added to.
    pub base: BaseReport,
    /// What was found in the bundle; all zero without one.
    pub bundle: BundleReport,
    /// Distinct trust anchors in force, servers' own certificates in the bundle among them; `None` where the operating system keeps them.
    pub anchors: Option<usize>,
    /// SHA-256 over the sorted SHA-256 values of the anchors' certificates, over what is
    /// distrusted and which revocation lists are enforced, and over whether the operating system decides too; in hexadecimal. Equal for
    /// two transports that trust the same.
    pub fingerprint: String,
    /// What an administrator should know, one sentence each.
    pub warnings: Vec<String>,
}

/// Where the bundle came from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct TrustSource {
    /// The kind of source.
    pub kind: SourceKind,
    /// The variable, or the name that the program gave the bundle.
    pub name: Option<String>,
    /// The file or directory.
    #[cfg_attr(feature = "serde", serde(serialize_with = "lossy::option"))]
    pub path: Option<PathBuf>,
}

/// The kind of a [`TrustSource`], strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "lowercase")
)]
#[non_exhaustive]
pub enum SourceKind {
    /// The program named the bundle itself.
    Explicit,
    /// An environment variable named the bundle.
    Variable,
    /// There is no bundle.
    Platform,
}

/// A variable that was set and lost to a stronger source.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct LostVariable {
    /// Its name.
    pub name: String,
    /// Its value, which nobody looked at.
    #[cfg_attr(feature = "serde", serde(serialize_with = "lossy::path"))]
    pub path: PathBuf,
}

/// The base roots.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct BaseReport {
    /// Whose roots these are.
    pub kind: BaseKind,
    /// How many of them are in force; `None` if delegated.
    pub anchors: Option<usize>,
    /// How many were left out because they, or the bundle, say so; `None` if delegated.
    pub distrusted: Option<usize>,
    /// How many were left out because they cannot be used; `None` if delegated.
    pub ignored: Option<usize>,
}

/// Whose roots the base is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "lowercase")
)]
#[non_exhaustive]
pub enum BaseKind {
    /// The platform's files.
    Platform,
    /// Mozilla's program, compiled in.
    Mozilla,
    /// No base: the bundle alone.
    None,
    /// The operating system's own verifier, which does not say what it trusts.
    Delegated,
}

/// What became of the blocks of the bundle. The lists hold distinct certificates.
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct BundleReport {
    /// The files that were read, in order.
    #[cfg_attr(feature = "serde", serde(serialize_with = "lossy::list"))]
    pub files: Vec<PathBuf>,
    /// Certificates that became trust anchors. An end-entity certificate among them is accepted
    /// from a server that presents it, and vouches for no other.
    pub accepted: Vec<AcceptedCertificate>,
    /// Certificates that the bundle itself, or the base, says not to trust.
    pub distrusted: Vec<ExcludedCertificate>,
    /// Certificates that the verifier cannot use.
    pub unusable: Vec<ExcludedCertificate>,
    /// Blocks that repeat a certificate.
    pub duplicates: usize,
    /// Blocks and files that are, or should be, certificate revocation lists.
    pub crls: usize,
    /// What they are, each list once; enforced or not.
    pub revocation_lists: Vec<RevocationList>,
    /// Private keys, passed over.
    pub private_keys: usize,
    /// Other blocks, passed over: requests, parameters, PKCS#7.
    pub other: usize,
}

/// A certificate that became a trust anchor.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct AcceptedCertificate {
    /// SHA-256 over the DER, in hexadecimal.
    pub sha256: String,
    /// The subject.
    pub subject: String,
    /// The end of validity, RFC 3339 in UTC. A trust anchor has no expiry: the verifier
    /// does not look at it.
    pub not_after: String,
    /// The friendly name in OpenSSL's trust settings, if there is one.
    pub alias: Option<String>,
    /// The file.
    #[cfg_attr(feature = "serde", serde(serialize_with = "lossy::path"))]
    pub file: Arc<Path>,
    /// The number of the block in its file, from 1.
    pub position: usize,
    /// The line of the block's BEGIN, from 1.
    pub line: usize,
    /// What is odd about it.
    pub warnings: Vec<String>,
}

/// A certificate that was left out.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ExcludedCertificate {
    /// SHA-256 over the DER, in hexadecimal.
    pub sha256: String,
    /// The subject.
    pub subject: String,
    /// The end of validity, RFC 3339 in UTC.
    pub not_after: String,
    /// The friendly name in OpenSSL's trust settings, if there is one.
    pub alias: Option<String>,
    /// The file.
    #[cfg_attr(feature = "serde", serde(serialize_with = "lossy::path"))]
    pub file: Arc<Path>,
    /// The number of the block in its file, from 1.
    pub position: usize,
    /// The line of the block's BEGIN, from 1.
    pub line: usize,
    /// Why.
    pub reason: String,
}

impl TrustSource {
    pub(crate) fn new(kind: SourceKind) -> Self {
        let (name, path) = (None, None);
        Self { kind, name, path }
    }
}

impl TrustReport {
    /// The anchors of the bundle and the base together, in words.
    fn totals(&self) -> String {
        let base = match (self.base.kind, self.base.anchors) {
            (BaseKind::None, _) => "no base roots".to_owned(),
            (BaseKind::Mozilla, Some(count)) => counted(count, "root") + " of Mozilla's",
            (BaseKind::Platform, Some(count)) => counted(count, "root") + " of the platform",
            _ => "the operating system's own roots".to_owned(),
        };
        if self.source.kind == SourceKind::Platform {
            return base;
        }
        let accepted = counted(self.bundle.accepted.len(), "certificate");
        let all = match self.anchors {
            Some(count) => format!(", {count} in all"),
            None => String::new(),
        };
        format!("{accepted} from the bundle and {base}{all}")
    }

    fn enforced_crls(&self) -> usize {
        let lists = self.bundle.revocation_lists.iter();
        lists.filter(|list| list.enforced).count()
    }

    /// If one is enforced, its duplicates are not ignored.
    fn ignored_crls(&self) -> usize {
        let lists = self.bundle.revocation_lists.iter();
        match self.enforced_crls() {
            0 => self.bundle.crls,
            _ => lists.filter(|list| !list.enforced).count(),
        }
    }

    /// What decides nothing, in words; empty if there is nothing.
    fn left_out(&self) -> String {
        let bundle = &self.bundle;
        found([
            (bundle.distrusted.len(), "distrusted certificate"),
            (bundle.unusable.len(), "unusable certificate"),
            (bundle.duplicates, "duplicate"),
            (self.ignored_crls(), "revocation list"),
            (bundle.private_keys, "private key"),
            (bundle.other, "other block"),
            (
                self.base.distrusted.unwrap_or_default(),
                "distrusted base root",
            ),
            (self.base.ignored.unwrap_or_default(), "unusable base root"),
        ])
    }
}

/// `1 certificate`, `2 certificates`.
pub(crate) fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// What there is any of, as a list in words.
pub(crate) fn found<const N: usize>(counts: [(usize, &str); N]) -> String {
    counts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| counted(count, what))
        .collect::<Vec<_>>()
        .join(", ")
}

impl fmt::Display for TrustReport {
    /// Several lines, without a final newline.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "source: {}", self.source)?;
        for lost in &self.lost {
            let path = lost.path.display();
            write!(f, "\nnot used: {} is set to {path}", lost.name)?;
        }
        write!(f, "\ntrusts: {}", self.totals())?;
        let enforced = self.enforced_crls();
        if enforced > 0 {
            let lists = counted(enforced, "revocation list");
            write!(f, "\nenforces: {lists}")?;
        }
        let left_out = self.left_out();
        if !left_out.is_empty() {
            write!(f, "\nleft out: {left_out}")?;
        }
        for warning in &self.warnings {
            write!(f, "\nwarning: {warning}")?;
        }
        write!(f, "\nfingerprint: {}", self.fingerprint)
    }
}

impl fmt::Display for TrustSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.as_ref().map(|path| path.display());
        match (self.kind, &self.name, path) {
            (SourceKind::Variable, Some(name), Some(path)) => write!(f, "{name} = {path}"),
            (SourceKind::Platform, ..) => f.write_str("no bundle, the base roots alone"),
            (_, _, Some(path)) => write!(f, "{path}, named by the program"),
            (_, Some(name), None) => write!(f, "{name}, given by the program"),
            _ => f.write_str("several bundles, named by the program"),
        }
    }
}

impl SourceKind {
    /// The word in logs and in JSON.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Explicit => "explicit",
            Self::Variable => "variable",
            Self::Platform => "platform",
        }
    }
}
