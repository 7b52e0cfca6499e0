//! Which key exchanges a token offers, read from the first message that it sends, and whether that
//! message passes a middlebox that lets only small ones through.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::NamedGroup;
use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs::kx_group;
use rustls::server::Acceptor;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use trusted_transport::{KeyExchange, TransportBuilder};
use trusted_transport_lab::{Authority, Origin};

use crate::support::{self, HOST, Outcome};

/// What fits one packet nearly everywhere.
const PACKET: usize = 1400;

/// The first message of a client.
#[derive(Clone, Debug)]
struct Hello {
    /// Its bytes on the wire.
    size: usize,
    groups: Vec<NamedGroup>,
}

/// Reads first messages, and passes on those of at most `limit` bytes with all that follows.
struct Middlebox {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Hello>>>,
}

impl Middlebox {
    async fn before(origin: SocketAddr, limit: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let seen = Arc::<Mutex<Vec<Hello>>>::default();
        let noted = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass(client, origin, limit, Arc::clone(&noted)));
            }
        });
        Self { address, seen }
    }

    fn seen(&self) -> Vec<Hello> {
        self.seen.lock().expect("no panic").clone()
    }
}

async fn pass(
    mut client: TcpStream,
    origin: SocketAddr,
    limit: usize,
    seen: Arc<Mutex<Vec<Hello>>>,
) {
    let mut first = Vec::new();
    let hello = loop {
        if let Some(hello) = parsed(&first) {
            break hello;
        }
        if client.read_buf(&mut first).await.expect("read") == 0 {
            return;
        }
    };
    let passes = hello.size <= limit;
    seen.lock().expect("no panic").push(hello);
    if !passes {
        // Dropped without a word: the client waits.
        tokio::time::sleep(Duration::from_secs(60)).await;
        return;
    }
    let mut origin = TcpStream::connect(origin).await.expect("the origin");
    origin.write_all(&first).await.expect("passed on");
    // How it ends is for its two ends to notice.
    tokio::io::copy_bidirectional(&mut client, &mut origin)
        .await
        .ok();
}

fn parsed(bytes: &[u8]) -> Option<Hello> {
    let mut acceptor = Acceptor::default();
    acceptor.read_tls(&mut &*bytes).expect("in memory");
    let accepted = acceptor.accept().expect("a ClientHello")?;
    Some(Hello {
        size: bytes.len(),
        groups: accepted.client_hello().named_groups()?.to_vec(),
    })
}

/// As aws-lc-rs is with rustls' feature `prefer-post-quantum`, which any crate of a program
/// may switch on for all.
fn post_quantum_first() -> Arc<CryptoProvider> {
    Arc::new(CryptoProvider {
        kx_groups: vec![kx_group::X25519MLKEM768, kx_group::SECP256R1],
        ..rustls::crypto::aws_lc_rs::default_provider()
    })
}

struct World {
    root: Authority,
    origin: Origin,
}

impl World {
    async fn new() -> Self {
        let root = Authority::root("Root");
        let origin = Origin::https(root.issue(&[HOST])).await;
        let origin = origin.expect("an origin");
        Self { root, origin }
    }

    /// How both transports fare, and what they sent first.
    async fn through(
        &self,
        limit: usize,
        with: impl FnOnce(TransportBuilder) -> TransportBuilder,
    ) -> (Outcome, Vec<Hello>) {
        let middlebox = Middlebox::before(self.origin.addr(), limit).await;
        let builder = support::trusting(&[&self.root]).connect_timeout(Duration::from_millis(700));
        let transport = with(builder)
            .resolve(HOST, [middlebox.address])
            .build()
            .expect("built");
        let url = |scheme| format!("{scheme}://{HOST}:{}/", middlebox.address.port());
        let https = support::https(&transport, &url("https")).await;
        let wss = support::wss(&transport, &url("wss")).await;
        assert_eq!(https, wss);
        (https, middlebox.seen())
    }
}

#[cfg(feature = "aws-lc-rs")]
#[tokio::test]
async fn post_quantum_key_exchange_is_offered_unless_the_program_says_otherwise() {
    let world = World::new().await;
    let (outcome, seen) = world.through(usize::MAX, |builder| builder).await;
    assert_eq!((outcome, seen.len()), (Outcome::Connected, 2));
    for hello in seen {
        assert!(
            hello.groups.contains(&NamedGroup::X25519MLKEM768),
            "{hello:?}"
        );
    }
}

#[tokio::test]
async fn a_classical_first_message_names_no_post_quantum_key_exchange_and_fits_a_packet() {
    let world = World::new().await;
    for provider in [None, Some(post_quantum_first())] {
        let classical = |builder: TransportBuilder| {
            let builder = builder.key_exchange(KeyExchange::Classical);
            match provider {
                Some(provider) => builder.crypto_provider(provider),
                None => builder,
            }
        };
        let (outcome, seen) = world.through(PACKET, classical).await;
        assert_eq!((outcome, seen.len()), (Outcome::Connected, 2));
        for hello in seen {
            assert!(hello.groups.contains(&NamedGroup::secp256r1), "{hello:?}");
            let post_quantum = [
                NamedGroup::X25519MLKEM768,
                NamedGroup::secp256r1MLKEM768,
                NamedGroup::MLKEM768,
            ];
            assert!(
                !hello.groups.iter().any(|it| post_quantum.contains(it)),
                "{hello:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_middlebox_that_drops_large_first_messages_is_passed_with_a_classical_one_only() {
    let world = World::new().await;
    let all = |builder: TransportBuilder| builder.crypto_provider(post_quantum_first());
    let (outcome, seen) = world.through(PACKET, all).await;
    assert_eq!(outcome, Outcome::Failed("connect_timeout"));
    for hello in seen {
        assert!(hello.size > PACKET, "{hello:?}");
    }
    let classical = |builder| all(builder).key_exchange(KeyExchange::Classical);
    let (outcome, _) = world.through(PACKET, classical).await;
    assert_eq!(outcome, Outcome::Connected);
}

/// It asks for another first message (RFC 8446, 4.1.4), and from then on is sent the large one at
/// once: a middlebox that drops it may let the first connection pass, and no other.
#[cfg(feature = "aws-lc-rs")]
#[tokio::test]
async fn a_server_that_insists_on_post_quantum_key_exchange_is_remembered() {
    let root = Authority::root("Root");
    let end_entity = root.issue(&[HOST]);
    let provider = CryptoProvider {
        kx_groups: vec![kx_group::X25519MLKEM768],
        ..rustls::crypto::aws_lc_rs::default_provider()
    };
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .expect("TLS 1.2 and 1.3")
        .with_no_client_auth()
        .with_single_cert(end_entity.chain, end_entity.key)
        .expect("a chain");
    let origin = Origin::with_tls(config.into()).await.expect("an origin");
    let world = World { root, origin };
    let (outcome, seen) = world.through(usize::MAX, |builder| builder).await;
    assert_eq!(outcome, Outcome::Connected);
    assert!(seen[0].size <= PACKET && seen[1].size > PACKET, "{seen:?}");
    let classical = |builder: TransportBuilder| builder.key_exchange(KeyExchange::Classical);
    let (outcome, _) = world.through(usize::MAX, classical).await;
    assert_eq!(outcome, Outcome::Failed("tls"));
}

#[test]
fn what_others_connect_with_offers_the_same() {
    let root = Authority::root("Root");
    let offered = |key_exchange| {
        let transport = support::trusting(&[&root])
            .crypto_provider(post_quantum_first())
            .key_exchange(key_exchange)
            .build()
            .expect("built");
        let config = transport.rustls_config();
        let groups = config.crypto_provider().kx_groups.iter();
        groups.map(|group| group.name()).collect::<Vec<_>>()
    };
    let all = [NamedGroup::X25519MLKEM768, NamedGroup::secp256r1];
    assert_eq!(offered(KeyExchange::All), all);
    assert_eq!(offered(KeyExchange::Classical), all[1..]);
}

/// As rustls judges it, extended master secret (RFC 7627) included.
#[test]
fn a_token_is_in_fips_mode_if_the_feature_says_so() {
    let transport = support::trusting(&[&Authority::root("Root")]);
    let transport = transport.build().expect("built");
    assert_eq!(transport.rustls_config().fips(), cfg!(feature = "fips"));
}

#[test]
fn a_provider_with_nothing_classical_is_an_error() {
    let provider = CryptoProvider {
        kx_groups: vec![kx_group::X25519MLKEM768],
        ..rustls::crypto::aws_lc_rs::default_provider()
    };
    let error = support::trusting(&[&Authority::root("Root")])
        .crypto_provider(Arc::new(provider))
        .key_exchange(KeyExchange::Classical)
        .build()
        .expect_err("nothing left");
    assert_eq!(error.kind(), "configuration");
}
