//! Instructions instead of time: they do not depend on what else the machine does. Counted by
//! Valgrind's callgrind, if it is there, once what is made but once has been made.

use std::process::{Command, Stdio};
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::client::Resumption;
use trusted_transport::{BaseRoots, CaPolicy, TrustedTransport};
use trusted_transport_lab::{Authority, bundle_of};

use crate::connections::runtime;
use crate::measure::{Effort, Pair, Sample};
use crate::servers::Servers;
use crate::table::{Row, Table, Unit};
use crate::{Outcome, raw, trust};

/// Makes this program do one thing over and over.
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
        ("instructions of a GET over HTTP/1.1", "get", 1.02),
        ("instructions of connecting a WebSocket", "websocket", 1.02),
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
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(format!("--toggle-collect=*{COUNTED}*"))
        .arg(std::env::current_exe()?)
        .args([ARGUMENT, what])
        .output()?;
    let told = String::from_utf8_lossy(&output.stderr);
    let count = told
        .lines()
        .find_map(|line| line.split("Collected : ").nth(1))
        .and_then(|count| count.trim().parse::<f64>().ok());
    let value = count.unwrap_or_default() / f64::from(TIMES);
    // A function's entry and end alone are some hundreds.
    match value > 1_000.0 {
        true => Ok(Sample { value, cpu: 0.0 }),
        false => Err(format!("callgrind counted next to nothing: {told}").into()),
    }
}

/// Does it once for what is made but once, and then as often as is counted.
fn repeated(mut run: impl FnMut() -> Outcome) -> Outcome {
    run()?;
    counted_instructions(&mut run)
}

#[inline(never)]
fn counted_instructions(run: &mut dyn FnMut() -> Outcome) -> Outcome {
    // A closure in here would have a name that matches, too, and end the count.
    for _ in 0..TIMES {
        run()?;
    }
    Ok(())
}

/// Does one thing, over and over.
pub(crate) fn run(what: &str) -> Outcome {
    match what {
        "get" | "raw-get" | "websocket" | "raw-websocket" => connected(what),
        _ => alone(what),
    }
}

fn connected(what: &str) -> Outcome {
    let (servers, runtime) = (Servers::start()?, runtime()?);
    let (raw, token) = (
        raw::builder(&servers.pem)?.http1_only().build()?,
        servers.token()?,
    );
    let client = token.http().http1_only().build()?;
    let config = Arc::new(raw::config(&servers.pem)?);
    let (https, wss) = (servers.url("https"), servers.url("wss"));
    repeated(|| {
        runtime.block_on(async {
            match what {
                "get" => drop(client.get(&https).send().await?.bytes().await?),
                "raw-get" => drop(raw.get(&https).send().await?.bytes().await?),
                "websocket" => drop(token.websocket(&wss).await?),
                _ => drop(raw::socket(Arc::clone(&config), servers.port).await?),
            }
            Ok(())
        })
    })
}

/// What needs no servers.
fn alone(what: &str) -> Outcome {
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
    repeated(|| {
        match what {
            "load" => drop(policy.load()?),
            "raw-load" => drop(raw::roots(pem.as_bytes())?),
            "client" => drop(token.http().build()?),
            "raw-client" => drop(raw::builder(&pem)?.build()?),
            "handshake" => trust::handshake(&ours, &server)?,
            "raw-handshake" => trust::handshake(&plain, &server)?,
            other => return Err(format!("nothing is called {other}").into()),
        }
        Ok(())
    })
}

/// Of the function whose instructions count.
const COUNTED: &str = "counted_instructions";
const TIMES: u32 = 20;
