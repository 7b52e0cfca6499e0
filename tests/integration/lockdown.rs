//! What the process-wide switches do to strays, and not to the token: in processes of their own,
//! since neither can be switched off again, with the servers in this one.

use std::any::Any;
use std::error::Error;
use std::io;
use std::panic::catch_unwind;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::net::TcpStream;
use trusted_transport::{LockdownError, ProxyPolicy, Strays, TrustedTransport, lockdown};
use trusted_transport_lab::{Authority, Origin, Proxy};

use crate::fixtures::exclusive;
use crate::logs::Captured;
use crate::support::{self, Outcome};

const SCENARIO: &str = "TEST_SCENARIO";
const ROOT: &str = "TEST_ROOT";
const PORT: &str = "TEST_PORT";
const PROXY: &str = "TEST_PROXY";

/// Not a test by itself: what the processes of the other tests do.
#[tokio::test]
#[ignore = "run by the other tests of this file in a process of its own"]
async fn child() {
    let variable = |name| std::env::var(name).expect("set by the other test");
    let given = Given {
        root: variable(ROOT),
        port: variable(PORT),
        proxy: variable(PROXY),
    };
    match &*variable(SCENARIO) {
        "open" => open(&given).await,
        "locked" => locked(&given).await,
        "late" => late(&given).await,
        "watched" => watched(&given).await,
        other => panic!("no such scenario: {other}"),
    }
}

async fn open(given: &Given) {
    install_real();
    tell(given.raw_https().await);
    tell(given.raw_wss().await);
}

async fn locked(given: &Given) {
    let early = given.token(ProxyPolicy::all(&*given.proxy));
    let lines = Captured::during(|| {
        lockdown().expect("nobody was first");
        lockdown().expect("it is locked down, as asked for");
    });
    tell(lines.concat());
    tell(given.raw_https().await);
    tell(given.raw_wss().await);
    tell(raw_server());
    tell(parts_of_the_default_provider());
    tell(Strays::watch().expect_err("there is a default provider"));
    given.both(&given.token(ProxyPolicy::Direct)).await;
    given.both(&early).await;
}

async fn late(given: &Given) {
    install_real();
    let lines = Captured::during(|| {
        for outcome in [lockdown(), lockdown(), Strays::watch().map(drop)] {
            assert_eq!(outcome, Err(LockdownError::TooLate));
        }
    });
    assert!(lines.is_empty(), "{lines:#?}");
    tell(given.raw_https().await);
    tell(given.raw_wss().await);
}

async fn watched(given: &Given) {
    let strays = Strays::watch().expect("nobody was first");
    given.both(&given.token(ProxyPolicy::Direct)).await;
    let proxied = given.token(ProxyPolicy::all(&*given.proxy));
    given.both(&proxied).await;
    tell(strays.random_draws());
    tell(strays);
    tell(given.raw_wss().await);
    let drawn = strays.random_draws();
    tell(drawn);
    // The file is there with debug information, and without it the function.
    let trace = strays.to_string();
    tell(
        [file!(), "raw_wss"]
            .iter()
            .any(|place| trace.contains(place)),
    );
    tell(given.raw_https().await);
    let again = Strays::watch().expect("the same count");
    tell(again.random_draws() > drawn && drawn > 0);
    tell(lockdown().expect_err("there is a default provider"));
}

fn tell(outcome: impl std::fmt::Display) {
    println!("outcome: {outcome}");
}

/// What the child knows of the servers.
struct Given {
    root: String,
    port: String,
    proxy: String,
}

impl Given {
    fn url(&self, scheme: &str) -> String {
        format!("{scheme}://localhost:{}/", self.port)
    }

    fn token(&self, proxy: ProxyPolicy) -> TrustedTransport {
        let anchors = exclusive().bundle(&self.root).load().expect("a bundle");
        let builder = TrustedTransport::builder(anchors).proxy(proxy);
        builder.build().expect("a token")
    }

    async fn both(&self, token: &TrustedTransport) {
        let https = support::https(token, &self.url("https")).await;
        let wss = support::wss(token, &self.url("wss")).await;
        assert_eq!([https, wss], [Outcome::Connected; 2]);
    }

    fn root(&self) -> CertificateDer<'static> {
        CertificateDer::from_pem_file(&self.root).expect("a certificate")
    }

    #[expect(
        clippy::disallowed_methods,
        clippy::disallowed_types,
        reason = "the stray that is to be stopped"
    )]
    async fn raw_https(&self) -> String {
        let root = reqwest::Certificate::from_der(&self.root()).expect("a certificate");
        let builder = reqwest::Client::builder().no_proxy();
        let client = match builder.tls_certs_only([root]).build() {
            Ok(client) => client,
            Err(error) => {
                let cause = error.source().expect("a cause");
                return format!("no client: {error}: {cause}");
            }
        };
        let answer = client.get(self.url("https")).send().await;
        answer.expect("an answer").status().as_u16().to_string()
    }

    #[expect(
        clippy::disallowed_methods,
        clippy::disallowed_types,
        reason = "the stray that is to be stopped"
    )]
    async fn raw_wss(&self) -> String {
        let mut roots = RootCertStore::empty();
        roots.add(self.root()).expect("a root");
        let config = catch_unwind(|| {
            ClientConfig::builder()
                .with_root_certificates(roots)
                .with_no_client_auth()
        });
        let config = match config {
            Ok(config) => Arc::new(config),
            Err(panic) => return panicked(&*panic),
        };
        let port = self.port.parse().expect("a port");
        let tcp = TcpStream::connect(("localhost", port)).await;
        let name = ServerName::try_from("localhost").expect("a name");
        let tls = tokio_rustls::TlsConnector::from(config);
        let tls = tls.connect(name, tcp.expect("a connection")).await;
        let socket = tokio_tungstenite::client_async(self.url("wss"), tls.expect("TLS"));
        let (_, response) = socket.await.expect("a socket");
        response.status().as_u16().to_string()
    }
}

fn raw_server() -> String {
    match catch_unwind(ServerConfig::builder) {
        Ok(_) => "built".to_owned(),
        Err(panic) => panicked(&*panic),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the stray that is to be stopped, and the one that comes after it"
)]
fn parts_of_the_default_provider() -> String {
    let installed = CryptoProvider::get_default().expect("a default provider");
    let explicit = ClientConfig::builder_with_provider(Arc::clone(installed));
    let refused = explicit.with_safe_default_protocol_versions();
    let key = PrivateKeyDer::Pkcs8(vec![0].into());
    let no_key = installed.key_provider.load_private_key(key);
    assert!(installed.secure_random.fill(&mut [0]).is_err());
    assert!(default_provider().install_default().is_err());
    let refused = refused.expect_err("no cipher suites");
    format!("{refused}; {}", no_key.expect_err("no keys"))
}

fn panicked(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>();
    format!("panic: {}", text.expect("a text"))
}

#[expect(
    clippy::disallowed_methods,
    reason = "what a program does that is not locked down"
)]
fn install_real() {
    let installed = default_provider().install_default();
    installed.expect("nobody was first");
}

/// Runs the scenario in a process of its own, and says what it told, and the ends of the
/// connections: those of the origin, and those that came through the proxy.
async fn run(scenario: &str) -> (Vec<String>, Origin, Proxy) {
    let authority = Authority::root("Root");
    let directory = tempfile::tempdir().expect("a directory");
    let root = directory.path().join("root.pem");
    std::fs::write(&root, authority.pem()).expect("written");
    let origin = Origin::https(authority.issue(&["localhost"])).await;
    let origin = origin.expect("an origin");
    let proxy = Proxy::http().start().await.expect("a proxy");
    let mut command = support::process("lockdown::child");
    command
        .env(SCENARIO, scenario)
        .env(ROOT, root)
        .env(PORT, origin.port().to_string())
        .env(PROXY, proxy.url("http"))
        .env("RUST_BACKTRACE", "0");
    let told = support::outcomes(command).await;
    (told, origin, proxy)
}

#[tokio::test]
async fn without_lockdown_strays_connect() {
    let (told, origin, _) = run("open").await;
    assert_eq!(told, ["200", "101"]);
    assert_eq!(origin.connections(), 2);
}

#[tokio::test]
async fn locked_down_no_stray_opens_a_connection_and_the_token_works() {
    let (told, origin, proxy) = run("locked").await;
    let [log, strays @ ..] = &told[..] else {
        panic!("{told:#?}");
    };
    for part in [
        "INFO trusted_transport: process locked down",
        &format!("others_fail_with=\"{REFUSED}\""),
    ] {
        assert_eq!(log.matches(part).count(), 1, "{part}\n{log}");
    }
    let panic =
        format!("panic: called `Result::unwrap()` on an `Err` value: General(\"{REFUSED}\")");
    let parts = format!(
        "unexpected error: {REFUSED}; \
         unexpected error: this process was locked down by trusted_transport::lockdown"
    );
    assert_eq!(
        strays,
        [
            "no client: builder error: invalid TLS versions",
            &panic,
            &panic,
            &parts,
            TOO_LATE
        ]
    );
    // HTTPS and WSS, direct and through the proxy: nobody else was there.
    assert_eq!((origin.connections(), proxy.connections()), (4, 2));
    assert_eq!(origin.seen().len(), 4);
}

#[tokio::test]
async fn a_late_lockdown_is_an_error_and_changes_nothing() {
    let (told, origin, _) = run("late").await;
    assert_eq!(told, ["200", "101"]);
    assert_eq!(origin.connections(), 2);
}

#[tokio::test]
async fn strays_are_counted_and_the_token_is_not() {
    let (told, origin, proxy) = run("watched").await;
    let [none, nobody, wss, drawn, named, https, more, late] = &told[..] else {
        panic!("{told:#?}");
    };
    assert_eq!([none, nobody], ["0", "no TLS outside of the token"]);
    assert_eq!([wss, https], ["101", "200"], "nothing is broken");
    assert_ne!(drawn, "0");
    assert_eq!([named, more], ["true", "true"], "{told:#?}");
    assert_eq!(late, TOO_LATE);
    assert_eq!((origin.connections(), proxy.connections()), (6, 2));
}

#[test]
fn the_errors_have_a_hint_and_a_kind() {
    let late = LockdownError::TooLate;
    assert!(late.hint().contains("`main`"), "{}", late.hint());
    assert_eq!((late.kind(), late.is_retryable()), ("too_late", false));
    let none = LockdownError::NoCryptoProvider;
    assert!(none.hint().contains("`ring`"), "{}", none.hint());
    assert_eq!(
        io::Error::from(late).kind(),
        io::ErrorKind::AlreadyExists,
        "as other errors of this crate, it is one of the system's"
    );
}

const REFUSED: &str = "no usable cipher suites configured";
const TOO_LATE: &str = "this process has a default TLS crypto provider already";
