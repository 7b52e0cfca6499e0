//! tinyproxy and privoxy, HTTP proxies that let TLS through: open, with credentials, and refusing.

use tempfile::TempDir;

use super::ends::REFUSED;
use super::process::{Peer, command, file, free_port, home, version};
use super::world::{Case, PASSWORD, USER, World};

/// Runs tinyproxy with these lines in its configuration.
pub(super) async fn tinyproxy(lines: &str) -> Peer {
    let (home, port) = (home(), free_port());
    let lines = lines.replace("HOME", &home.path().display().to_string());
    let text = format!("Port {port}\nListen 127.0.0.1\nLogLevel Connect\n{lines}\n");
    let configuration = file(&home, "tinyproxy.conf", &text);
    file(&home, "filter", "localhost\n");
    let mut tinyproxy = command("tinyproxy");
    tinyproxy.arg("-d").arg("-c").arg(configuration);
    Peer::start(home, port, tinyproxy).await
}

/// The tunnels to the origin that it was asked for.
pub(super) fn asked(tinyproxy: &Peer, world: &World) -> usize {
    let request = format!("CONNECT {} ", world.target());
    tinyproxy.log().matches(&request).count()
}

pub(super) fn tinyproxy_version() -> String {
    version("tinyproxy", &["-v"])
}

#[tokio::test]
#[ignore = "needs tinyproxy; .ci/peers installs and runs it"]
async fn open() {
    let world = World::new().await;
    let tinyproxy = tinyproxy("").await;
    let version = tinyproxy_version();
    let noted = || asked(&tinyproxy, &world);
    let case = Case {
        proxy: tinyproxy.url("http", ""),
        ..world.case("tinyproxy", &version, "HTTP proxy", &noted)
    };
    let url = case.proxy.clone();
    world.try_proxy(case).await;
    drop(tinyproxy);
    world.gone(&world.root.pem(), &url).await;
}

#[tokio::test]
#[ignore = "needs tinyproxy; .ci/peers installs and runs it"]
async fn with_credentials() {
    let world = World::new().await;
    let tinyproxy = tinyproxy(&format!("BasicAuth {USER} {PASSWORD}")).await;
    let version = tinyproxy_version();
    let noted = || asked(&tinyproxy, &world);
    let case = world.case("tinyproxy", &version, "HTTP proxy", &noted);
    let url = |credentials: &str| tinyproxy.url("http", credentials);
    world.try_credentials(case, url).await;
}

#[tokio::test]
#[ignore = "needs tinyproxy; .ci/peers installs and runs it"]
async fn that_refuses() {
    let world = World::new().await;
    let version = tinyproxy_version();
    for (lines, setup) in [
        ("Filter \"HOME/filter\"", "HTTP proxy, host filtered"),
        ("ConnectPort 443", "HTTP proxy, other ports only"),
        ("Allow 10.9.8.7", "HTTP proxy, other clients only"),
    ] {
        let tinyproxy = tinyproxy(lines).await;
        let noted = || asked(&tinyproxy, &world);
        let case = Case {
            proxy: tinyproxy.url("http", ""),
            expected: [REFUSED, REFUSED],
            ..world.case("tinyproxy", &version, setup, &noted)
        };
        world.try_proxy(case).await;
    }
    assert_eq!(world.origin.connections(), 0);
}

async fn privoxy(home: TempDir, lines: &str) -> Peer {
    let port = free_port();
    let folder = home.path().display();
    let text = format!(
        "listen-address 127.0.0.1:{port}\nconfdir {folder}\nlogdir {folder}\n\
         logfile /dev/stdout\ndebug 1\ndebug 1024\n{lines}\n"
    );
    let configuration = file(&home, "config", &text);
    let mut privoxy = command("privoxy");
    privoxy.arg("--no-daemon").arg(configuration);
    Peer::start(home, port, privoxy).await
}

#[tokio::test]
#[ignore = "needs privoxy; .ci/peers installs and runs it"]
async fn privoxy_open_and_refusing() {
    let world = World::new().await;
    let version = version("privoxy", &["--version"]);
    for (lines, setup, expected) in [
        ("", "HTTP proxy", None),
        (
            "actionsfile block.action",
            "HTTP proxy, host blocked",
            Some([REFUSED, REFUSED]),
        ),
    ] {
        let home = home();
        file(&home, "block.action", "{+block{not here}}\nlocalhost\n");
        let privoxy = privoxy(home, lines).await;
        let request = format!("Request: {}/", world.target());
        let noted = || privoxy.log().matches(&request).count();
        let mut case = world.case("privoxy", &version, setup, &noted);
        case.proxy = privoxy.url("http", "");
        case.expected = expected.unwrap_or(case.expected);
        world.try_proxy(case).await;
    }
}
