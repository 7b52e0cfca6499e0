//! The modes that need a real TLS server: certificates and protocols that do not fit, and a wire
//! that cuts off, breaks up and falsifies what it says, record by record.

use std::sync::Arc;
use std::time::Duration;

use rustls::{ServerConfig, SupportedProtocolVersion};
use trusted_transport_lab::{Authority, Bend, Bent, Origin};

use super::attempt::{Ended, Over, Visit};
use super::{Job, World};
use crate::support::{self, HOST};

pub(crate) fn all(world: &World) -> Vec<Job> {
    let end_entity = world.end_entity();
    let with_chain = |count: usize, name: &str| {
        let other = Authority::root(name).der();
        let mut chain = end_entity.chain.clone();
        chain.extend(vec![other; count]);
        end_entity.with_chain(chain).server_config(PROTOCOLS)
    };
    let other_name = world.root.issue(&["other.test"]).server_config(PROTOCOLS);
    let long_name = "x".repeat(10_000);
    let mut jobs = vec![
        served("tls wrong-name", other_name, "untrusted"),
        served(
            "tls no-protocol-in-common",
            end_entity.server_config(&[b"nope"]),
            "tls",
        ),
        served("tls 100-certificates", with_chain(100, "Other"), "well"),
        served("tls chain-of-1-mib", with_chain(100, &long_name), "tls"),
    ];
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let name = match version.version {
            rustls::ProtocolVersion::TLSv1_2 => "tls12",
            _ => "tls13",
        };
        for (bend, how) in [
            (Bend::TinyRecords, "tiny-records"),
            (Bend::ByteByByte, "byte-by-byte"),
        ] {
            let name = format!("{name} {how}");
            jobs.push(Box::new(move |world| {
                let [https, wss] = bent(world, version, bend, &name);
                assert_eq!([https.kind(), wss.kind()], ["well"; 2], "{https:?} {wss:?}");
                format!("{name}\n{}", https.text())
            }));
        }
        for (bend, how) in CUTS {
            let name = format!("{name} {how}");
            jobs.push(Box::new(move |world| cuts(world, version, bend, 0, &name)));
        }
    }
    // What is not encrypted means something else with another byte, and may mean more to come.
    jobs.push(Box::new(|world| {
        let (version, name) = (
            &rustls::version::TLS13,
            "tls13 falsified-in-any-encrypted-record",
        );
        cuts(world, version, Bend::Falsify, 2, name)
    }));
    jobs
}

/// A way to end what the server says, after so many records.
type Cut = fn(usize) -> Bend;

const CUTS: [(Cut, &str); 4] = [
    (Bend::CloseAfter, "closed-after-any-record"),
    (Bend::ResetAfter, "reset-after-any-record"),
    (Bend::SilentAfter, "silent-after-any-record"),
    (Bend::CloseWithin, "closed-within-any-record"),
];

/// At every record of the handshake, until one comes too late for it: all of them are told the same.
fn cuts(
    world: &World,
    version: &'static SupportedProtocolVersion,
    cut: Cut,
    first: usize,
    name: &str,
) -> String {
    let mut told = None;
    for number in first.. {
        let name = format!("{name}-{number}");
        let ended = bent(world, version, cut(number), &name);
        // Behind the last record, a reset overtakes the end of one handshake, and not of another.
        if ended
            .iter()
            .any(|ended| !IN_HANDSHAKE.contains(&ended.kind()))
        {
            assert!(number >= first + 3, "{name}: {ended:?}");
            break;
        }
        let [https, wss] = ended.map(|ended| ended.text());
        assert_eq!(https, wss, "{name}");
        assert_eq!(*told.get_or_insert(https), wss, "{name}");
    }
    format!("{name}\n{}", told.unwrap_or_default())
}

/// Behind a wire, over both transports.
fn bent(
    world: &World,
    version: &'static SupportedProtocolVersion,
    bend: Bend,
    name: &str,
) -> [Ended; 2] {
    let config = world.end_entity().server_config_for(&[version], PROTOCOLS);
    let mut config = ServerConfig::clone(&config);
    config.max_fragment_size = Some(FRAGMENT);
    let origin = world.lab.block_on(Origin::with_tls(Arc::new(config)));
    let origin = origin.expect("an origin");
    let wire = world.lab.block_on(Bent::start(origin.addr(), bend));
    let wire = wire.expect("a wire");
    let visit = Visit {
        name: name.to_owned(),
        port: wire.port(),
        limit: match bend {
            Bend::SilentAfter(_) => SHORT,
            _ => LONG,
        },
        farewell: true,
    };
    let attempt = |over| {
        let builder = support::trusting(&[&world.root]).resolve(HOST, [wire.addr()]);
        visit
            .attempt(over, builder, &|| wire.open() + origin.open())
            .0
    };
    std::thread::scope(|scope| {
        let wss = scope.spawn(|| attempt(Over::Wss));
        [attempt(Over::Https), wss.join().expect("an attempt")]
    })
}

/// By a server that is as good as its configuration.
fn served(name: &'static str, config: Arc<ServerConfig>, expected: &'static str) -> Job {
    Box::new(move |world| {
        let origin = world.lab.block_on(Origin::with_tls(config));
        let origin = origin.expect("an origin");
        let visit = Visit {
            name: name.to_owned(),
            port: origin.port(),
            limit: LONG,
            farewell: true,
        };
        let attempt = |over| {
            let builder = support::trusting(&[&world.root]).resolve(HOST, [origin.addr()]);
            visit.attempt(over, builder, &|| origin.open()).0
        };
        let [https, wss] = [Over::Https, Over::Wss].map(attempt);
        assert_eq!(
            [https.kind(), wss.kind()],
            [expected; 2],
            "{https:?} {wss:?}"
        );
        assert!(
            expected == "well" || https == wss,
            "{name}: {https:?} {wss:?}"
        );
        format!("{name}\n{}", https.text())
    })
}

/// What a failure of the handshake is told as.
const IN_HANDSHAKE: [&str; 2] = ["tls", "connect_timeout"];
const PROTOCOLS: &[&[u8]] = &[b"h2", b"http/1.1"];
/// So that the handshake takes several records.
const FRAGMENT: usize = 256;
const SHORT: Duration = Duration::from_millis(700);
const LONG: Duration = Duration::from_secs(10);
