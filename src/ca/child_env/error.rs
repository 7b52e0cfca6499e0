//! Why a policy could not be handed on.

use std::io;
use std::path::{Path, PathBuf};

/// [`TrustAnchors::child_env`](crate::TrustAnchors::child_env) could not write the bundle.
///
/// `Display` is one sentence; [`hint`](Self::hint) says what to do about it.
#[derive(Debug, thiserror::Error)]
#[error("failed to write a CA bundle for child processes below `{}`", .folder.display())]
#[non_exhaustive]
pub struct ChildEnvError {
    /// The folder for temporary files.
    pub folder: PathBuf,
    /// What the operating system said.
    pub source: io::Error,
}

impl ChildEnvError {
    pub(super) fn new(folder: &Path, source: io::Error) -> Self {
        Self {
            folder: folder.to_owned(),
            source,
        }
    }

    /// What to do about it, as a sentence for the person who runs the program.
    pub fn hint(&self) -> String {
        let (variable, separator) = match cfg!(windows) {
            true => ("TMP", ';'),
            false => ("TMPDIR", ':'),
        };
        format!(
            "let {variable} name a folder that this user can write to, with some room left, and \
             without `{separator}` in its path"
        )
    }
}

impl From<ChildEnvError> for io::Error {
    fn from(error: ChildEnvError) -> Self {
        Self::new(error.source.kind(), error)
    }
}
