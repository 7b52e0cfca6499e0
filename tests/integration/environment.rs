//! Real construction from a real environment, in processes of their own: this test binary
//! runs one of its own tests again, with nothing in its environment but what the case says.

use std::path::{Path, PathBuf};

use tempfile::TempDir;
use trusted_transport::{CaPolicy, ProxyPolicy, TransportError, TrustedTransport};
use trusted_transport_lab::{Authority, Origin, Proxy};

use crate::support;

const HTTPS_URL: &str = "TEST_HTTPS_URL";
const WSS_URL: &str = "TEST_WSS_URL";

/// The program itself wants no proxy.
const DIRECT: &str = "TEST_DIRECT";

/// Not a test by itself: what the processes of the other tests do.
#[tokio::test]
#[ignore = "run by the other tests of this file in a process of its own"]
async fn child() {
    let variable = |name| std::env::var(name).ok();
    let built = match variable(DIRECT) {
        None => TrustedTransport::from_env(),
        Some(_) => CaPolicy::from_env()
            .load()
            .map_err(TransportError::from)
            .and_then(|anchors| {
                TrustedTransport::builder(anchors)
                    .proxy(ProxyPolicy::Direct)
                    .build()
            }),
    };
    let transport = match built {
        Ok(transport) => transport,
        Err(error) => {
            println!("outcome: build {} {error}", error.kind());
            return;
        }
    };
    let report = transport.report();
    let lost: Vec<_> = report.lost.iter().map(|lost| &*lost.name).collect();
    println!(
        "outcome: built {} {:?} {lost:?}",
        report.source, report.anchors
    );
    if let (Some(https), Some(wss)) = (variable(HTTPS_URL), variable(WSS_URL)) {
        println!("outcome: {:?}", support::https(&transport, &https).await);
        println!("outcome: {:?}", support::wss(&transport, &wss).await);
    }
}

/// Two authorities that know nothing of each other, and an origin under each.
struct World {
    directory: TempDir,
    a: Origin,
    b: Origin,
}

impl World {
    async fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let [a, b] = ["a", "b"].map(Authority::root);
        for (name, authority) in [("a", &a), ("b", &b)] {
            let hashed = directory.path().join(format!("{name}-certs"));
            std::fs::create_dir(&hashed).expect("a directory");
            std::fs::write(hashed.join("5ed36f99.0"), authority.pem()).expect("written");
            std::fs::write(
                directory.path().join(format!("{name}.pem")),
                authority.pem(),
            )
            .expect("written");
        }
        let [a, b] = [a, b].map(|authority| authority.issue(&["localhost"]));
        Self {
            directory,
            a: Origin::https(a).await.expect("an origin"),
            b: Origin::https(b).await.expect("an origin"),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }
}

pub(crate) async fn run(origin: Option<&Origin>, variables: &[(&str, &Path)]) -> Vec<String> {
    let mut command = support::process("environment::child");
    command.envs(
        variables
            .iter()
            .map(|(name, value)| (name, value.as_os_str())),
    );
    if let Some(origin) = origin {
        command
            .env(HTTPS_URL, origin.url("https", "localhost", "/"))
            .env(WSS_URL, origin.url("wss", "localhost", "/"));
    }
    support::outcomes(command).await
}

#[tokio::test]
async fn the_winner_wins_whole_and_the_losers_trust_nothing() {
    let world = World::new().await;
    let [a, b, certs] = ["a.pem", "b.pem", "b-certs"].map(|name| world.path(name));
    let codex = |path| ("CODEX_CA_CERTIFICATE", path);
    let cases: [&[(&str, &Path)]; 4] = [
        &[codex(a.as_path()), ("SSL_CERT_FILE", &b)],
        &[codex(a.as_path()), ("SSL_CERT_DIR", &certs)],
        &[("SSL_CERT_FILE", &a), ("SSL_CERT_DIR", &certs)],
        &[
            codex(Path::new("")),
            ("SSL_CERT_FILE", &a),
            ("SSL_CERT_DIR", &certs),
        ],
    ];
    for variables in cases {
        let trusted = run(Some(&world.a), variables).await;
        assert_eq!(trusted[1..], ["Connected", "Connected"], "{variables:?}");
        let refused = run(Some(&world.b), variables).await;
        let unknown = "Refused(UnknownIssuer)";
        assert_eq!(refused[1..], [unknown, unknown], "{variables:?}");
        assert!(refused[0].contains("a.pem"), "{refused:?}");
        let loser = variables.last().expect("a loser").0;
        assert!(
            refused[0].contains(&format!("[\"{loser}\"]")),
            "{refused:?}"
        );
    }
}

#[tokio::test]
async fn the_directory_variable_alone_trusts_nothing() {
    let world = World::new().await;
    let certs = world.path("a-certs");
    let outcomes = run(Some(&world.a), &[("SSL_CERT_DIR", &certs)]).await;
    // Where the platform has no roots at all, there is nothing to build.
    if !outcomes[0].starts_with("build no_roots") {
        assert_eq!(
            outcomes[1..],
            ["Refused(UnknownIssuer)", "Refused(UnknownIssuer)"]
        );
        assert!(outcomes[0].contains("SSL_CERT_DIR"), "{outcomes:?}");
    }
}

#[tokio::test]
async fn a_winner_that_cannot_be_used_is_an_error_and_nothing_else_is_tried() {
    let world = World::new().await;
    let good = world.path("a.pem");
    let empty = world.path("empty.pem");
    std::fs::write(&empty, "").expect("written");
    for (path, kind) in [
        (world.path("missing.pem"), "unreadable"),
        (empty, "no_usable_certificate"),
    ] {
        let variables = [
            ("CODEX_CA_CERTIFICATE", path.as_path()),
            ("SSL_CERT_FILE", &good),
        ];
        let outcomes = run(Some(&world.a), &variables).await;
        assert_eq!(outcomes.len(), 1, "{outcomes:?}");
        assert!(
            outcomes[0].starts_with(&format!("build {kind}")),
            "{outcomes:?}"
        );
        assert!(outcomes[0].contains("CODEX_CA_CERTIFICATE"), "{outcomes:?}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_path_that_is_not_utf8_is_a_path_like_any_other() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let world = World::new().await;
    let path = world.path("").join(OsStr::from_bytes(b"\xff.pem"));
    std::fs::copy(world.path("a.pem"), &path).expect("copied");
    let outcomes = run(Some(&world.a), &[("CODEX_CA_CERTIFICATE", &path)]).await;
    assert_eq!(outcomes[1..], ["Connected", "Connected"]);
}

#[tokio::test]
async fn proxy_variables_route_both_transports() {
    let world = World::new().await;
    let bundle = world.path("a.pem");
    let proxy = Proxy::http().start().await.expect("a proxy");
    let url = PathBuf::from(proxy.url("http"));
    let policy = ("CODEX_CA_CERTIFICATE", bundle.as_path());

    let proxied = run(Some(&world.a), &[policy, ("HTTPS_PROXY", &url)]).await;
    assert_eq!(proxied[1..], ["Connected", "Connected"]);
    assert_eq!(proxy.seen().len(), 2);

    let excepted = [
        policy,
        ("all_proxy", &*url),
        ("NO_PROXY", Path::new("localhost")),
    ];
    let direct = run(Some(&world.a), &excepted).await;
    assert_eq!(direct[1..], ["Connected", "Connected"]);
    assert_eq!(proxy.seen().len(), 2);

    for switch in [DIRECT, "REQUEST_METHOD"] {
        let switch = (switch, Path::new("1"));
        let direct = run(Some(&world.a), &[policy, ("HTTPS_PROXY", &url), switch]).await;
        assert_eq!(direct[1..], ["Connected", "Connected"]);
        assert_eq!(proxy.connections(), 2, "{switch:?} did not count");
    }

    let invalid = run(Some(&world.a), &[policy, ("HTTPS_PROXY", Path::new(":::"))]).await;
    assert!(invalid[0].starts_with("build invalid_proxy"), "{invalid:?}");
    assert!(invalid[0].contains("HTTPS_PROXY"), "{invalid:?}");
}

#[test]
fn an_own_variable_works_like_the_usual_ones() {
    // Cargo sets it for every test; it is no bundle, and it is the winner.
    let policy = CaPolicy::from_variables(["CARGO_MANIFEST_DIR_UNSET", "CARGO_PKG_NAME"]);
    let error = TransportError::from(policy.load().expect_err("a package's name is no path"));
    assert!(error.to_string().contains("CARGO_PKG_NAME"), "{error}");
}
