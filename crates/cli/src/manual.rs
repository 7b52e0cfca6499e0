//! `completions` and `man`: the files that a package puts beside the binary. They are made from the
//! arguments themselves, so that no option can be missing in them.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};
use thiserror::Error;
use trusted_transport::in_full;

use crate::explain::Explanation;
use crate::output::Output;
use crate::{Arguments, Exit};

/// Prints the script with which a shell completes the command line.
pub(crate) fn completions(out: &mut Output<impl Write>, shell: Shell) -> io::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), NAME, &mut script);
    if shell == Shell::Bash {
        script = with_matching_labels(script)?;
    }
    out.file(&script)?;
    Ok(Exit::Success)
}

/// For bash, clap_complete 4.6 writes a program's hyphen in two ways: the commands that it finds never
/// meet the labels of their options. Where it writes one way only, this changes nothing.
fn with_matching_labels(script: Vec<u8>) -> io::Result<Vec<u8>> {
    let script = String::from_utf8(script).map_err(io::Error::other)?;
    let found = NAME.replace('-', "__");
    let label = NAME.replace('-', "__subcmd__");
    Ok(script.replace(&label, &found).into_bytes())
}

/// Prints the program's page, or writes those of all commands into a folder.
pub(crate) fn man(out: &mut Output<impl Write>, folder: Option<&Path>) -> io::Result<Exit> {
    let pages = pages()?;
    let Some(folder) = folder else {
        // The program's own comes first.
        let own = pages.first().map_or(&[][..], |page| page.text.as_slice());
        out.file(own)?;
        return Ok(Exit::Success);
    };
    match write(folder, &pages) {
        Ok(()) => Ok(Exit::Success),
        Err(error) => {
            Explanation::from(&error).report()?;
            Ok(Exit::NoPolicy)
        }
    }
}

/// The variables, as `--help` shows them.
pub(crate) fn variables() -> String {
    let lines = ENVIRONMENT.iter().map(|(name, meaning)| {
        if name.len() > COLUMN {
            format!("  {name}\n  {:COLUMN$}  {meaning}", "")
        } else {
            format!("  {name:COLUMN$}  {meaning}")
        }
    });
    let lines: Vec<_> = lines.collect();
    format!("Environment:\n{}", lines.join("\n"))
}

struct Page {
    file: String,
    text: Vec<u8>,
}

/// All pages: nothing is printed or written before the last is made.
fn pages() -> io::Result<Vec<Page>> {
    let mut program = Arguments::command().disable_help_subcommand(true);
    program.build();
    // Its variables have a section of their own.
    let program = program.after_help(None::<&str>);
    let mut pages = Vec::new();
    collect(&program, &mut pages)?;
    Ok(pages)
}

fn collect(command: &Command, pages: &mut Vec<Page>) -> io::Result<()> {
    pages.push(page(command)?);
    let shown = command.get_subcommands();
    shown
        .filter(|command| !command.is_hide_set())
        .try_for_each(|command| collect(command, pages))
}

fn page(command: &Command) -> io::Result<Page> {
    let version = env!("CARGO_PKG_VERSION");
    let man = Man::new(command.clone());
    let title = command.get_display_name().unwrap_or(NAME);
    let mut text = Vec::new();
    // Not `render_title`: it drops the empty date, and what follows takes its place.
    writeln!(
        text,
        r#".TH "{title}" 1 "" "{NAME} {version}" "{NAME} manual""#
    )?;
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut text)?;
    }
    let mut rest = Roff::new();
    let common = [
        ("EXIT STATUS", STATUSES),
        ("ENVIRONMENT", ENVIRONMENT),
        ("FILES", FILES),
    ];
    for (title, entries) in common {
        section(&mut rest, title, entries);
    }
    rest.to_writer(&mut text)?;
    let file = man.get_filename();
    Ok(Page { file, text })
}

fn section(page: &mut Roff, title: &str, entries: &[(&str, &str)]) {
    page.control("SH", [title]);
    for (name, meaning) in entries {
        page.control("TP", []);
        page.text([bold(*name)]);
        page.text([roman(*meaning)]);
    }
}

fn write(folder: &Path, pages: &[Page]) -> Result<(), ManualError> {
    fs::create_dir_all(folder).map_err(|source| ManualError::new(folder, source))?;
    for page in pages {
        let path = folder.join(&page.file);
        replace(&path, &page.text).map_err(|source| ManualError::new(&path, source))?;
    }
    Ok(())
}

/// Whoever reads the file meanwhile gets the old or the new one, and never a half.
fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    let new = path.with_extension("1.new");
    let replaced = fs::write(&new, text).and_then(|()| fs::rename(&new, path));
    if replaced.is_err() {
        // It may not be there; what failed before is what matters.
        let _ = fs::remove_file(&new);
    }
    replaced
}

#[derive(Debug, Error)]
#[error("failed to write {}", path.display())]
struct ManualError {
    path: PathBuf,
    source: io::Error,
}

impl ManualError {
    fn new(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        Self { path, source }
    }
}

impl From<&ManualError> for Explanation {
    fn from(error: &ManualError) -> Self {
        Self {
            kind: "write",
            message: error.to_string(),
            causes: in_full(error).causes(),
            hint: Some("name a folder that can be written with --out".to_owned()),
            variable: None,
            path: Some(error.path.to_string_lossy().into_owned()),
            position: None,
            line: None,
        }
    }
}

const NAME: &str = "trusted-transport";

/// Of the names of variables in `--help`.
const COLUMN: usize = 20;

const STATUSES: &[(&str, &str)] = &[
    ("0", "Everything is as it must be."),
    (
        "1",
        "A row of the demo, a URL or the fence is not as it must be, or the output cannot be written.",
    ),
    (
        "2",
        "Nothing was tried: the arguments, the policy, the workspace or the folder cannot be used.",
    ),
];

const ENVIRONMENT: &[(&str, &str)] = &[
    (
        "CODEX_CA_CERTIFICATE",
        "path of a bundle of CA certificates, added to the platform's roots",
    ),
    (
        "SSL_CERT_FILE",
        "the same, if CODEX_CA_CERTIFICATE is not set",
    ),
    (
        "HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY",
        "proxies, for HTTP and WebSocket alike",
    ),
    ("NO_COLOR", "no colours"),
];

const FILES: &[(&str, &str)] = &[
    (
        "the bundle",
        "PEM or DER, or a directory of such files: named by a variable, or as FILE of inspect.",
    ),
    (
        "clippy.toml, deny.toml, Cargo.toml",
        "The fence of a workspace: guard init writes it, guard check verifies it.",
    ),
];
