//! Why a policy could not be loaded: what happened, where, and what to do.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::format::BundleFormat;

/// [`CaPolicy::load`](crate::CaPolicy::load) failed. Nothing was trusted instead.
///
/// `Display` is one sentence; [`hint`](Self::hint) says what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CaError {
    /// The file or directory could not be opened or read.
    #[error("failed to read the CA bundle {bundle}{}", link(.target))]
    #[non_exhaustive]
    Read {
        /// The bundle.
        bundle: BundleName,
        /// Where its path leads, if that is a symbolic link.
        target: Option<PathBuf>,
        /// What the operating system said.
        source: io::Error,
    },
    /// A FIFO, device or socket: reading it might never end.
    #[error("the CA bundle {bundle} is neither a regular file nor a directory")]
    #[non_exhaustive]
    NotAFile {
        /// The bundle.
        bundle: BundleName,
    },
    /// The bundle exceeds the size limit of the policy.
    #[error("the CA bundle {bundle} is larger than {limit} bytes")]
    #[non_exhaustive]
    TooLarge {
        /// The bundle.
        bundle: BundleName,
        /// The limit, in bytes.
        limit: u64,
    },
    /// The bundle is a directory with more entries than any trust store has.
    #[error("the CA bundle {bundle} is a directory with more than {limit} entries")]
    #[non_exhaustive]
    TooManyFiles {
        /// The bundle.
        bundle: BundleName,
        /// The limit.
        limit: usize,
    },
    /// The file holds certificates in a format that is not read here.
    #[error("the CA bundle {bundle} is {format}, where certificates in PEM are needed")]
    #[non_exhaustive]
    OtherFormat {
        /// The bundle.
        bundle: BundleName,
        /// What it is.
        format: BundleFormat,
    },
    /// A certificate block is damaged; nothing of the file is used.
    #[error("the CA bundle {bundle} is corrupt in block {position}, line {line}: {reason}")]
    #[non_exhaustive]
    Corrupt {
        /// The bundle.
        bundle: BundleName,
        /// The number of the block, from 1.
        position: usize,
        /// The line, from 1.
        line: usize,
        /// What is wrong with the block.
        reason: String,
    },
    /// There is nothing in the bundle that could be trusted.
    #[error("the CA bundle {bundle} holds no usable certificate: {found}")]
    #[non_exhaustive]
    NoUsableCertificate {
        /// The bundle.
        bundle: BundleName,
        /// What was found instead.
        found: String,
        /// Whether there would be one without trust settings.
        distrusted: bool,
    },
    /// Neither a bundle nor base roots: nothing could ever be verified.
    #[error("there is no CA bundle and there are no base roots: nothing would be trusted")]
    NoRoots,
    /// [`CrlPolicy::Enforce`](crate::CrlPolicy::Enforce), where the operating system's verifier
    /// decides: it takes no revocation lists.
    #[error("the operating system's verifier cannot enforce certificate revocation lists")]
    CrlsNotEnforceable,
}

/// Which bundle an error is about: who named it, and where it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BundleName {
    /// The environment variable that names the bundle, if one does.
    pub variable: Option<String>,
    /// The name that the program gave to bytes of its own.
    pub name: Option<String>,
    /// The file or directory.
    pub path: Option<PathBuf>,
}

impl CaError {
    /// What to do about it, as a sentence for the person who runs the program. Where a command
    /// does it, that is on a line of its own.
    pub fn hint(&self) -> String {
        if let Self::CrlsNotEnforceable = self {
            return "let the program use other base roots (BaseRoots::None, which makes the bundle \
                    exclusive, or BaseRoots::Mozilla), or CrlPolicy::Ignore"
                .to_owned();
        }
        let Some(bundle) = self.bundle() else {
            return "name a CA bundle, or install the operating system's root certificates \
                    (often the package ca-certificates) if the policy is to use them"
                .to_owned();
        };
        let instead = match &bundle.variable {
            Some(variable) => format!("or unset {variable} to do without this bundle"),
            None => "or name another bundle".to_owned(),
        };
        let what = bundle.to_string();
        match self {
            Self::Read { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                format!("allow this user to read {what}, {instead}")
            }
            Self::Read {
                target: Some(target),
                ..
            } => format!(
                "let the symbolic link {what} lead to a PEM file with your company's CA \
                 certificates (it leads to `{}`), {instead}",
                target.display()
            ),
            Self::OtherFormat { bundle, format } => format!(
                "convert it, and use the new file in its place{}:\n{}",
                format.advice(),
                format.conversion(&quoted(bundle.path.as_deref()))
            ),
            Self::NoUsableCertificate {
                distrusted: true, ..
            } => format!(
                "trust settings in {what} distrust what is in it; if that is a mistake, replace \
                 the block by the certificate alone (`openssl x509 -in .. -out ..` drops the \
                 settings), {instead}"
            ),
            Self::Read { .. } | Self::NotAFile { .. } => {
                format!("put a PEM file with your company's CA certificates at {what}, {instead}")
            }
            Self::TooLarge { .. } | Self::TooManyFiles { .. } => {
                format!("leave only CA certificates in {what}, {instead}")
            }
            Self::Corrupt { line, .. } => format!(
                "look from line {line} on, or export the certificates again as PEM, from BEGIN \
                 CERTIFICATE to END CERTIFICATE, into {what}, {instead}"
            ),
            Self::NoUsableCertificate { .. } | Self::NoRoots | Self::CrlsNotEnforceable => format!(
                "put your company's CA certificates as PEM (BEGIN CERTIFICATE) into {what}, {instead}"
            ),
        }
    }

    /// The variable that named the bundle, if one did.
    pub fn variable(&self) -> Option<&str> {
        self.bundle()?.variable.as_deref()
    }

    /// The file or directory, if there is one.
    pub fn path(&self) -> Option<&Path> {
        self.bundle()?.path.as_deref()
    }

    /// The number of the block in the file and its line, both from 1.
    pub fn position(&self) -> Option<(usize, usize)> {
        match *self {
            Self::Corrupt { position, line, .. } => Some((position, line)),
            _ => None,
        }
    }

    /// Always false: the same bundle fails again until somebody changes it.
    pub fn is_retryable(&self) -> bool {
        false
    }

    /// A stable word for the kind of error, as in the JSON of the command line.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Read { .. } => "unreadable",
            Self::NotAFile { .. } => "not_a_file",
            Self::TooLarge { .. } => "too_large",
            Self::TooManyFiles { .. } => "too_many_files",
            Self::OtherFormat { .. } => "other_format",
            Self::Corrupt { .. } => "corrupt",
            Self::NoUsableCertificate { .. } => "no_usable_certificate",
            Self::NoRoots => "no_roots",
            Self::CrlsNotEnforceable => "crls_not_enforceable",
        }
    }

    fn bundle(&self) -> Option<&BundleName> {
        match self {
            Self::Read { bundle, .. }
            | Self::NotAFile { bundle }
            | Self::TooLarge { bundle, .. }
            | Self::TooManyFiles { bundle, .. }
            | Self::OtherFormat { bundle, .. }
            | Self::Corrupt { bundle, .. }
            | Self::NoUsableCertificate { bundle, .. } => Some(bundle),
            Self::NoRoots | Self::CrlsNotEnforceable => None,
        }
    }
}

impl From<CaError> for io::Error {
    fn from(error: CaError) -> Self {
        let kind = match &error {
            CaError::Read { source, .. } => source.kind(),
            CaError::NotAFile { .. } => io::ErrorKind::InvalidInput,
            CaError::NoRoots => io::ErrorKind::NotFound,
            CaError::CrlsNotEnforceable => io::ErrorKind::Unsupported,
            CaError::TooLarge { .. }
            | CaError::TooManyFiles { .. }
            | CaError::OtherFormat { .. }
            | CaError::Corrupt { .. }
            | CaError::NoUsableCertificate { .. } => io::ErrorKind::InvalidData,
        };
        Self::new(kind, error)
    }
}

fn link(target: &Option<PathBuf>) -> String {
    match target {
        Some(target) => format!(", a symbolic link to `{}`", target.display()),
        None => String::new(),
    }
}

/// As a shell needs it.
pub(crate) fn quoted(path: Option<&Path>) -> String {
    let Some(path) = path else {
        return "FILE".to_owned();
    };
    let path = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
    match path.chars().all(plain) {
        true => path,
        false => format!("'{}'", path.replace('\'', r"'\''")),
    }
}

impl fmt::Display for BundleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.path, &self.name, &self.variable) {
            (Some(path), _, Some(variable)) => {
                write!(f, "`{}` (named by {variable})", path.display())
            }
            (Some(path), ..) => write!(f, "`{}`", path.display()),
            (None, Some(name), _) => write!(f, "`{name}`"),
            (None, None, _) => f.write_str("(unnamed)"),
        }
    }
}
