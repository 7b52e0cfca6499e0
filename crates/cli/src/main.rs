//! The command line of trusted-transport: `demo`, `inspect`, `check`, `guard`, `completions`
//! and `man`. This file has the arguments and the exit codes; each command has a file of its own.
#![forbid(unsafe_code)]

mod certificates;
mod check;
mod demo;
mod expiry;
mod explain;
mod guard;
mod inspect;
mod manual;
mod output;
mod revocation;
mod target;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::output::Output;

/// Shows what a program behind a company's proxy trusts, and whether it can connect.
#[derive(Parser)]
#[command(name = "trusted-transport", version, after_help = manual::variables())]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// Show the library's log on standard error.
    #[arg(short, long, global = true)]
    verbose: bool,
}

#[derive(Subcommand)]
enum Command {
    /// See it at work: needs no network and no configuration.
    ///
    /// Starts a server and two proxies on this machine and connects to them with and without
    /// a CA policy. Exits with 0 if every row is as it must be, else with 1.
    Demo,
    /// Show what the environment, or FILE as a bundle, would be trusted for.
    ///
    /// Every certificate of the bundle, in the order of the file; the base roots are counted.
    /// Exits with 0, or with 2 if the policy cannot be loaded.
    Inspect {
        /// A bundle (PEM or DER file, or a directory) that takes the place of the variables.
        file: Option<PathBuf>,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
        /// List the base roots too, one by one.
        ///
        /// In JSON as `roots` of `base`, in the form of `bundle`. Those of macOS and Windows cannot
        /// be listed.
        #[arg(long)]
        all: bool,
    },
    /// Connect to each URL under the environment's CA policy and proxies.
    ///
    /// Any status of an HTTP response counts as connected; redirects are not followed. Exits
    /// with 0, with 1 if a URL failed, or with 2 if nothing was tried: the policy cannot be loaded, or
    /// an argument is no URL.
    Check {
        /// https, wss, http or ws URLs; queries and credentials in them are not printed.
        #[arg(required = true, value_name = "URL")]
        urls: Vec<String>,
        /// Check each host over HTTP and over WebSocket.
        #[arg(long)]
        both: bool,
        /// The time for a connection, in seconds.
        #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
        timeout: u64,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Keep every crate of a workspace on the token.
    #[command(subcommand)]
    Guard(guard::Command),
    /// Print the script with which a shell completes this command line.
    ///
    /// For bash: `source <(trusted-transport completions bash)`.
    Completions {
        /// The shell that is to read it.
        shell: clap_complete::Shell,
    },
    /// Print this program's manual page, or write those of all commands.
    ///
    /// Without a folder the page goes to standard output: pipe it into `man -l -`. Exits with 0,
    /// or with 2 if a page cannot be written.
    Man {
        /// Write one page for each command into this folder, which is made if need be.
        #[arg(long, value_name = "FOLDER")]
        out: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.verbose {
        log_to_stderr();
    }
    let mut out = Output::stdout();
    let outcome = run(arguments.command, &mut out).and_then(|exit| {
        out.flush()?;
        Ok(exit)
    });
    match outcome {
        Ok(exit) => ExitCode::from(exit as u8),
        // Whoever read has read enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            // There is nowhere left to say that this failed too.
            let _ = writeln!(io::stderr(), "error: failed to write: {error}");
            ExitCode::FAILURE
        }
    }
}

/// How the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    Success = 0,
    /// A row of the demo, a URL, or the fence.
    Failed = 1,
    /// Nothing was tried: there is no policy, no transport, no workspace or no folder.
    NoPolicy = 2,
}

fn run(command: Command, out: &mut Output<impl Write>) -> io::Result<Exit> {
    match command {
        Command::Demo => wait_for(demo::run(out)),
        Command::Inspect { file, json, all } => inspect::run(out, file, json, all),
        Command::Check {
            urls,
            both,
            timeout,
            json,
        } => {
            let options = check::Options {
                urls,
                both,
                timeout: Duration::from_secs(timeout),
                json,
            };
            wait_for(check::run(out, &options))
        }
        Command::Guard(command) => guard::run(out, command),
        Command::Completions { shell } => manual::completions(out, shell),
        Command::Man { out: folder } => manual::man(out, folder.as_deref()),
    }
}

fn wait_for(command: impl Future<Output = io::Result<Exit>>) -> io::Result<Exit> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build()?;
    let exit = runtime.block_on(command);
    // A name that is still being looked up must not hold the process back.
    runtime.shutdown_background();
    exit
}

fn log_to_stderr() {
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_target(false)
        .without_time()
        .log_internal_errors(false);
    let library = Targets::new().with_target("trusted_transport", LevelFilter::DEBUG);
    tracing_subscriber::registry()
        .with(lines)
        .with(library)
        .init();
}
