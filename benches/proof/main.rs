//! What the token costs, beside the raw libraries in the same run: `cargo bench --bench proof`.
//!
//! What takes time is measured in turns, raw and token, against servers in a process of their own;
//! memory, instructions and thousands of clients once. All is told as ratios. The table goes to the terminal, and as JSON to `target/proof.json`. Names of
//! groups select some of them; `--quick` takes few samples, to see that everything runs.

mod bundles;
mod clients;
mod connections;
mod instructions;
mod measure;
mod memory;
mod raw;
mod requests;
mod servers;
mod sockets;
mod table;
mod trust;

use std::error::Error;
use std::process::{Command, ExitCode};

use measure::Effort;
use table::Table;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// What a group of rows measures.
type Group = fn(Effort, &mut Table) -> Outcome;

const GROUPS: [(&str, Group); 8] = [
    ("clients", clients::measure),
    ("bundles", bundles::measure),
    ("trust", trust::measure),
    ("connections", connections::measure),
    ("requests", requests::measure),
    ("sockets", sockets::measure),
    ("memory", memory::measure),
    ("instructions", instructions::measure),
];

fn main() -> ExitCode {
    if let Some(code) = anew_without_variables() {
        return code;
    }
    raw::install_provider();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match &arguments[..] {
        [servers] if servers == servers::ARGUMENT => servers::serve(),
        [once, what] if once == instructions::ARGUMENT => instructions::run(what),
        arguments => all(arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Variables would lead one side to other roots or through a proxy: without them, in a process of
/// its own.
fn anew_without_variables() -> Option<ExitCode> {
    const NAMES: [&str; 10] = [
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "HTTPS_PROXY",
        "https_proxy",
        "HTTP_PROXY",
        "http_proxy",
        "ALL_PROXY",
        "all_proxy",
        "NO_PROXY",
        "no_proxy",
    ];
    NAMES.iter().find(|name| std::env::var_os(name).is_some())?;
    let mut anew = Command::new(std::env::current_exe().ok()?);
    NAMES.iter().for_each(|name| {
        anew.env_remove(name);
    });
    let status = anew.args(std::env::args_os().skip(1)).status().ok()?;
    Some(match status.success() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

fn all(arguments: &[String]) -> Outcome {
    // cargo itself adds `--bench`.
    let (options, names): (Vec<_>, Vec<_>) = arguments.iter().partition(|it| it.starts_with("--"));
    let effort = match options.iter().any(|it| *it == "--quick") {
        true => Effort::Quick,
        false => Effort::Full,
    };
    if let Some(unknown) = names
        .iter()
        .find(|it| GROUPS.iter().all(|(name, _)| name != *it))
    {
        let known = GROUPS.map(|(name, _)| name).join(", ");
        return Err(format!("no group is called {unknown}; there are {known}").into());
    }
    let mut table = Table::default();
    for (name, measure) in GROUPS {
        if names.is_empty() || names.iter().any(|it| *it == name) {
            eprintln!("{name} ..");
            measure(effort, &mut table)?;
        }
    }
    println!("{table}");
    table.save()?;
    Ok(())
}
