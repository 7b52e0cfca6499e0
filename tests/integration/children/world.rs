//! Two authorities with an origin each, one of them the company's; and an environment that trusts
//! the other one, or everybody.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use trusted_transport::{BaseRoots, CaPolicy, TrustAnchors};
use trusted_transport_lab::{Authority, Origin};

use super::tools::Tool;

pub(super) struct World {
    pub(super) company: Origin,
    pub(super) other: Origin,
    pem: String,
    folder: TempDir,
}

/// What the far side saw of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    Request,
    /// It came, and went when it had seen the certificate.
    Refusal,
}

impl World {
    pub(super) async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a directory");
        let [company, other] = [COMPANY, "Other"].map(Authority::root);
        for sub in ["home", "certs"] {
            std::fs::create_dir(folder.path().join(sub)).expect("a directory");
        }
        let pem = folder.path().join("other.pem");
        std::fs::write(&pem, other.pem()).expect("written");
        hashed(&folder.path().join("certs"), &pem);
        let origin = async |authority: &Authority| {
            let origin = Origin::https(authority.issue(&["localhost"])).await;
            origin.expect("an origin")
        };
        Self {
            company: origin(&company).await,
            other: origin(&other).await,
            pem: company.pem(),
            folder,
        }
    }

    /// Trusts the company and this base.
    pub(super) fn anchors(&self, base: BaseRoots) -> TrustAnchors {
        let policy = CaPolicy::platform().base(base);
        let anchors = policy.bundle_pem("the company's", self.pem.clone()).load();
        anchors.expect("the bundle loads")
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Lets the program ask for `/` at the origin.
    pub(super) async fn ask(
        &self,
        tool: &Tool,
        origin: &Origin,
        environment: impl FnOnce(&mut Command),
    ) -> Seen {
        let (connections, requests) = (origin.connections(), origin.seen().len());
        let home = self.path("home");
        let mut command = (tool.ask)(&origin.url("https", "localhost", "/"), &home);
        let path = std::env::var_os("PATH").expect("programs are found by PATH");
        command.env("PATH", path).env("HOME", &home);
        environment(&mut command);
        let output = run(tool, command).await;
        let name = tool.name;
        assert!(
            origin.connections() > connections,
            "{name} did not come: {output:?}"
        );
        match origin.seen().len() > requests {
            true => Seen::Request,
            false => {
                assert!(!output.status.success(), "{name} is content: {output:?}");
                Seen::Refusal
            }
        }
    }

    /// An environment that trusts the other origin, in every way that these programs know.
    pub(super) fn spoil(&self, command: &mut Command) {
        command.envs(FILES.map(|name| (name, self.path("other.pem"))));
        command.envs(FOLDERS.map(|name| (name, self.path("certs"))));
        command.envs(SWITCHES);
    }
}

async fn run(tool: &Tool, command: Command) -> Output {
    let mut command = tokio::process::Command::from(command);
    command.stdin(Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(Duration::from_secs(60), command.output());
    let output = output.await.expect("it ends in time");
    output.unwrap_or_else(|error| panic!("{} does not run: {error}", tool.name))
}

/// The folder as `openssl rehash` would leave it.
fn hashed(folder: &Path, pem: &Path) {
    let mut openssl = Command::new("openssl");
    openssl.args(["x509", "-noout", "-hash", "-in"]).arg(pem);
    let output = openssl.output().expect("openssl runs");
    let hash = String::from_utf8(output.stdout).expect("text");
    let name = format!("{}.0", hash.trim());
    std::fs::copy(pem, folder.join(name)).expect("copied");
}

/// It stands in a comment of the bundle, which every program has to pass over.
const COMPANY: &str = "Company \u{e9}\n-----BEGIN CERTIFICATE-----";

const FILES: [&str; 13] = [
    "SSL_CERT_FILE",
    "CURL_CA_BUNDLE",
    "REQUESTS_CA_BUNDLE",
    "PIP_CERT",
    "HTTPLIB2_CA_CERTS",
    "GIT_SSL_CAINFO",
    "CARGO_HTTP_CAINFO",
    "npm_config_cafile",
    "NPM_CONFIG_CAFILE",
    "NODE_EXTRA_CA_CERTS",
    "DENO_CERT",
    "CODEX_CA_CERTIFICATE",
    "AWS_CA_BUNDLE",
];

const FOLDERS: [&str; 2] = ["SSL_CERT_DIR", "GIT_SSL_CAPATH"];

const SWITCHES: [(&str, &str); 8] = [
    ("NODE_TLS_REJECT_UNAUTHORIZED", "0"),
    ("GIT_SSL_NO_VERIFY", "1"),
    ("PYTHONHTTPSVERIFY", "0"),
    ("npm_config_strict_ssl", "false"),
    ("NPM_CONFIG_STRICT_SSL", "false"),
    ("PIP_TRUSTED_HOST", "localhost"),
    ("UV_INSECURE_HOST", "localhost"),
    ("DENO_TLS_CA_STORE", "mozilla"),
];
