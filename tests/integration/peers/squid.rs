//! squid with `ssl_bump`, an interceptor as companies run it: it peeks at the ClientHello, then signs
//! for whatever name stands in it.

use std::process::{Command, Stdio};

use tempfile::TempDir;
use trusted_transport::TransportError;
use trusted_transport_lab::Authority;

use super::ends::{CONNECTED, HOST, UNTRUSTED, both, through};
use super::process::{Peer, command, file, free_port, home, root, version};
use super::row::Row;
use super::world::{Behind, Case, World};
use crate::support;

/// Its configuration, where `HOME` is a folder of its own.
fn configuration(home: &TempDir, port: u16, lines: &str) -> String {
    let text = "\
http_port 127.0.0.1:PORT ssl-bump tls-cert=HOME/authority.pem generate-host-certificates=on
sslcrtd_program HELPER -s HOME/certificates -M 1MB
sslcrtd_children 2 startup=1 idle=1
tls_outgoing_options cafile=HOME/upstream.pem
acl hello at_step SslBump1
ssl_bump peek hello
ssl_bump bump all
http_access allow all
LINES
cache deny all
access_log stdio:HOME/access.log
cache_log HOME/cache.log
pid_filename HOME/pid
coredump_dir HOME
shutdown_lifetime 0 seconds
visible_hostname localhost
pinger_enable off
netdb_filename none
";
    text.replace("HOME", &home.path().display().to_string())
        .replace("LINES", lines)
        .replace("PORT", &port.to_string())
        .replace("HELPER", &helper().get_program().to_string_lossy())
}

fn helper() -> Command {
    command("security_file_certgen")
}

async fn started(world: &World, authority: &Authority, lines: &str) -> Peer {
    let (home, port) = (home(), free_port());
    let both = authority.pem() + &authority.key_pem();
    file(&home, "authority.pem", &both);
    file(&home, "upstream.pem", &world.root.pem());
    file(&home, "squid.conf", &configuration(&home, port, lines));
    let certificates = home.path().join("certificates");
    let mut make = helper();
    make.arg("-c")
        .arg("-s")
        .arg(&certificates)
        .args(["-M", "1MB"]);
    done(make);
    if root(home.path()) {
        // Which is who squid becomes.
        let mut give = command("chown");
        give.args(["-R", "proxy"]).arg(home.path());
        done(give);
    }
    let mut squid = command("squid");
    // Its shared memory is named after the service: others may run.
    let service = format!("trusted{}x{port}", std::process::id());
    squid.args(["-N", "-n", &service, "-f"]);
    squid.arg(home.path().join("squid.conf"));
    Peer::start(home, port, squid).await
}

/// One that forwards upgrades, and the way through it.
pub(super) async fn squid(world: &World) -> (Peer, Behind) {
    let authority = Authority::root("Squid Root");
    let squid = started(world, &authority, UPGRADES).await;
    let way = Behind {
        url: squid.url("http", ""),
        bundle: authority.pem(),
        issuer: ISSUER,
    };
    (squid, way)
}

fn done(mut command: Command) {
    let output = command.stdin(Stdio::null()).output().expect("it runs");
    assert!(output.status.success(), "{command:?}: {output:?}");
}

#[tokio::test]
#[ignore = "needs squid; .ci/peers installs and runs it"]
async fn as_an_interceptor() {
    let world = World::new().await;
    let (squid, way) = squid(&world).await;
    let version = version("squid", &["-v"]);
    let get = format!(" GET https://{}/ ", world.target());
    let noted = || squid.text("access.log").matches(&get).count();
    let case = Case {
        proxy: way.url.clone(),
        bundles: [way.bundle.clone(), world.root.pem()],
        issuer: way.issuer,
        ..world.case("squid", &version, SETUP, &noted)
    };
    world.try_proxy(case).await;
    drop(squid);
    world.gone(&way.bundle, &way.url).await;
}

/// Which is what squid does unless it is told otherwise: the origin sees a plain request.
#[tokio::test]
#[ignore = "needs squid; .ci/peers installs and runs it"]
async fn as_an_interceptor_that_drops_upgrades() {
    let world = World::new().await;
    let authority = Authority::root("Squid Root");
    let squid = started(&world, &authority, "").await;
    let transport = through(&authority.pem(), &squid.url("http", ""));
    let url = |scheme| world.origin.url(scheme, HOST, "/");
    let status = support::get(&transport, &url("https")).await;
    assert_eq!(status.expect("an answer"), 200);
    let error = support::echo(&transport, &url("wss")).await;
    let error = error.expect_err("no WebSocket");
    assert!(
        matches!(error, TransportError::UpgradeRefused { status, .. } if status == 200),
        "{error:?}"
    );
    let seen = world.origin.seen();
    assert_eq!(seen.len(), 2);
    assert!(seen.iter().all(|request| !request.websocket), "{seen:?}");

    let transport = through(&world.root.pem(), &squid.url("http", ""));
    let refused = both(&transport, world.origin.port()).await.words();
    assert_eq!(refused, [UNTRUSTED, UNTRUSTED]);
    let words = [CONNECTED, error.kind()].map(str::to_owned);
    let setup = format!("{SETUP}, upgrades dropped");
    Row::of(
        "squid",
        &version("squid", &["-v"]),
        &setup,
        vec![words, refused],
    )
    .write();
}

const ISSUER: &str = "CN=Squid Root";
const SETUP: &str = "HTTP proxy, ssl_bump";
const UPGRADES: &str = "http_upgrade_request_protocols websocket allow all";
