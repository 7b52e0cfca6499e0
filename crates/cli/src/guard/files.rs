//! The files of a workspace that can undo the fence.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use super::workspace::Workspace;

/// The Cargo configurations of the root and of the folders between it and a member: cargo reads
/// those above the folder in which somebody calls it.
pub(crate) fn cargo_configs(workspace: &Workspace) -> BTreeSet<PathBuf> {
    let members = folders(workspace).into_iter().collect::<Vec<_>>();
    let within = members.iter().flat_map(|folder| {
        let ancestors = folder.ancestors();
        ancestors.take_while(|folder| folder.starts_with(&workspace.root))
    });
    let folders: BTreeSet<_> = within.chain([workspace.root.as_path()]).collect();
    let configs = folders.into_iter().flat_map(|folder| {
        let names = [".cargo/config.toml", ".cargo/config"];
        names.map(|name| folder.join(name))
    });
    configs.filter(|path| exists(path)).collect()
}

/// The manifests that no member has: below the root, build folders left out, and those that
/// members depend on by their path, wherever they are. Not this crate's, which may be a clone.
pub(crate) fn strangers(workspace: &Workspace) -> BTreeSet<PathBuf> {
    let members = folders(workspace);
    let is_stranger = |folder: &Path| {
        let manifest = folder.join("Cargo.toml");
        (manifest.is_file() && !members.contains(folder)).then_some(manifest)
    };
    let packages = workspace.members().into_iter();
    let dependencies = packages.flat_map(|member| &member.dependencies);
    let paths = dependencies
        .filter(|dependency| dependency.name != "trusted-transport")
        .filter_map(|dependency| is_stranger(dependency.path.as_ref()?.as_std_path()));
    let mut found: BTreeSet<_> = paths.collect();
    let mut walk = WalkDir::new(&workspace.root).min_depth(1).into_iter();
    while let Some(entry) = walk.next() {
        // What cannot be read, neither can a build.
        let Ok(entry) = entry else { continue };
        if !entry.file_type().is_dir() {
            continue;
        }
        let stranger = is_stranger(entry.path());
        let is_over = is_skipped(&entry, workspace);
        // Its own members are its own matter.
        if is_over || stranger.is_some() {
            walk.skip_current_dir();
        }
        found.extend(stranger.filter(|_| !is_over));
    }
    found
}

/// The folders of the members, and the root.
fn folders(workspace: &Workspace) -> BTreeSet<PathBuf> {
    let members = workspace.members().into_iter();
    let folders = members.filter_map(|member| member.manifest_path.as_std_path().parent());
    folders
        .chain([workspace.root.as_path()])
        .map(Path::to_owned)
        .collect()
}

fn is_skipped(entry: &DirEntry, workspace: &Workspace) -> bool {
    let name = entry.file_name().to_string_lossy();
    let is_marked = || entry.path().join("CACHEDIR.TAG").is_file();
    name.starts_with('.')
        || name == "node_modules"
        || entry.path() == workspace.metadata.target_directory
        // Cargo and others mark what they can make again.
        || is_marked()
}

/// The clippy.toml that holds for a folder: the nearest, as clippy looks for it.
pub(crate) fn clippy_toml(folder: &Path) -> Option<PathBuf> {
    folder.ancestors().find_map(|folder| {
        let files = [".clippy.toml", "clippy.toml"];
        let mut files = files.iter().map(|name| folder.join(name));
        files.find(|file| exists(file))
    })
}

/// Whether there is something to read: a device is as good as a file.
fn exists(path: &Path) -> bool {
    path.exists() && !path.is_dir()
}
