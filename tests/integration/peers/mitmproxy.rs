//! mitmproxy, an interceptor: as an HTTP proxy, with and without TLS to itself, and as a SOCKS proxy;
//! with credentials; and as a program meets it that knows it from its environment alone.

use std::fs;
use std::path::{Path, PathBuf};

use super::ends::{CONNECTED, UNTRUSTED, UNTRUSTED_PROXY};
use super::process::{Peer, command, file, free_port, home, version};
use super::world::{Behind, Case, PASSWORD, USER, World};
use crate::environment;

pub(super) struct Mitmproxy {
    peer: Peer,
    version: String,
}

impl Mitmproxy {
    pub(super) async fn start(world: &World, options: &[&str]) -> Self {
        let (home, port) = (home(), free_port());
        let upstream = file(&home, UPSTREAM, &world.root.pem());
        let set = |option: &str, value: &Path| format!("{option}={}", value.display());
        let mut mitmdump = command("mitmdump");
        mitmdump
            .args(["--listen-host", "127.0.0.1", "--listen-port"])
            .arg(port.to_string())
            .args(["--set", &set("confdir", home.path())])
            .args(["--set", &set("ssl_verify_upstream_trusted_ca", &upstream)])
            .args(options)
            .env("PYTHONUNBUFFERED", "1");
        Self {
            peer: Peer::start(home, port, mitmdump).await,
            version: version("mitmdump", &["--version"]),
        }
    }

    fn ca(&self) -> PathBuf {
        self.peer.path("mitmproxy-ca-cert.pem")
    }

    pub(super) fn way(&self) -> Behind {
        Behind {
            url: self.peer.url("http", ""),
            bundle: fs::read_to_string(self.ca()).expect("its CA certificate"),
            issuer: ISSUER,
        }
    }

    /// Its own authority is what has to be trusted, and the origin's is not enough.
    fn case<'a>(&'a self, world: &World, setup: &str, noted: &'a dyn Fn() -> usize) -> Case<'a> {
        Case {
            bundles: [self.way().bundle, world.root.pem()],
            issuer: ISSUER,
            ..world.case("mitmproxy", &self.version, setup, noted)
        }
    }

    /// The requests that it has forwarded.
    fn forwarded(&self, world: &World) -> usize {
        let get = format!("GET https://{}/", world.target());
        self.peer.log().matches(&get).count()
    }
}

#[tokio::test]
#[ignore = "needs mitmproxy; .ci/peers installs and runs it"]
async fn as_an_http_proxy() {
    let world = World::new().await;
    let mitmproxy = Mitmproxy::start(&world, &[]).await;
    let noted = || mitmproxy.forwarded(&world);
    for (scheme, setup, wrong) in [
        ("http", "HTTP proxy", UNTRUSTED),
        ("https", "https:// proxy", UNTRUSTED_PROXY),
    ] {
        let case = Case {
            proxy: mitmproxy.peer.url(scheme, ""),
            expected: [CONNECTED, wrong],
            ..mitmproxy.case(&world, setup, &noted)
        };
        world.try_proxy(case).await;
    }
    let way = mitmproxy.way();
    drop(mitmproxy);
    world.gone(&way.bundle, &way.url).await;
}

#[tokio::test]
#[ignore = "needs mitmproxy; .ci/peers installs and runs it"]
async fn as_a_socks_proxy() {
    let world = World::new().await;
    let mitmproxy = Mitmproxy::start(&world, &["--mode", "socks5"]).await;
    let noted = || mitmproxy.forwarded(&world);
    let case = Case {
        proxy: mitmproxy.peer.url("socks5h", ""),
        ..mitmproxy.case(&world, "SOCKS proxy", &noted)
    };
    world.try_proxy(case).await;
}

#[tokio::test]
#[ignore = "needs mitmproxy; .ci/peers installs and runs it"]
async fn with_credentials() {
    let world = World::new().await;
    let both = format!("{USER}:{PASSWORD}");
    for (mode, scheme, setup) in [
        ("regular", "http", "HTTP proxy"),
        ("socks5", "socks5h", "SOCKS proxy"),
    ] {
        let options = ["--mode", mode, "--proxyauth", &both];
        let mitmproxy = Mitmproxy::start(&world, &options).await;
        let noted = || mitmproxy.forwarded(&world);
        let case = mitmproxy.case(&world, setup, &noted);
        let url = |credentials: &str| mitmproxy.peer.url(scheme, credentials);
        world.try_credentials(case, url).await;
    }
}

/// `CODEX_CA_CERTIFICATE` at its CA file and `HTTPS_PROXY` are all that has to be set.
#[tokio::test]
#[ignore = "needs mitmproxy; .ci/peers installs and runs it"]
async fn for_a_program_that_knows_its_environment() {
    let world = World::new().await;
    let mitmproxy = Mitmproxy::start(&world, &[]).await;
    let proxy = PathBuf::from(mitmproxy.peer.url("http", ""));
    let with_bundle = async |bundle: PathBuf| {
        let variables = [
            ("CODEX_CA_CERTIFICATE", bundle.as_path()),
            ("HTTPS_PROXY", &proxy),
        ];
        let outcomes = environment::run(Some(&world.origin), &variables).await;
        outcomes[1..].to_vec()
    };
    let trusted = with_bundle(mitmproxy.ca()).await;
    assert_eq!(trusted, ["Connected", "Connected"]);
    assert_eq!(world.origin.seen().len(), 2);
    // The origin's own root is not that of the one who stands before it.
    let refused = with_bundle(mitmproxy.peer.path(UPSTREAM)).await;
    assert_eq!(
        refused,
        ["Refused(UnknownIssuer)", "Refused(UnknownIssuer)"]
    );
    assert_eq!(world.origin.seen().len(), 2);
}

const UPSTREAM: &str = "upstream.pem";
const ISSUER: &str = "CN=mitmproxy, O=mitmproxy";
