//! microsocks and Dante, SOCKS proxies: open, and with a user name and a password.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use super::ends::{CONNECTED, REFUSED, UNTRUSTED};
use super::process::{Peer, command, file, free_port, home, root, version};
use super::world::{Case, PASSWORD, USER, World};

async fn microsocks(options: &[&str]) -> Peer {
    let port = free_port();
    let mut microsocks = command("microsocks");
    let port_text = port.to_string();
    microsocks.args(["-i", "127.0.0.1", "-p", &port_text]);
    microsocks.args(options);
    Peer::start(home(), port, microsocks).await
}

/// It does not tell; the system's package does.
fn microsocks_version() -> String {
    version("dpkg-query", &["--show", "microsocks"])
}

#[tokio::test]
#[ignore = "needs microsocks; .ci/peers installs and runs it"]
async fn microsocks_open_and_with_credentials() {
    let world = World::new().await;
    let version = microsocks_version();
    let connected = [
        format!("connected to {}\n", world.target()),
        format!("connected to 127.0.0.1:{}\n", world.origin.port()),
    ];
    let tunnels = |peer: &Peer| -> usize {
        let log = peer.log();
        connected.iter().map(|it| log.matches(it).count()).sum()
    };

    let open = microsocks(&[]).await;
    let noted = || tunnels(&open);
    // It asks for one address of a name, and takes no other if that one is of IPv6.
    let case = Case {
        proxy: open.url("socks5", ""),
        ..world.case("microsocks", &version, "SOCKS proxy", &noted)
    };
    let url = case.proxy.clone();
    world.try_proxy(case).await;

    let guarded = microsocks(&["-u", USER, "-P", PASSWORD]).await;
    let noted = || tunnels(&guarded);
    let case = world.case("microsocks", &version, "SOCKS proxy", &noted);
    let credentials = |credentials: &str| guarded.url("socks5", credentials);
    world.try_credentials(case, credentials).await;

    drop(open);
    world.gone(&world.root.pem(), &url).await;
}

/// Dante's configuration, where `METHOD` is `none` or `username`.
fn configuration(home: &TempDir, port: u16, method: &str) -> String {
    let who = match root(home.path()) {
        true => "user.privileged: root\nuser.unprivileged: nobody\n",
        false => "",
    };
    format!(
        "logoutput: stdout\ninternal: 127.0.0.1 port = {port}\nexternal: 127.0.0.1\n\
         clientmethod: none\nsocksmethod: {method}\n{who}\
         client pass {{ from: 127.0.0.0/8 to: 0.0.0.0/0 log: error }}\n\
         socks pass {{ from: 127.0.0.0/8 to: 0.0.0.0/0 log: connect error }}\n"
    )
}

async fn dante(method: &str) -> Peer {
    let (home, port) = (home(), free_port());
    let configuration = file(&home, "danted.conf", &configuration(&home, port, method));
    let mut danted = command("danted");
    danted.arg("-f").arg(configuration);
    danted.arg("-p").arg(home.path().join("pid"));
    if method == "username" {
        with_users(&mut danted, &home);
    }
    Peer::start(home, port, danted).await
}

/// Dante asks the system for users and their passwords, and gets those of its folder.
fn with_users(danted: &mut Command, home: &TempDir) {
    let users = format!("root:x:0:0::/:\nnobody:x:65534:65534::/:\n{USER}:x:4242:4242::/:\n");
    let passwords = format!("{USER}:{HASH}:19000:0:99999:7:::\n");
    let groups = "root:x:0:\nnogroup:x:65534:\nlab:x:4242:\n";
    let mut give = |variable: &str, path: &Path| {
        danted.env(variable, path);
    };
    give("NSS_WRAPPER_PASSWD", &file(home, "users", &users));
    give("NSS_WRAPPER_SHADOW", &file(home, "passwords", &passwords));
    give("NSS_WRAPPER_GROUP", &file(home, "groups", groups));
    give("LD_PRELOAD", Path::new("libnss_wrapper.so"));
}

#[tokio::test]
#[ignore = "needs dante; .ci/peers installs and runs it"]
async fn dante_open_and_with_credentials() {
    let world = World::new().await;
    let version = version("danted", &["-v"]);
    let port = world.origin.port();
    let tunnels = |peer: &Peer| {
        let log = peer.log();
        let begun = log.lines().filter(|line| line.contains("tcp/connect ["));
        let to_origin = format!("127.0.0.1.{port}");
        begun.filter(|line| line.contains(&to_origin)).count()
    };

    let open = dante("none").await;
    let noted = || tunnels(&open);
    let known = [CONNECTED, UNTRUSTED];
    for (scheme, expected) in [
        ("socks5", known),
        ("socks5h", known),
        ("socks4", known),
        // What stands for a name there is an address to Dante, and nobody has it.
        ("socks4a", [REFUSED, REFUSED]),
    ] {
        let case = Case {
            proxy: open.url(scheme, ""),
            expected,
            ..world.case("dante", &version, &format!("{scheme}:// proxy"), &noted)
        };
        world.try_proxy(case).await;
    }
    let guarded = dante("username").await;
    let noted = || tunnels(&guarded);
    let case = world.case("dante", &version, "SOCKS proxy", &noted);
    let credentials = |credentials: &str| guarded.url("socks5h", credentials);
    world.try_credentials(case, credentials).await;

    let url = open.url("socks5h", "");
    drop(open);
    world.gone(&world.root.pem(), &url).await;
}

/// Of `PASSWORD`; from `openssl passwd -6 -salt lab`.
const HASH: &str =
    "$6$lab$cs0I/BMtzDCgrGV9zreJiPAfNFaLblLpHg7IFIKd8OiYIuY24m3pi1vM9mfPlsHuTcGIo43hajoJ7NUUuaCTF/";
