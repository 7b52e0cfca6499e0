//! The files of a workspace that can undo the fence.

use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use super::workspace::Workspace;

/// Those below the root, build folders left out.
#[derive(Default)]
pub(crate) struct Files {
    /// `.cargo/config.toml` and `.cargo/config`.
    pub(crate) cargo: Vec<PathBuf>,
    /// `Cargo.toml` of packages and workspaces that are no members.
    pub(crate) strangers: Vec<PathBuf>,
}

impl Files {
    pub(crate) fn of(workspace: &Workspace) -> Self {
        let members = workspace.members();
        let manifests: Vec<_> = members
            .iter()
            .map(|member| member.manifest_path.as_std_path())
            .chain([workspace.manifest().as_path()])
            .map(Path::to_owned)
            .collect();
        let mut files = Self::default();
        let mut walk = WalkDir::new(&workspace.root)
            .sort_by_file_name()
            .into_iter();
        while let Some(entry) = walk.next() {
            // What cannot be read, neither can a build.
            let Ok(entry) = entry else { continue };
            if entry.file_type().is_dir() {
                let manifest = entry.path().join("Cargo.toml");
                if is_skipped(&entry, workspace) {
                    walk.skip_current_dir();
                } else if manifest.is_file() && !manifests.contains(&manifest) {
                    // Its own members are its own matter.
                    files.strangers.push(manifest);
                    walk.skip_current_dir();
                }
            } else if is_cargo_config(entry.path()) {
                files.cargo.push(entry.into_path());
            }
        }
        files
    }
}

fn is_skipped(entry: &DirEntry, workspace: &Workspace) -> bool {
    let name = entry.file_name().to_string_lossy();
    let is_hidden = name.starts_with('.') && name != ".cargo" && entry.depth() > 0;
    is_hidden
        || name == "node_modules"
        || entry.path() == workspace.metadata.target_directory
        // Cargo and others mark what they can make again.
        || entry.path().join("CACHEDIR.TAG").is_file()
}

fn is_cargo_config(path: &Path) -> bool {
    [".cargo/config.toml", ".cargo/config"]
        .iter()
        .any(|end| path.ends_with(end))
}

/// The clippy.toml that holds for a folder: the nearest, as clippy looks for it.
pub(crate) fn clippy_toml(folder: &Path) -> Option<PathBuf> {
    folder.ancestors().find_map(|folder| {
        let files = [".clippy.toml", "clippy.toml"];
        let mut files = files.iter().map(|name| folder.join(name));
        files.find(|file| file.is_file())
    })
}
