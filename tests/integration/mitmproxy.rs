//! A real interceptor: mitmproxy, which `.ci/run` installs. HTTPS and WSS go through it with
//! its CA in `CODEX_CA_CERTIFICATE`'s place, and both are refused without.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::process::{Child, Command};
use trusted_transport::{BaseRoots, CaPolicy, ProxyPolicy, Refusal, TrustedTransport};
use trusted_transport_lab::{Authority, Origin};

use crate::support::{self, Outcome};

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

    fn ca(&self) -> std::path::PathBuf {
        self.home.path().join("mitmproxy-ca-cert.pem")
    }

    fn policy(&self) -> ProxyPolicy {
        ProxyPolicy::all(format!("http://{}", self.address))
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
    let (https, wss) = (
        origin.url("https", "localhost", "/"),
        origin.url("wss", "localhost", "/"),
    );

    let anchors = CaPolicy::platform()
        .base(BaseRoots::None)
        .bundle(mitmproxy.ca())
        .load();
    let trusting = TrustedTransport::builder(anchors.expect("mitmproxy's CA loads"))
        .proxy(mitmproxy.policy())
        .build()
        .expect("built");
    assert_eq!(support::https(&trusting, &https).await, Outcome::Connected);
    assert_eq!(support::wss(&trusting, &wss).await, Outcome::Connected);
    assert_eq!(origin.seen().len(), 2);

    // It trusts the origin itself, and not the one that stands before it.
    let strict = support::trusting(&[&authority])
        .proxy(mitmproxy.policy())
        .build()
        .expect("built");
    let refused = Outcome::Refused(Refusal::UnknownIssuer);
    assert_eq!(support::https(&strict, &https).await, refused);
    assert_eq!(support::wss(&strict, &wss).await, refused);
    assert_eq!(origin.seen().len(), 2);
    mitmproxy.stop().await;
}
