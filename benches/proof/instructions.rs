//! Instructions instead of time: they do not depend on what else the machine does. Counted by
//! Valgrind's callgrind, if it is there, as the difference between doing it once and thrice.

use std::process::{Command, Stdio};
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::client::Resumption;
use trusted_transport::{BaseRoots, CaPolicy, TrustedTransport};
use trusted_transport_lab::{Authority, bundle_of};

use crate::measure::{Effort, Pair, Sample};
use crate::table::{Row, Table, Unit};
use crate::{Outcome, raw, trust};

/// Makes this program do one thing so many times.
pub(crate) const ARGUMENT: &str = "--once";

pub(crate) fn measure(_: Effort, table: &mut Table) -> Outcome {
    let mut version = Command::new("valgrind");
    version.arg("--version").stdout(Stdio::null());
    if !version.status().is_ok_and(|it| it.success()) {
        eprintln!("  left out: no valgrind");
        return Ok(());
    }
    for (name, what, target) in [
        ("instructions to load 150 certificates", "load", 1.3),
        ("instructions of a handshake in memory", "handshake", 1.02),
        ("instructions of the next client", "client", 1.0 / 300.0),
    ] {
        let pair = Pair {
            raw: vec![counted(&format!("raw-{what}"))?],
            token: vec![counted(what)?],
        };
        table.add(Row::of(name, Unit::Instructions, &pair).at_most(target));
    }
    Ok(())
}

fn counted(what: &str) -> Outcome<Sample> {
    let value = (total(what, "3")? - total(what, "1")?) / 2.0;
    Ok(Sample { value, cpu: 0.0 })
}

fn total(what: &str, times: &str) -> Outcome<f64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe()?)
        .args([ARGUMENT, what, times])
        .output()?;
    let told = String::from_utf8_lossy(&output.stderr);
    let count = told
        .lines()
        .find_map(|line| line.split("Collected : ").nth(1));
    let count = count.ok_or_else(|| format!("callgrind counted nothing: {told}"))?;
    Ok(count.trim().parse()?)
}

/// Does it so many times.
pub(crate) fn once(what: &str, times: &str) -> Outcome {
    let times: usize = times.parse()?;
    let root = Authority::root("Root");
    let pem = bundle_of(149) + &root.pem();
    let policy = CaPolicy::platform().base(BaseRoots::None);
    let policy = policy.bundle_pem("bundle", pem.as_bytes());
    let token = TrustedTransport::new(policy.load()?)?;
    let server = root.issue(&["localhost"]).server_config(&[]);
    let full = |mut config: ClientConfig| {
        config.resumption = Resumption::disabled();
        Arc::new(config)
    };
    let [ours, plain] = [
        ClientConfig::clone(&token.rustls_config()),
        raw::config(&pem)?,
    ]
    .map(full);
    for _ in 0..times {
        match what {
            "load" => drop(policy.load()?),
            "raw-load" => drop(raw::roots(pem.as_bytes())?),
            "client" => drop(token.http().build()?),
            "raw-client" => drop(raw::builder(&pem)?.build()?),
            "handshake" => trust::handshake(&ours, &server)?,
            "raw-handshake" => trust::handshake(&plain, &server)?,
            other => return Err(format!("nothing is called {other}").into()),
        }
    }
    Ok(())
}
