//! The cases of the Autobahn test suite over `wss`, to sockets that the token makes: directly, and
//! in the tunnel of a proxy. `UPDATE_EXPECT=1` writes the list of what is not plainly right anew.

mod suite;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use suite::{Suite, Verdict};
use tokio::time::timeout;
use trusted_transport::ws::{Error, Message};
use trusted_transport::{ProxyPolicy, TransportBuilder, TrustedTransport, WebSocket};
use trusted_transport_lab::{Authority, Front, Proxy};

use crate::support::{HOST, trusting};

#[tokio::test]
#[ignore = "needs the Autobahn test suite; .ci/run installs and names it"]
async fn the_suite_finds_nothing_wrong() {
    let authority = Authority::root("Root");
    let proxy = Proxy::http().start().await.expect("a proxy");
    let through = ProxyPolicy::all(proxy.url("http"));
    let direct = trusting(&[&authority]);
    let tunnelled = trusting(&[&authority]).proxy(through);
    let direct = verdicts(&authority, direct, &COMPRESSION);
    let tunnelled = verdicts(&authority, tunnelled, &COMPRESSION_AND_LIMITS);
    let (direct, tunnelled) = tokio::join!(direct, tunnelled);

    let table = format!("directly\n{direct}\nin a tunnel\n{tunnelled}");
    println!("{table}");
    expect_test::expect_file!["autobahn/verdicts.txt"].assert_eq(&table);
    assert!(proxy.seen().len() > 200, "{}", proxy.seen().len());
}

async fn verdicts(authority: &Authority, builder: TransportBuilder, excluded: &[&str]) -> String {
    let suite = Suite::without(excluded).await;
    let front = Front::start(authority.issue(&[HOST]), suite.address()).await;
    let front = front.expect("a front");
    let token = builder.resolve(HOST, [front.addr()]).build();
    let token = token.expect("a token");

    let url = |path: &str| front.url("wss", HOST, path);
    let count = number(&token, &url("/getCaseCount")).await;
    for case in 1..=count {
        let url = url(&format!("/runCase?case={case}&agent={AGENT}"));
        let echoed = timeout(LONGEST, echo(&token, &url)).await;
        echoed.unwrap_or_else(|_| panic!("case {case} has not ended"));
    }
    let updated = open(&token, &url(&format!("/updateReports?agent={AGENT}"))).await;
    drop(updated);
    table(&suite.verdicts().await)
}

async fn open(token: &TrustedTransport, url: &str) -> WebSocket {
    let (socket, _) = token.websocket(url).await.expect("a socket");
    socket
}

async fn number(token: &TrustedTransport, url: &str) -> usize {
    let mut socket = open(token, url).await;
    match socket.next().await {
        Some(Ok(Message::Text(text))) => text.parse().expect("a number"),
        other => panic!("{other:?}"),
    }
}

/// Sends back what comes, until the connection ends or fails. How it does, the suite judges.
async fn echo(token: &TrustedTransport, url: &str) -> Option<Error> {
    let mut socket = open(token, url).await;
    while let Some(message) = socket.next().await {
        let sent = match message {
            Ok(message @ (Message::Text(_) | Message::Binary(_))) => socket.send(message).await,
            Ok(_) => Ok(()),
            Err(error) => Err(error),
        };
        if let Err(error) = sent {
            return Some(error);
        }
    }
    None
}

/// How many cases of each family ended how, and those that are not plainly right.
fn table(verdicts: &BTreeMap<Vec<u32>, Verdict>) -> String {
    let mut table = String::new();
    for (family, name) in FAMILIES {
        let cases = verdicts.iter().filter(|(case, _)| case[0] == family);
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        let mut odd = String::new();
        for (case, verdict) in cases {
            *counts.entry(&verdict.behavior).or_default() += 1;
            if (&*verdict.behavior, &*verdict.closing) != (OK, OK) {
                let case: Vec<_> = case.iter().map(u32::to_string).collect();
                let (case, Verdict { behavior, closing }) = (case.join("."), verdict);
                writeln!(odd, "    {case}: {behavior}, closing {closing}").expect("text");
            }
        }
        let counts = counts
            .iter()
            .map(|(verdict, count)| format!("{count} {verdict}"));
        let counts: Vec<_> = counts.collect();
        if !counts.is_empty() {
            write!(table, "{family:4} {name}: {}\n{odd}", counts.join(", ")).expect("text");
        }
    }
    table
}

/// As the suite groups its cases.
const FAMILIES: [(u32, &str); 9] = [
    (1, "framing"),
    (2, "pings and pongs"),
    (3, "reserved bits"),
    (4, "opcodes"),
    (5, "fragmentation"),
    (6, "UTF-8"),
    (7, "closing"),
    (9, "limits"),
    (10, "automatic fragmentation"),
];

/// No extension is offered (RFC 7692).
const COMPRESSION: [&str; 2] = ["12.*", "13.*"];

/// Large messages are the same in a tunnel, and take most of the time.
const COMPRESSION_AND_LIMITS: [&str; 3] = ["9.*", "12.*", "13.*"];

const AGENT: &str = "token";

const OK: &str = "OK";

/// The suite gives a case 100 seconds.
const LONGEST: Duration = Duration::from_secs(120);
