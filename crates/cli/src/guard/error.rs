//! What keeps the guard from looking at all.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;
use trusted_transport::in_full;

use super::workspace::one_line;
use crate::explain::Explanation;

#[derive(Debug, Error)]
pub(crate) enum GuardError {
    #[error("cargo cannot describe the workspace")]
    Workspace(#[source] cargo_metadata::Error),
    #[error("failed to read {}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("failed to write {}", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("{} is not valid TOML", path.display())]
    Toml {
        path: PathBuf,
        source: toml_edit::TomlError,
    },
    #[error("{} has something else than a table where {key} should be", path.display())]
    Shape { path: PathBuf, key: &'static str },
    #[error("failed to run {program}")]
    Run {
        program: &'static str,
        source: io::Error,
    },
}

impl GuardError {
    fn path(&self) -> Option<&Path> {
        match self {
            Self::Read { path, .. }
            | Self::Write { path, .. }
            | Self::Toml { path, .. }
            | Self::Shape { path, .. } => Some(path),
            Self::Workspace(_) | Self::Run { .. } => None,
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Workspace(_) => "workspace",
            Self::Read { .. } => "read",
            Self::Write { .. } => "write",
            Self::Toml { .. } | Self::Shape { .. } => "toml",
            Self::Run { .. } => "run",
        }
    }

    fn hint(&self) -> String {
        match self {
            Self::Workspace(_) => "run it below the folder of a Cargo workspace, or name its \
                                   Cargo.toml with --manifest-path"
                .to_owned(),
            Self::Read { path, .. } => {
                format!("make {} a file that can be read", path.display())
            }
            Self::Write { path, .. } => {
                format!(
                    "make {} writable; what was written before it stays",
                    path.display()
                )
            }
            Self::Toml { path, .. } => {
                format!("mend {}; nothing has been written", path.display())
            }
            Self::Shape { path, key } => {
                format!("write {key} of {} as a table", path.display())
            }
            Self::Run { program, .. } => {
                format!("install {program} and have it in PATH")
            }
        }
    }
}

impl From<&GuardError> for Explanation {
    fn from(error: &GuardError) -> Self {
        Self {
            kind: error.kind(),
            message: error.to_string(),
            causes: in_full(error)
                .causes()
                .iter()
                .map(|cause| one_line(cause))
                .collect(),
            hint: Some(error.hint()),
            variable: None,
            path: error.path().map(|path| path.to_string_lossy().into_owned()),
            position: None,
            line: None,
        }
    }
}
