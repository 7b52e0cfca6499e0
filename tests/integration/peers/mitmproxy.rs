//! A real interceptor: mitmproxy, which `.ci/run` installs. HTTPS and WSS go through it with
//! `CODEX_CA_CERTIFICATE` at its own CA file, and both are refused without.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::process::{Child, Command};
use trusted_transport_lab::{Authority, Origin};

use crate::environment;

/// Where `mitmdump` is.
const MITMDUMP: &str = "TEST_MITMDUMP";

struct Mitmproxy {
    address: SocketAddr,
    home: tempfile::TempDir,
    /// Ends when it is dropped, if it was not stopped before.
    process: Child,
}

impl Mitmproxy {
    async fn start(upstream: &Authority) -> Self {
        let program = std::env::var_os(MITMDUMP).expect("TEST_MITMDUMP names mitmdump");
        let home = tempfile::tempdir().expect("a directory");
        let roots = home.path().join("upstream.pem");
        std::fs::write(&roots, upstream.pem()).expect("written");
        let address = free_address();
        let set = |option: &str, value: &Path| format!("{option}={}", value.display());
        let process = Command::new(program)
            .args(["--quiet", "--listen-host", "127.0.0.1", "--listen-port"])
            .arg(address.port().to_string())
            .args(["--set", &set("confdir", home.path())])
            .args(["--set", &set("ssl_verify_upstream_trusted_ca", &roots)])
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("mitmdump starts");
        let this = Self {
            address,
            home,
            process,
        };
        this.ready().await;
        this
    }

    async fn stop(mut self) {
        self.process.kill().await.expect("mitmdump ends");
    }

    async fn ready(&self) {
        let begin = Instant::now();
        let ca = self.ca();
        while !ca.exists() || TcpStream::connect(self.address).is_err() {
            assert!(
                begin.elapsed() < Duration::from_secs(60),
                "mitmdump is not ready"
            );
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    fn ca(&self) -> PathBuf {
        self.home.path().join("mitmproxy-ca-cert.pem")
    }

    /// What a program of its own sees that is told of this proxy, and of a bundle.
    async fn with_bundle(&self, origin: &Origin, bundle: &Path) -> Vec<String> {
        let proxy = PathBuf::from(format!("http://{}", self.address));
        let variables = [("CODEX_CA_CERTIFICATE", bundle), ("HTTPS_PROXY", &proxy)];
        environment::run(Some(origin), &variables)
            .await
            .split_off(1)
    }

    fn upstream_root(&self) -> PathBuf {
        self.home.path().join("upstream.pem")
    }
}

fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address")
}

#[tokio::test]
#[ignore = "needs mitmproxy; .ci/run installs and names it"]
async fn both_transports_through_a_real_interceptor() {
    let authority = Authority::root("Root");
    let origin = Origin::https(authority.issue(&["localhost"]))
        .await
        .expect("an origin");
    let mitmproxy = Mitmproxy::start(&authority).await;
    let connected = ["Connected", "Connected"];
    let own_ca = mitmproxy.ca();
    assert_eq!(mitmproxy.with_bundle(&origin, &own_ca).await, connected);
    assert_eq!(origin.seen().len(), 2);

    // The origin's own root is not that of the one who stands before it.
    let refused = ["Refused(UnknownIssuer)", "Refused(UnknownIssuer)"];
    let root = mitmproxy.upstream_root();
    assert_eq!(mitmproxy.with_bundle(&origin, &root).await, refused);
    assert_eq!(origin.seen().len(), 2);
    mitmproxy.stop().await;
}
