//! `guard`: the fence in somebody else's workspace. `init` writes it, keeping what is there, and
//! `check` verifies that it is whole, that nothing undoes it, and that nobody is outside.

mod amend;
mod bans;
mod census;
mod check;
mod deny;
mod error;
mod exemptions;
mod files;
mod finding;
mod flags;
mod init;
mod lints;
mod list;
mod paths;
mod plan;
mod scan;
mod shadow;
mod sources;
mod tokens;
mod workspace;

use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::Exit;
use crate::output::Output;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Write the fence into a Cargo workspace, and show what changed.
    ///
    /// Adds the list to clippy.toml, the bans to deny.toml and the lint levels to the manifests.
    /// What is there stays; a second run changes nothing. Exits with 0, or with 2 if it cannot.
    Init {
        #[command(flatten)]
        place: Place,
        /// Show what would change, and write nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Look for a gap in the fence of a Cargo workspace.
    ///
    /// Runs clippy over all targets, and cargo-deny if it is installed. Exits with 0 if there is
    /// no gap, with 1 if there is one, or with 2 if it cannot look.
    Check {
        #[command(flatten)]
        place: Place,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
        /// Fail if Cargo.lock is not up to date, as in CI.
        #[arg(long)]
        locked: bool,
        /// Look with these features instead of all of them, where some exclude each other.
        #[arg(long, value_name = "LIST")]
        features: Option<String>,
    },
}

#[derive(Args)]
pub(crate) struct Place {
    /// The Cargo.toml of the workspace, or of a member [default: the nearest].
    #[arg(long, value_name = "PATH")]
    manifest_path: Option<PathBuf>,
}

pub(crate) fn run(out: &mut Output<impl Write>, command: Command) -> io::Result<Exit> {
    match command {
        Command::Init { place, dry_run } => init::run(out, place.manifest_path, dry_run),
        Command::Check {
            place,
            json,
            locked,
            features,
        } => {
            let build = check::Build { features, locked };
            check::run(out, place.manifest_path, build, json)
        }
    }
}
