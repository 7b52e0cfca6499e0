//! Why a client identity cannot be used: what was found, in which file, and what to do.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

use crate::ca::{BundleFormat, quoted};

/// A [`ClientIdentity`](crate::ClientIdentity) could not be read, or its parts do not fit.
///
/// `Display` is one sentence; [`hint`](Self::hint) says what to do about it. A path is there if
/// the program named a file. Nothing of a private key is ever part of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// The file could not be opened or read.
    #[error("failed to read the client identity `{}`", path.display())]
    #[non_exhaustive]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A directory, FIFO, device or socket.
    #[error("the client identity `{}` is not a regular file", path.display())]
    #[non_exhaustive]
    NotAFile {
        /// What was found at this path.
        path: PathBuf,
    },
    /// No chain and no key is so large.
    #[error("the client identity{} is larger than {limit} bytes", name(path))]
    #[non_exhaustive]
    TooLarge {
        /// The file.
        path: Option<PathBuf>,
        /// The limit, in bytes.
        limit: u64,
    },
    /// The file may hold what is needed, but not as PEM.
    #[error("the client identity{} is {}, where PEM is needed", name(path), format_name(*format))]
    #[non_exhaustive]
    OtherFormat {
        /// The file.
        path: Option<PathBuf>,
        /// What it is; `None` for a certificate or key in DER.
        format: Option<BundleFormat>,
    },
    /// A block is damaged.
    #[error(
        "the client identity{} is corrupt in line {line}: {reason}",
        name(path)
    )]
    #[non_exhaustive]
    Corrupt {
        /// The file.
        path: Option<PathBuf>,
        /// The line, from 1.
        line: usize,
        /// What is wrong there.
        reason: String,
    },
    /// There is no certificate where it should be.
    #[error("the client identity{} holds no certificate", name(path))]
    #[non_exhaustive]
    NoCertificate {
        /// The file.
        path: Option<PathBuf>,
    },
    /// There is no private key where it should be.
    #[error("the client identity{} holds no private key", name(path))]
    #[non_exhaustive]
    NoKey {
        /// The file.
        path: Option<PathBuf>,
    },
    /// It would be a guess which key is meant.
    #[error(
        "the client identity{} holds {count} private keys, where one is needed",
        name(path)
    )]
    #[non_exhaustive]
    SeveralKeys {
        /// The file.
        path: Option<PathBuf>,
        /// How many there are.
        count: usize,
    },
    /// The private key needs a password, and nothing here asks for one.
    #[error("the private key of the client identity{} is encrypted", name(path))]
    #[non_exhaustive]
    EncryptedKey {
        /// The file.
        path: Option<PathBuf>,
    },
    /// The crypto provider has no use for a key of this kind.
    #[error(
        "the private key of the client identity{} is of a kind that is not supported",
        name(path)
    )]
    #[non_exhaustive]
    UnsupportedKey {
        /// The file.
        path: Option<PathBuf>,
        /// What the provider said, if it was asked.
        source: Option<Box<dyn Error + Send + Sync>>,
    },
    /// The private key is that of none of the certificates.
    #[error("the private key of the client identity is not that of its certificate `{subject}`")]
    #[non_exhaustive]
    Mismatch {
        /// Of the certificate.
        subject: String,
    },
    /// The private key is that of another certificate of the chain than the first.
    #[error(
        "the certificate of the client identity, `{subject}`, comes as number {position} of the \
         chain, where it has to be the first"
    )]
    #[non_exhaustive]
    NotFirst {
        /// Of the certificate that the key belongs to.
        subject: String,
        /// Its place, from 1.
        position: usize,
    },
}

impl IdentityError {
    /// What to do about it, as a sentence for the person who runs the program. Where a command
    /// does it, that is on a line of its own.
    pub fn hint(&self) -> String {
        let file = quoted(self.path());
        match self {
            Self::Read { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                format!("allow this user to read {file}")
            }
            Self::Read { .. } | Self::NotAFile { .. } | Self::TooLarge { .. } => {
                "name a PEM file with the certificate and its chain, and one with the private \
                 key; they may be the same"
                    .to_owned()
            }
            Self::OtherFormat { format, .. } => format!(
                "convert it, and use the new file in its place:\n{}",
                conversion(*format, &file)
            ),
            Self::Corrupt { line, .. } => {
                format!("look from line {line} on, or export the client identity again as PEM")
            }
            Self::NoCertificate { .. } => "add the client's certificate (BEGIN CERTIFICATE), and \
                                           behind it the intermediates that issued it"
                .to_owned(),
            Self::NoKey { .. } => {
                "add the private key of the certificate (BEGIN PRIVATE KEY)".to_owned()
            }
            Self::SeveralKeys { .. } => {
                "leave only the private key of the client's certificate".to_owned()
            }
            Self::EncryptedKey { .. } => format!(
                "decrypt it into a file that only this user can read, and use that one:\n\
                 (umask 077; openssl pkey -in {file} -out key.pem)"
            ),
            Self::UnsupportedKey { .. } => {
                "use an identity with a key of RSA (2048 bits or more), \
                                            ECDSA (P-256 or P-384) or Ed25519, as PKCS#8 (BEGIN \
                                            PRIVATE KEY)"
                    .to_owned()
            }
            Self::Mismatch { .. } => {
                "use the certificate and the private key that were made for each other".to_owned()
            }
            Self::NotFirst { .. } => {
                "put the client's own certificate first, and then each one's issuer".to_owned()
            }
        }
    }

    /// The file that it is about, if the program named one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Read { path, .. } | Self::NotAFile { path } => Some(path),
            Self::TooLarge { path, .. }
            | Self::OtherFormat { path, .. }
            | Self::Corrupt { path, .. }
            | Self::NoCertificate { path }
            | Self::NoKey { path }
            | Self::SeveralKeys { path, .. }
            | Self::EncryptedKey { path }
            | Self::UnsupportedKey { path, .. } => path.as_deref(),
            Self::Mismatch { .. } | Self::NotFirst { .. } => None,
        }
    }
}

impl From<IdentityError> for io::Error {
    fn from(error: IdentityError) -> Self {
        let kind = match &error {
            IdentityError::Read { source, .. } => source.kind(),
            IdentityError::NotAFile { .. } => io::ErrorKind::InvalidInput,
            _ => io::ErrorKind::InvalidData,
        };
        Self::new(kind, error)
    }
}

/// Of a file in a sentence.
fn name(path: &Option<PathBuf>) -> String {
    match path {
        Some(path) => format!(" `{}`", path.display()),
        None => String::new(),
    }
}

fn format_name(format: Option<BundleFormat>) -> String {
    format.map_or_else(|| "DER".to_owned(), |format| format.to_string())
}

fn conversion(format: Option<BundleFormat>, file: &str) -> String {
    match format {
        // `-nodes` is for OpenSSL before 3.0 too.
        Some(BundleFormat::Pkcs12) => {
            format!("(umask 077; openssl pkcs12 -nodes -in {file} -out identity.pem)")
        }
        Some(BundleFormat::JavaKeyStore) => format!(
            "keytool -importkeystore -srckeystore {file} -destkeystore identity.p12 \
             -deststoretype PKCS12\n\
             (umask 077; openssl pkcs12 -nodes -in identity.p12 -out identity.pem)"
        ),
        Some(BundleFormat::Pkcs7Pem) => {
            format!("openssl pkcs7 -print_certs -in {file} -out chain.pem")
        }
        Some(BundleFormat::Pkcs7Der) => {
            format!("openssl pkcs7 -inform DER -print_certs -in {file} -out chain.pem")
        }
        None => format!(
            "openssl x509 -inform DER -in {file} -out chain.pem\n\
             (umask 077; openssl pkey -inform DER -in {file} -out key.pem)"
        ),
    }
}
