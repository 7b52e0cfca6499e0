//! nginx as an origin: HTTP/2 for requests and HTTP/1.1 for WebSockets on one port, the latter handed
//! on to Python's `websockets`.

use super::echoes::{LIMIT, Server, started};
use super::ends::{self, HOST, direct, through};
use super::process::{Peer, command, file, free_port, home, version};
use super::tinyproxy::tinyproxy;
use super::world::{Served, World};

/// Its configuration, where `HOME` is a folder of its own.
const CONFIGURATION: &str = "\
daemon off;
master_process off;
pid HOME/pid;
error_log stderr notice;
events { worker_connections 128; }
http {
  log_format lab '$request_method $server_protocol, ALPN $ssl_alpn_protocol, $status';
  access_log /dev/stdout lab;
  client_body_temp_path HOME/1; proxy_temp_path HOME/2; fastcgi_temp_path HOME/3;
  uwsgi_temp_path HOME/4; scgi_temp_path HOME/5;
  server {
    listen 127.0.0.1:PORT ssl http2;
    ssl_certificate HOME/chain.pem;
    ssl_certificate_key HOME/key.pem;
    default_type text/plain;
    location / {
      if ($http_upgrade = '') { return 200 '$server_protocol'; }
      proxy_pass http://127.0.0.1:BEHIND;
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection upgrade;
    }
  }
}
";

async fn nginx(world: &World, behind: u16) -> Peer {
    let (home, port) = (home(), free_port());
    let identity = world.root.issue(&[HOST]);
    file(&home, "chain.pem", &identity.chain_pem());
    file(&home, "key.pem", &identity.key_pem());
    let text = CONFIGURATION
        .replace("HOME", &home.path().display().to_string())
        .replace("PORT", &port.to_string())
        .replace("BEHIND", &behind.to_string());
    let configuration = file(&home, "nginx.conf", &text);
    let mut nginx = command("nginx");
    nginx.args(["-e", "stderr", "-c"]).arg(configuration);
    Peer::start(home, port, nginx).await
}

#[tokio::test]
#[ignore = "needs nginx and Python's websockets; .ci/peers installs and runs them"]
async fn as_an_origin() {
    let world = World::new().await;
    let behind = started(Server::Websockets, None, LIMIT).await;
    let nginx = nginx(&world, behind.port()).await;
    let version = version("nginx", &["-v"]);
    let row = |setup| Served {
        setup,
        ..world.served("nginx", version.clone(), nginx.port())
    };
    let noted = |line: &str| nginx.log().matches(line).count();
    let lines = [
        "GET HTTP/2.0, ALPN h2, 200\n",
        "GET HTTP/1.1, ALPN http/1.1, 101\n",
    ];

    world
        .try_origin(row("origin, h2 and WSS (websockets behind it)"), direct)
        .await;
    let once = || lines.map(noted) == [1, 1];
    ends::until(once, "one request and one WebSocket, each in its protocol").await;
    let answer = direct(&world.root.pem()).http().build().expect("a client");
    let answer = answer.get(format!("https://{HOST}:{}/", nginx.port()));
    let text = answer.send().await.expect("an answer").text().await;
    assert_eq!(text.expect("text"), "HTTP/2.0");

    let proxy = tinyproxy("").await;
    let url = proxy.url("http", "");
    let way = |bundle: &str| through(bundle, &url);
    world
        .try_origin(row("origin, through tinyproxy"), way)
        .await;
    let again = || lines.map(noted) == [3, 2];
    ends::until(again, "the same through a proxy").await;
}
