//! The workspace that is guarded, as cargo describes it.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use cargo_metadata::{Metadata, MetadataCommand, Package};
use toml_edit::DocumentMut;

use super::error::GuardError;

/// Members and files of a workspace. Paths are absolute.
pub(crate) struct Workspace {
    pub(crate) metadata: Metadata,
    pub(crate) root: PathBuf,
}

impl Workspace {
    /// The workspace of a manifest, or of the current folder. Needs no network.
    pub(crate) fn find(manifest: Option<PathBuf>) -> Result<Self, GuardError> {
        let mut command = MetadataCommand::new();
        command.no_deps();
        if let Some(manifest) = manifest {
            command.manifest_path(manifest);
        }
        let metadata = command.exec().map_err(GuardError::Workspace)?;
        let root = metadata.workspace_root.clone().into_std_path_buf();
        Ok(Self { metadata, root })
    }

    pub(crate) fn members(&self) -> Vec<&Package> {
        self.metadata.workspace_packages()
    }

    pub(crate) fn manifest(&self) -> PathBuf {
        self.root.join("Cargo.toml")
    }

    pub(crate) fn is_member(&self, name: &str, version: &str) -> bool {
        let mut members = self.members().into_iter();
        members.any(|member| *member.name == name && member.version.to_string() == version)
    }

    /// Writes a file for another program into the build folder.
    pub(crate) fn scratch(&self, name: &str, text: &str) -> Result<PathBuf, GuardError> {
        let folder = self.metadata.target_directory.as_std_path();
        let path = folder.join("trusted-transport-guard").join(name);
        let folder = path.parent().unwrap_or(folder);
        // What is as it was keeps its time, so that nothing is built again.
        if read(&path).is_ok_and(|old| old.as_deref() == Some(text)) {
            return Ok(path);
        }
        match fs::create_dir_all(folder).and_then(|()| fs::write(&path, text)) {
            Ok(()) => Ok(path),
            Err(source) => Err(GuardError::Write { path, source }),
        }
    }

    /// Below the root, with `/`; as it is if it is elsewhere.
    pub(crate) fn name(&self, path: &Path) -> String {
        let path = self.root.join(path);
        let below = path.strip_prefix(&self.root).unwrap_or(&path);
        let below = below.to_string_lossy();
        match std::path::MAIN_SEPARATOR {
            '/' => below.into_owned(),
            separator => below.replace(separator, "/"),
        }
    }
}

/// The text of a file, or `None` if there is none.
pub(crate) fn read(path: &Path) -> Result<Option<String>, GuardError> {
    let text = || {
        // Opening a FIFO would wait for its other end.
        if !fs::metadata(path)?.is_file() {
            return Err(io::Error::other("it is not a regular file"));
        }
        let mut text = String::new();
        let file = File::open(path)?;
        if file.take(MOST_BYTES + 1).read_to_string(&mut text)? as u64 > MOST_BYTES {
            return Err(io::Error::other("it has more than 4 MiB"));
        }
        Ok(text)
    };
    match text() {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(GuardError::Read {
            path: path.to_owned(),
            source,
        }),
    }
}

pub(crate) fn parse(path: &Path, text: &str) -> Result<DocumentMut, GuardError> {
    text.parse().map_err(|source| GuardError::Toml {
        path: path.to_owned(),
        source,
    })
}

/// The line, from 1, that begins with a key or names it first.
pub(crate) fn line_of(text: &str, key: &str) -> Option<usize> {
    let position = |found: &dyn Fn(&str) -> bool| text.lines().position(found);
    let is_key = |line: &str| {
        let rest = line.trim_start().trim_start_matches('"').strip_prefix(key);
        let goes_on = |c: char| c.is_alphanumeric() || ['-', '_'].contains(&c);
        rest.is_some_and(|rest| !rest.starts_with(goes_on))
    };
    position(&is_key)
        .or_else(|| position(&|line| line.contains(key)))
        .map(|line| line + 1)
}

/// What another program said, without its line ends.
pub(crate) fn one_line(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("; ")
}

/// Far above what a person writes, far below what would fill the memory.
const MOST_BYTES: u64 = 4 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_a_key_is_not_that_of_a_longer_one() {
        let text = "[features]\ncurlx = []\ncurl-sys = []\n[dependencies]\ncurl = \"1\"\n";
        assert_eq!(line_of(text, "curl"), Some(5));
        assert_eq!(line_of("[dependencies.curl]\n", "curl"), Some(1));
        assert_eq!(line_of(text, "reqwest"), None);
    }
}
