//! The files of the fence in a workspace, as they should be.

use trusted_transport::CLIPPY_TOML;

use super::amend::Amended;
use super::error::GuardError;
use super::workspace::Workspace;
use super::{deny, exemptions, lints, list};

/// Each file with what it lacks.
pub(crate) struct Plan {
    pub(crate) clippy: Amended,
    pub(crate) deny: Amended,
    pub(crate) exemptions: Amended,
    /// The root's first.
    pub(crate) manifests: Vec<Amended>,
}

impl Plan {
    pub(crate) fn of(workspace: &Workspace) -> Result<Self, GuardError> {
        // clippy and cargo-deny take the first of these that there is.
        let existing = |names: &[&str], default: &str| {
            let mut paths = names.iter().map(|name| workspace.root.join(name));
            let existing = paths.find(|path| path.is_file());
            existing.unwrap_or_else(|| workspace.root.join(default))
        };
        let clippy = existing(&[".clippy.toml"], "clippy.toml");
        let deny = existing(
            &["deny.toml", ".deny.toml", ".cargo/deny.toml"],
            "deny.toml",
        );
        let guard = workspace.root.join(exemptions::GUARD_TOML);
        let root = workspace.manifest();
        let mut manifests = vec![Amended::of(root.clone(), "", lints::amend_root)?];
        for member in workspace.members() {
            let manifest = member.manifest_path.as_std_path();
            if manifest != root {
                manifests.push(Amended::of(manifest.into(), "", lints::amend_member)?);
            }
        }
        Ok(Self {
            clippy: Amended::of(clippy, CLIPPY_TOML, list::amend)?,
            deny: Amended::of(deny, deny::DENY_TOML, deny::amend)?,
            exemptions: Amended::of(guard, exemptions::TEMPLATE, exemptions::amend)?,
            manifests,
        })
    }

    pub(crate) fn is_changed(&self) -> bool {
        self.files().any(Amended::is_changed)
    }

    pub(crate) fn files(&self) -> impl Iterator<Item = &Amended> {
        [&self.clippy, &self.deny, &self.exemptions]
            .into_iter()
            .chain(&self.manifests)
    }
}
