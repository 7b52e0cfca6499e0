//! The servers, in a process of their own: their memory, descriptors and tasks are not counted.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tempfile::TempDir;
use trusted_transport_lab::{
    Authority, EndEntity, Fault, Origin, Proxy, ProxyBuilder, ProxyFault, Scripted, Step,
};

use crate::support::HOST;

/// Where the process writes the map.
const MAP: &str = "SOAK_MAP";

/// Whose certificate it is that decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Root {
    A,
    B,
    /// In every bundle.
    Common,
    /// In none.
    Unknown,
}

/// What there is, and where.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Map {
    pems: [String; 4],
    pub(crate) origins: Vec<(Root, u16)>,
    pub(crate) http: String,
    pub(crate) https: String,
    pub(crate) https_unknown: String,
    pub(crate) socks5: String,
    pub(crate) socks5h: String,
    pub(crate) by_a: String,
    pub(crate) by_unknown: String,
    /// Servers that fail.
    pub(crate) faults: Vec<u16>,
    /// Proxies that fail.
    pub(crate) proxy_faults: Vec<u16>,
}

impl Map {
    pub(crate) fn bundle(&self, roots: &[Root]) -> String {
        let pems = roots.iter().map(|root| &*self.pems[*root as usize]);
        pems.collect()
    }

    pub(crate) fn common(&self) -> u16 {
        let mut origins = self.origins.iter();
        let common = origins.find(|(root, _)| *root == Root::Common);
        common.expect("one of them").1
    }
}

/// The process. It ends when its standard input does.
pub(crate) struct Lab {
    pub(crate) map: Map,
    pub(crate) folder: TempDir,
    child: Child,
}

impl Lab {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("map.json");
        let child = Command::new(std::env::current_exe().expect("this binary"))
            .args(["soak::lab::serve", "--exact", "--ignored", "--nocapture"])
            .env(MAP, &path)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("a process");
        let limit = Instant::now() + Duration::from_secs(60);
        while !path.exists() {
            assert!(Instant::now() < limit, "the lab does not start");
            std::thread::sleep(Duration::from_millis(10));
        }
        let map = std::fs::read(path).expect("a map");
        let map = serde_json::from_slice(&map).expect("a map");
        Self { map, folder, child }
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Not a test by itself: what the other process does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by `soak::run` in a process of its own"]
async fn serve() {
    let Some(path) = std::env::var_os(MAP) else {
        return;
    };
    let (map, _servers) = servers().await;
    let text = serde_json::to_vec(&map).expect("JSON");
    let unfinished = std::path::Path::new(&path).with_extension("part");
    std::fs::write(&unfinished, text).expect("written");
    std::fs::rename(unfinished, path).expect("renamed");
    let end = tokio::task::spawn_blocking(|| std::io::read_to_string(std::io::stdin()));
    end.await.expect("no panic").ok();
}

struct Servers {
    _origins: Vec<Origin>,
    _proxies: Vec<Proxy>,
    _faults: Vec<Scripted>,
}

async fn servers() -> (Map, Servers) {
    let roots = ["A", "B", "Common", "Unknown"].map(Authority::root);
    let [a, _, common, unknown] = &roots;
    let _origins = origins(&roots).await;
    let here = |root: &Authority| root.issue(&["127.0.0.1"]);
    let upstream = |by: &Authority| {
        let by = Proxy::intercepting(by.clone());
        roots.iter().fold(by, ProxyBuilder::upstream_root)
    };
    let mut _proxies = Vec::new();
    for builder in [
        Proxy::http(),
        Proxy::http().tls(here(common)),
        Proxy::http().tls(here(unknown)),
        Proxy::socks(),
        upstream(a),
        upstream(unknown),
    ] {
        _proxies.push(builder.start().await.expect("a proxy"));
    }
    let faults = faults(&common.issue(&[HOST])).await;
    let proxy_faults = proxy_faults().await;
    let port_of = |it: &Scripted| it.port();
    let map = Map {
        origins: [Root::A, Root::B, Root::Common, Root::Unknown, Root::Common]
            .into_iter()
            .zip(_origins.iter().map(Origin::port))
            .collect(),
        http: _proxies[0].url("http"),
        https: _proxies[1].url("https"),
        https_unknown: _proxies[2].url("https"),
        socks5: _proxies[3].url("socks5"),
        socks5h: _proxies[3].url("socks5h"),
        by_a: _proxies[4].url("http"),
        by_unknown: _proxies[5].url("http"),
        faults: faults.iter().map(port_of).collect(),
        proxy_faults: proxy_faults.iter().map(port_of).collect(),
        pems: roots.each_ref().map(Authority::pem),
    };
    let _faults = faults.into_iter().chain(proxy_faults).collect();
    let servers = Servers {
        _origins,
        _proxies,
        _faults,
    };
    (map, servers)
}

/// One of each authority, and one more of the third that knows neither TLS 1.3 nor HTTP/2.
async fn origins(roots: &[Authority; 4]) -> Vec<Origin> {
    let mut origins = Vec::new();
    for root in roots {
        origins.push(Origin::https(root.issue(&[HOST])).await.expect("an origin"));
    }
    let old = roots[2].issue(&[HOST]);
    let old = old.server_config_for(&[&rustls::version::TLS12], &[b"http/1.1"]);
    origins.push(Origin::with_tls(old).await.expect("an origin"));
    origins
}

async fn faults(end_entity: &EndEntity) -> Vec<Scripted> {
    let mut servers = Vec::new();
    for fault in FAULTS {
        let steps = fault.steps(end_entity);
        servers.push(Scripted::plain(steps).await.expect("a server"));
    }
    for (answer, end) in [
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf",
            Step::Cut,
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf",
            Step::Silence,
        ),
        ("HTTP/1.1 101 Switching Proto", Step::Silence),
        ("HTTP/1.1 101 Switching Proto", Step::Close),
    ] {
        let steps = vec![Step::Hear, Step::say(answer), end];
        let server = Scripted::https(end_entity.clone(), steps).await;
        servers.push(server.expect("a server"));
    }
    servers
}

async fn proxy_faults() -> Vec<Scripted> {
    let mut servers = Vec::new();
    for fault in PROXY_FAULTS {
        servers.push(Scripted::plain(fault.steps()).await.expect("a proxy"));
    }
    servers
}

/// Those that no client can do anything about.
const FAULTS: [Fault; 10] = [
    Fault::CloseOnAccept,
    Fault::CloseAfterHello,
    Fault::CloseInFlight,
    Fault::ResetAfterHello,
    Fault::ResetInFlight,
    Fault::Silent,
    Fault::SilentInFlight,
    Fault::HandshakeFailure,
    Fault::PlainHttp,
    Fault::Garbage,
];

const PROXY_FAULTS: [ProxyFault; 8] = [
    ProxyFault::CloseOnAccept,
    ProxyFault::ResetAfterRequest,
    ProxyFault::Silent,
    ProxyFault::HalfAnswer,
    ProxyFault::Garbage,
    ProxyFault::Redirect,
    ProxyFault::GrantedThenSilent,
    ProxyFault::GrantedThenClosed,
];
