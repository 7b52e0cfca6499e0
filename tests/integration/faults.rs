//! Every way in which a connection fails that is no matter of certificates, over HTTPS and WSS: the
//! same kind, host, phase and words, which are reviewed as a snapshot. `UPDATE_EXPECT=1` writes it
//! anew.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use expect_test::expect_file;
use rustls::crypto::CryptoProvider;
use trusted_transport::{ProxyPolicy, TlsVersion, TransportBuilder, TrustedTransport};
use trusted_transport_lab::{
    Authority, ClientAuth, Fault, Middlebox, Origin, Proxy, ProxyFault, Scripted,
};

use crate::support::{self, HOST};
use crate::told::Told;

/// Long enough for what answers, and short for what never does.
const LIMIT: Duration = Duration::from_millis(700);

struct Table {
    root: Authority,
    text: String,
}

impl Table {
    fn builder(&self) -> TransportBuilder {
        support::trusting(&[&self.root]).connect_timeout(LIMIT)
    }

    /// Through a proxy, to an origin that would be there.
    fn through(&self, proxy: String, origin: &Origin) -> TrustedTransport {
        let builder = self.builder().proxy(ProxyPolicy::all(proxy));
        support::built(builder, origin)
    }

    async fn origin(&self) -> Origin {
        let origin = Origin::https(self.root.issue(&[HOST])).await;
        origin.expect("an origin")
    }

    async fn row(&mut self, name: &str, transport: &TrustedTransport, port: u16) {
        let errors = support::both_errors(transport, port).await;
        let [https, wss] = errors.each_ref().map(Told::of);
        assert_eq!(https, wss, "{name}: {errors:?}");
        write!(self.text, "{name}\n{https}").expect("text");
    }
}

#[tokio::test]
async fn every_failure_has_one_kind_and_one_text() {
    let mut table = Table {
        root: Authority::root("Root"),
        text: String::new(),
    };
    of_names_and_tcp(&mut table).await;
    of_the_server(&mut table).await;
    of_versions_and_clients(&mut table).await;
    of_refusing_proxies(&mut table).await;
    of_proxies(&mut table).await;
    let rows = table.text.lines().filter(|line| !line.starts_with(' '));
    assert!(rows.count() >= 25);
    expect_file!["faults.txt"].assert_eq(&table.text);
}

async fn of_names_and_tcp(table: &mut Table) {
    let nowhere = table.builder().resolve(HOST, []).build().expect("built");
    table.row("no-address", &nowhere, 443).await;
    let (_dead, address) = support::dead_address();
    let dead = table.builder().resolve(HOST, [address]).build();
    table
        .row("nobody-listens", &dead.expect("built"), address.port())
        .await;
    #[cfg(target_os = "linux")]
    {
        let hole = support::BlackHole::at(([127, 0, 0, 1], 0).into());
        let address = ([127, 0, 0, 1], hole.port()).into();
        let hidden = table.builder().resolve(HOST, [address]).build();
        table
            .row("no-answer", &hidden.expect("built"), hole.port())
            .await;
    }
}

async fn of_the_server(table: &mut Table) {
    let end_entity = table.root.issue(&[HOST]);
    // Under load, who is reset at once may not have been connected yet.
    let faults = Fault::ALL.iter();
    for fault in faults.filter(|it| **it != Fault::ResetOnAccept) {
        let server = Scripted::plain(fault.steps(&end_entity)).await;
        let server = server.expect("a server");
        let transport = table.builder().resolve(HOST, [server.addr()]).build();
        table
            .row(fault.name(), &transport.expect("built"), server.port())
            .await;
        assert!(server.connections() >= 2, "{fault:?}");
    }
}

async fn of_versions_and_clients(table: &mut Table) {
    let end_entity = table.root.issue(&[HOST]);
    let old = end_entity.server_config_for(&[&rustls::version::TLS12], &[b"http/1.1"]);
    let old = Origin::with_tls(old).await.expect("an origin");
    let strict = table.builder().tls_min_version(TlsVersion::Tls13);
    table
        .row("only-tls12", &support::built(strict, &old), old.port())
        .await;
    let wanted = ClientAuth::required_of(&Authority::root("Clients"));
    for (name, clients) in [
        ("client-certificate-wanted-tls12", wanted.clone().tls12()),
        ("client-certificate-wanted-tls13", wanted),
    ] {
        let config = clients.server_config(&end_entity, &[b"http/1.1"]);
        let origin = Origin::with_tls(config).await.expect("an origin");
        let transport = support::built(table.builder(), &origin);
        table.row(name, &transport, origin.port()).await;
    }
    let origin = table.origin().await;
    let middlebox = Middlebox::start(origin.addr(), 1400).await;
    let middlebox = middlebox.expect("a middlebox");
    let builder = table.builder().resolve(HOST, [middlebox.addr()]);
    let transport = builder.crypto_provider(post_quantum_first()).build();
    table
        .row(
            "large-hello-dropped",
            &transport.expect("built"),
            middlebox.port(),
        )
        .await;
}

/// Not so by default: then the first message is small.
fn post_quantum_first() -> Arc<CryptoProvider> {
    use rustls::crypto::aws_lc_rs::{default_provider, kx_group::X25519MLKEM768};
    let mut provider = default_provider();
    provider.kx_groups.insert(0, X25519MLKEM768);
    Arc::new(provider)
}

async fn of_refusing_proxies(table: &mut Table) {
    let origin = table.origin().await;
    for status in [403, 407, 502, 503] {
        let proxy = Proxy::http().refuse(status).start().await.expect("a proxy");
        let transport = table.through(proxy.url("http"), &origin);
        table
            .row(
                &format!("proxy-answers-{status}"),
                &transport,
                origin.port(),
            )
            .await;
    }
    for reply in [1, 2, 4, 5] {
        let proxy = Proxy::socks()
            .refuse_with_reply(reply)
            .start()
            .await
            .expect("a proxy");
        let transport = table.through(proxy.url("socks5h"), &origin);
        table
            .row(&format!("socks-replies-{reply}"), &transport, origin.port())
            .await;
    }
    assert_eq!(origin.connections(), 0);
}

async fn of_proxies(table: &mut Table) {
    let origin = table.origin().await;
    for fault in ProxyFault::ALL {
        let proxy = Scripted::plain(fault.steps()).await.expect("a proxy");
        let transport = table.through(format!("http://{}", proxy.addr()), &origin);
        table
            .row(
                &format!("proxy-{}", fault.name()),
                &transport,
                origin.port(),
            )
            .await;
    }
    let (_dead, address) = support::dead_address();
    let transport = table.through(format!("http://{address}"), &origin);
    table.row("dead-proxy", &transport, origin.port()).await;
    let builder = table.builder().resolve("no-such-proxy.test", []);
    let builder = builder.proxy(ProxyPolicy::all("http://no-such-proxy.test:3128"));
    let transport = support::built(builder, &origin);
    table.row("unknown-proxy", &transport, origin.port()).await;
    let unknown = Authority::root("Unknown").issue(&["127.0.0.1"]);
    let proxy = Proxy::http().tls(unknown).start().await.expect("a proxy");
    let transport = table.through(proxy.url("https"), &origin);
    table
        .row("untrusted-proxy", &transport, origin.port())
        .await;
    let proxy = Proxy::http().start().await.expect("a proxy");
    let transport = table.through(proxy.url("https"), &origin);
    table
        .row("proxy-without-tls", &transport, origin.port())
        .await;
    assert_eq!(origin.connections(), 0);
}
