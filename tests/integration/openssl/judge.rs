//! OpenSSL's own verdict on bundles: `judge.c`, compiled against the installed libcrypto.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What `X509_STORE_load_file` makes of a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum OpenSsl {
    Error,
    Loaded(Store),
}

/// The certificates of a store by `X509_check_trust` for TLS servers, as SHA-256.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Store {
    pub(super) trusted: BTreeSet<String>,
    /// Neither trusted nor rejected, but enough with `X509_V_FLAG_PARTIAL_CHAIN`.
    pub(super) partial: BTreeSet<String>,
    pub(super) untrusted: BTreeSet<String>,
    pub(super) rejected: BTreeSet<String>,
}

impl Store {
    pub(super) fn all(&self) -> BTreeSet<String> {
        let sets = [
            &self.trusted,
            &self.partial,
            &self.untrusted,
            &self.rejected,
        ];
        sets.into_iter().flatten().cloned().collect()
    }
}

/// One verdict for each path, in their order.
pub(super) fn verdicts(directory: &Path, paths: &[PathBuf]) -> Vec<OpenSsl> {
    let mut input = Vec::new();
    for path in paths {
        writeln!(input, "{}", path.display()).expect("a vector grows");
    }
    let text = run(&compiled(directory), &directory.join("paths"), &input);
    let mut verdicts = Vec::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        match (&words[..], verdicts.last_mut()) {
            (["error"], _) => verdicts.push(OpenSsl::Error),
            (["loaded"], _) => verdicts.push(OpenSsl::Loaded(Store::default())),
            (["certificate", sha256, verdict], Some(OpenSsl::Loaded(store))) => {
                store.add(sha256, verdict);
            }
            _ => panic!("the judge says {line:?}"),
        }
    }
    assert_eq!(verdicts.len(), paths.len(), "a verdict for each bundle");
    verdicts
}

impl Store {
    fn add(&mut self, sha256: &str, verdict: &str) {
        let set = match verdict {
            "trusted" => &mut self.trusted,
            "partial" => &mut self.partial,
            "untrusted" => &mut self.untrusted,
            "rejected" => &mut self.rejected,
            _ => panic!("the judge says {verdict:?}"),
        };
        set.insert(sha256.to_owned());
    }
}

/// The paths come from a file: a pipe that nobody reads while the judge's own is full would block.
fn run(judge: &Path, paths: &Path, input: &[u8]) -> String {
    std::fs::write(paths, input).expect("written");
    let output = Command::new(judge)
        .stdin(std::fs::File::open(paths).expect("just written"))
        .stderr(Stdio::inherit())
        .output()
        .expect("the judge runs");
    assert!(output.status.success(), "{}", output.status);
    String::from_utf8(output.stdout).expect("the judge writes ASCII")
}

fn compiled(directory: &Path) -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    let program = directory.join("judge");
    let status = Command::new("cc")
        .args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-o"])
        .arg(&program)
        .arg(manifest.join("tests/integration/openssl/judge.c"))
        .arg("-lcrypto")
        .status();
    assert!(status.expect("cc runs").success(), "judge.c compiles");
    program
}
