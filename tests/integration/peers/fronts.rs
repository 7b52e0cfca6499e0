//! stunnel and HAProxy, which put TLS before a proxy that has none: an `https://` proxy, whose
//! certificate is under the same policy as the host's.

use trusted_transport_lab::Authority;

use super::ends::{CONNECTED, UNTRUSTED, UNTRUSTED_PROXY};
use super::process::{Peer, command, file, free_port, home, version};
use super::tinyproxy::{asked, tinyproxy};
use super::world::{Case, World};

/// A certificate for the front, as a file with its key.
fn identity(home: &tempfile::TempDir, authority: &Authority) -> String {
    let front = authority.issue(&["127.0.0.1"]);
    let path = file(home, "front.pem", &(front.key_pem() + &front.chain_pem()));
    path.display().to_string()
}

async fn stunnel(authority: &Authority, behind: u16) -> Peer {
    let (home, port) = (home(), free_port());
    let identity = identity(&home, authority);
    let text = format!(
        "foreground = yes\npid =\nsyslog = no\ndebug = info\noutput = /dev/stdout\n\
         [front]\naccept = 127.0.0.1:{port}\nconnect = 127.0.0.1:{behind}\ncert = {identity}\n"
    );
    let configuration = file(&home, "stunnel.conf", &text);
    let mut stunnel = command("stunnel");
    stunnel.arg(configuration);
    Peer::start(home, port, stunnel).await
}

async fn haproxy(authority: &Authority, behind: u16) -> Peer {
    let (home, port) = (home(), free_port());
    let identity = identity(&home, authority);
    let text = format!(
        "global\n  log stdout format raw local0\n  maxconn 200\n\
         defaults\n  mode tcp\n  log global\n  option tcplog\n  timeout connect 10s\n  \
         timeout client 60s\n  timeout server 60s\n\
         frontend front\n  bind 127.0.0.1:{port} ssl crt {identity}\n  default_backend proxy\n\
         backend proxy\n  server one 127.0.0.1:{behind}\n"
    );
    let configuration = file(&home, "haproxy.conf", &text);
    let mut haproxy = command("haproxy");
    haproxy.args(["-db", "-f"]).arg(configuration);
    Peer::start(home, port, haproxy).await
}

/// Without the one root the proxy is refused, and without the other the host behind it.
async fn guards_the_way(
    name: &str,
    version: &str,
    front: Peer,
    authority: &Authority,
    world: World,
    behind: Peer,
) {
    let noted = || asked(&behind, &world);
    let with = world.root.pem() + &authority.pem();
    for (without, expected, setup) in [
        (
            authority.pem(),
            UNTRUSTED,
            "https:// proxy (tinyproxy behind it)",
        ),
        (
            world.root.pem(),
            UNTRUSTED_PROXY,
            "https:// proxy, its own root missing",
        ),
    ] {
        let before = noted();
        let case = Case {
            proxy: front.url("https", ""),
            bundles: [with.clone(), without],
            expected: [CONNECTED, expected],
            ..world.case(name, version, setup, &noted)
        };
        world.try_proxy(case).await;
        // Two that connect and two probes; a front that is not trusted is asked for nothing.
        let refused = if expected == UNTRUSTED { 2 } else { 0 };
        assert_eq!(noted() - before, 4 + refused, "{setup}");
    }
    let url = front.url("https", "");
    drop(front);
    world.gone(&with, &url).await;
}

#[tokio::test]
#[ignore = "needs stunnel and tinyproxy; .ci/peers installs and runs them"]
async fn by_stunnel() {
    let (world, authority) = (World::new().await, Authority::root("Front Root"));
    let behind = tinyproxy("").await;
    let front = stunnel(&authority, behind.port()).await;
    let version = version("stunnel", &["-version"]);
    guards_the_way("stunnel", &version, front, &authority, world, behind).await;
}

#[tokio::test]
#[ignore = "needs haproxy and tinyproxy; .ci/peers installs and runs them"]
async fn by_haproxy() {
    let (world, authority) = (World::new().await, Authority::root("Front Root"));
    let behind = tinyproxy("").await;
    let front = haproxy(&authority, behind.port()).await;
    let version = version("haproxy", &["-v"]);
    guards_the_way("haproxy", &version, front, &authority, world, behind).await;
}
