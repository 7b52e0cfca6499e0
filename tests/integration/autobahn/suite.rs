//! The test suite as a process: a server that behaves per case, and judges how the client takes it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, Command};
use tokio::time::timeout;

/// Where `kosoku` is, which runs the cases of the Autobahn test suite.
const PROGRAM: &str = "TEST_AUTOBAHN";

/// A running suite. It speaks no TLS.
pub(super) struct Suite {
    /// Ends when it is dropped, if it has not ended before.
    process: Child,
    errors: Lines<BufReader<ChildStderr>>,
    address: SocketAddr,
    reports: tempfile::TempDir,
}

/// How one case ended.
#[derive(Deserialize)]
pub(super) struct Verdict {
    pub(super) behavior: String,
    #[serde(rename = "behaviorClose")]
    pub(super) closing: String,
}

impl Suite {
    /// With all cases but those of these families.
    pub(super) async fn without(families: &[&str]) -> Self {
        let program = std::env::var_os(PROGRAM).expect("TEST_AUTOBAHN names kosoku");
        let reports = tempfile::tempdir().expect("a directory");
        let excluded = families.iter().flat_map(|family| ["--exclude", family]);
        let mut process = Command::new(program)
            .args(["--mode", "fuzzingserver", "--outdir"])
            .arg(reports.path())
            .args(excluded)
            .arg("127.0.0.1:0")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("kosoku starts");
        let errors = process.stderr.take().expect("a pipe");
        let mut errors = BufReader::new(errors).lines();
        let line = timeout(Duration::from_secs(60), errors.next_line()).await;
        let line = line.expect("in time").expect("text").expect("a line");
        let (_, address) = line.split_once("ws://").expect("the address");
        let address = address.parse().expect("an address");
        Self {
            process,
            errors,
            address,
            reports,
        }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it has to say in the end, by the numbers of the cases. It fails if one has failed.
    pub(super) async fn verdicts(mut self) -> BTreeMap<Vec<u32>, Verdict> {
        let status = timeout(Duration::from_secs(60), self.process.wait()).await;
        let status = status.expect("it ends").expect("a status");
        if !status.success() {
            while let Ok(Some(line)) = self.errors.next_line().await {
                println!("{line}");
            }
            panic!("{status}");
        }
        let index = std::fs::read(self.reports.path().join("index.json")).expect("a report");
        let mut index: BTreeMap<String, BTreeMap<String, Verdict>> =
            serde_json::from_slice(&index).expect("a report");
        let verdicts = index.remove(super::AGENT).expect("this client");
        verdicts.into_iter().map(numbered).collect()
    }
}

fn numbered((case, verdict): (String, Verdict)) -> (Vec<u32>, Verdict) {
    let numbers = case.split('.').map(|number| number.parse());
    let numbers = numbers.collect::<Result<_, _>>();
    (numbers.expect("numbers"), verdict)
}
