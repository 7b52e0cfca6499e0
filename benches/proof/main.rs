//! What the token costs, beside the raw libraries in the same run: `cargo bench --bench proof`.
//!
//! Every row is measured in turns, raw and token, against servers in a process of their own, and
//! told as a ratio. The table goes to the terminal, and as JSON to `target/proof.json`. Names of
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
use std::process::ExitCode;

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
    raw::install_provider();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match &arguments[..] {
        [servers] if servers == servers::ARGUMENT => servers::serve(),
        [once, what, times] if once == instructions::ARGUMENT => instructions::once(what, times),
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
