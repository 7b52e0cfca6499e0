//! What is done all the time, at random.

use std::sync::Arc;
use std::time::{Duration, Instant};

use trusted_transport::ws::Message;
use trusted_transport::{HttpClient, ProxyPolicy, TrustedTransport};

use super::tally::{DROPPED, ECHOED, FAILED, Failure};
use super::world::{Way, World};
use crate::support::HOST;

/// One attempt after the other, until it is over.
pub(crate) async fn toil(world: Arc<World>, number: u64) {
    let mut dice = Dice::new(number);
    while !world.is_over() {
        let seed = dice.next();
        let attempt = attempt(Arc::clone(&world), Dice::new(seed));
        match dice.below(6) {
            0 => {
                let patience = dice.patience();
                if tokio::time::timeout(patience, attempt).await.is_err() {
                    world.count(DROPPED);
                }
            }
            1 => {
                // Dropped by whichever thread runs it.
                let task = tokio::spawn(attempt);
                tokio::time::sleep(dice.patience()).await;
                task.abort();
                if task.await.is_err() {
                    world.count(DROPPED);
                }
            }
            _ => {
                if tokio::time::timeout(HANG, attempt).await.is_err() {
                    world.wrong(format!("{seed} hangs"));
                }
            }
        }
        tokio::time::sleep(Duration::from_millis(dice.below(PAUSE))).await;
    }
}

/// A socket that stays open, whatever is trusted meanwhile.
pub(crate) async fn linger(world: Arc<World>, way: Arc<Way>) {
    let url = url("wss", world.map.common(), "/");
    let mut socket = loop {
        match way.transport.websocket(&url).await {
            Ok((socket, _)) => break socket,
            // Not with this bundle.
            Err(_) if !world.is_over() => tokio::time::sleep(Duration::from_millis(20)).await,
            Err(_) => return,
        }
    };
    let mut dice = Dice::new(7);
    while !world.is_over() {
        let size = dice.below(4096);
        let echoed = exchange(&mut socket, size);
        match tokio::time::timeout(HANG, echoed).await {
            Ok(Ok(())) => world.count(ECHOED),
            broken => return world.wrong(format!("a long-lived socket: {broken:?}")),
        }
        tokio::time::sleep(Duration::from_millis(100 + dice.below(400))).await;
    }
    if let Err(broken) = closed(socket).await {
        world.wrong(format!("a long-lived socket does not close: {broken:?}"));
    }
}

async fn attempt(world: Arc<World>, mut dice: Dice) {
    match dice.below(20) {
        0..10 => kept(&world, &mut dice).await,
        10..14 => fresh(&world, &mut dice).await,
        14..16 => other_token(&world, &mut dice).await,
        16 => slow(&world).await,
        17..19 => fault(&world, &mut dice).await,
        _ => proxy_fault(&world, &mut dice).await,
    }
}

/// With the clients and sockets of a token that is kept.
async fn kept(world: &World, dice: &mut Dice) {
    let way = dice.of(&world.ways);
    let (root, port) = *dice.of(&world.map.origins);
    let (https, wss) = (url("https", port, "/"), url("wss", port, "/"));
    let size = dice.below(100_000);
    let kind = dice.below(5);
    let attempt = async {
        match kind {
            0 => get(&way.http1, &https).await,
            1 => get(&way.http2, &https).await,
            2 => post(&way.http1, &https, size).await,
            3 => post(&way.http2, &https, size).await,
            _ => echo(&way.transport, &wss, size).await,
        }
    };
    way.judged(world, root, "kept", attempt).await;
}

/// With clients that are made anew, and sockets that are dropped without a farewell.
async fn fresh(world: &World, dice: &mut Dice) {
    let way = dice.of(&world.ways);
    let (root, port) = *dice.of(&world.map.origins);
    let (https, wss) = (url("https", port, "/"), url("wss", port, "/"));
    let kind = dice.below(5);
    let transport = &way.transport;
    let attempt = async {
        match kind {
            0 => get(&transport.http().build()?, &https).await,
            1 => get(&transport.http().http1_only().build()?, &https).await,
            2 => Ok(transport.probe(&wss).await.map(drop)?),
            #[cfg(feature = "blocking")]
            3 => without_async(transport.clone(), https, wss).await,
            _ => {
                let (mut socket, _) = transport.websocket(&wss).await?;
                exchange(&mut socket, 10).await
            }
        }
    };
    way.judged(world, root, "fresh", attempt).await;
}

/// With a client and a socket that have threads of their own. Dropping this does not end them: they
/// finish, and then end.
#[cfg(feature = "blocking")]
async fn without_async(
    transport: TrustedTransport,
    https: String,
    wss: String,
) -> Result<(), Failure> {
    let attempt = tokio::task::spawn_blocking(move || {
        let client = transport.http().build_blocking()?;
        let text = client.get(https).send()?.text()?;
        let (mut socket, _) = transport.websocket(wss).connect_blocking()?;
        socket.send(text.as_str())?;
        match socket.next() {
            Some(Ok(echo)) if echo == Message::text(text) => Ok(()),
            other => Err(Failure::Answer(format!("no echo: {other:?}"))),
        }
    });
    attempt.await.expect("no panic")
}

/// With a token that is made for it, and what is made from it.
async fn other_token(world: &World, dice: &mut Dice) {
    let proxies = [&world.map.http, &world.map.https, &world.map.socks5];
    let proxy = match dice.below(4) {
        0 => ProxyPolicy::Direct,
        _ => ProxyPolicy::all(dice.of(&proxies).as_str()),
    };
    let (root, port) = *dice.of(&world.map.origins);
    let transport = world.token(proxy, LIMIT * 10);
    let _child = (dice.below(4) == 0).then(|| transport.child_env().expect("a bundle"));
    let _watch = (dice.below(2) == 0).then(|| transport.watch(Duration::from_millis(50)));
    let ended = match dice.below(2) {
        0 => {
            let client = transport.http().build().expect("a client");
            get(&client, &url("https", port, "/")).await
        }
        _ => echo(&transport, &url("wss", port, "/"), 100).await,
    };
    match (World::is_steadily_trusted(root), &ended) {
        (true, Ok(())) => world.count(super::tally::CONNECTED),
        (false, Err(failure)) if failure.is_unknown_issuer() => {
            world.count(super::tally::REFUSED);
        }
        _ => world.wrong(format!("a token of its own, {root:?}: {ended:?}")),
    }
}

/// A request that its own limit ends.
async fn slow(world: &World) {
    let way = &world.ways[0];
    let url = url("https", world.map.common(), "/slow");
    let begun = Instant::now();
    let ended = way.http1.get(url).timeout(SHORT).send().await;
    failed(
        world,
        "slow",
        begun,
        SHORT,
        ended.map(drop).map_err(Failure::from),
    );
}

async fn fault(world: &World, dice: &mut Dice) {
    let port = *dice.of(&world.map.faults);
    let proxies = [&world.map.http, &world.map.https, &world.map.socks5];
    let proxy = match dice.below(4) {
        0 => ProxyPolicy::all(dice.of(&proxies).as_str()),
        _ => ProxyPolicy::Direct,
    };
    broken(world, dice, "fault", proxy, port).await;
}

async fn proxy_fault(world: &World, dice: &mut Dice) {
    let proxy = dice.of(&world.map.proxy_faults);
    let proxy = ProxyPolicy::all(format!("http://127.0.0.1:{proxy}"));
    broken(world, dice, "proxy fault", proxy, world.map.common()).await;
}

async fn broken(world: &World, dice: &mut Dice, what: &str, proxy: ProxyPolicy, port: u16) {
    let transport = world.token(proxy, LIMIT);
    let client = transport.http().timeout(LIMIT).build().expect("a client");
    let begun = Instant::now();
    let ended = match dice.below(2) {
        0 => get(&client, &url("https", port, "/")).await,
        _ => echo(&transport, &url("wss", port, "/"), 100).await,
    };
    failed(world, what, begun, LIMIT, ended);
}

/// It has to fail, in time, and not for reasons of trust.
fn failed(world: &World, what: &str, begun: Instant, limit: Duration, ended: Result<(), Failure>) {
    let mut tally = world.tally.lock().expect("no panic");
    tally.took(what, begun.elapsed(), limit);
    match ended {
        Err(failure) if !failure.is_of_trust() => tally.count(FAILED),
        ended => tally.wrong(format!("{what}: {ended:?}")),
    }
}

async fn get(client: &HttpClient, url: &str) -> Result<(), Failure> {
    let response = client.get(url).send().await?;
    answered(response, b"hello from the lab\n").await
}

async fn post(client: &HttpClient, url: &str, size: u64) -> Result<(), Failure> {
    let body = content(size);
    let response = client.post(url).body(body.clone()).send().await?;
    answered(response, &body).await
}

async fn answered(
    response: trusted_transport::http::Response,
    expected: &[u8],
) -> Result<(), Failure> {
    let status = response.status().as_u16();
    let body = response.bytes().await;
    let body = body.map_err(|error| Failure::Answer(format!("{error:?}")))?;
    match status == 200 && body == expected {
        true => Ok(()),
        false => Err(Failure::Answer(format!("{status}, {} bytes", body.len()))),
    }
}

/// A short socket, with an orderly end.
async fn echo(transport: &TrustedTransport, url: &str, size: u64) -> Result<(), Failure> {
    let (mut socket, _) = transport.websocket(url).await?;
    for size in [size, 1, size / 10] {
        exchange(&mut socket, size).await?;
    }
    closed(socket).await
}

async fn exchange(socket: &mut trusted_transport::WebSocket, size: u64) -> Result<(), Failure> {
    let message = Message::binary(content(size));
    socket.send(message.clone()).await?;
    match socket.next().await {
        Some(Ok(echo)) if echo == message => Ok(()),
        other => Err(Failure::Answer(format!("no echo of {size}: {other:?}"))),
    }
}

async fn closed(mut socket: trusted_transport::WebSocket) -> Result<(), Failure> {
    socket.close(None).await?;
    while let Some(message) = socket.next().await {
        message?;
    }
    Ok(())
}

fn content(size: u64) -> Vec<u8> {
    (0..size).map(|at| (at % 251) as u8).collect()
}

fn url(scheme: &str, port: u16, path: &str) -> String {
    format!("{scheme}://{HOST}:{port}{path}")
}

/// Numbers that are the same each time (splitmix64); when they fall is another matter.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// Microseconds as often as milliseconds, 65 at most.
    fn patience(&mut self) -> Duration {
        let most = 1 << self.below(17);
        Duration::from_micros(self.below(most))
    }

    pub(crate) fn of<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len() as u64) as usize]
    }
}

/// Of what never answers.
const LIMIT: Duration = Duration::from_secs(1);

const SHORT: Duration = Duration::from_millis(300);

/// No attempt takes that long.
const HANG: Duration = Duration::from_secs(30);

/// At most between two attempts of a worker, in milliseconds.
const PAUSE: u64 = 40;
