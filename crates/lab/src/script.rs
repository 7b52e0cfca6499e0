//! What a server does that follows a script instead of a protocol: steps that hear, say and end.
//! A script always ends, and leaves nothing unread behind that would turn an end into a reset.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::pki::EndEntity;
use crate::server::{HANDSHAKE, Log, SILENCE};
use crate::target::dial;
use crate::tunnel::tunnel;

/// One step of a script. A script that runs out of steps closes the connection, as
/// [`Close`](Self::Close) does.
#[derive(Clone, Debug)]
pub enum Step {
    /// Hears the client out: a TLS record, the head of an HTTP request, or whatever else comes in
    /// one piece.
    Hear,
    /// Says this.
    Say(Vec<u8>),
    /// Says this a byte at a time.
    Drip(Vec<u8>),
    /// Says this over and over, until the client leaves.
    Flood(Vec<u8>),
    /// Grants the upgrade to a WebSocket that was heard.
    Switch {
        /// What the `Connection` header says.
        connection: &'static str,
        /// More header lines.
        headers: &'static str,
        /// Whether it comes a byte at a time.
        slowly: bool,
    },
    /// Leads to the port that the CONNECT or SOCKS request asked for, until either side leaves.
    Tunnel,
    /// Says the first half of what a TLS server says to the ClientHello that was heard.
    HalfFlight(EndEntity),
    /// Says nothing, whatever comes, until the client leaves.
    Silence,
    /// Closes the connection in an orderly way.
    Close,
    /// Closes its own direction, and waits for the client to close the other.
    HalfClose,
    /// Closes the connection without the farewell that TLS demands.
    Cut,
    /// Resets the connection.
    Reset,
}

impl Step {
    /// Grants the upgrade, with these header lines besides.
    pub fn switch(headers: &'static str) -> Self {
        Self::Switch {
            connection: "Upgrade",
            headers,
            slowly: false,
        }
    }

    /// Whether it takes as long as the client wants it to.
    pub fn is_open_ended(&self) -> bool {
        matches!(self, Self::Silence | Self::HalfClose | Self::Flood(_))
    }

    /// Says this text.
    pub fn say(text: impl AsRef<[u8]>) -> Self {
        Self::Say(text.as_ref().to_vec())
    }
}

/// What a script heard and said.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) heard: Log<Vec<u8>>,
    /// In bytes, as far as the client or its operating system took them.
    pub(crate) said: AtomicUsize,
}

impl Record {
    pub(crate) fn new() -> Self {
        Self {
            heard: Log::new(),
            said: AtomicUsize::new(0),
        }
    }
}

/// Arms the reset, if there is one, while the TCP connection is at hand: it happens when the
/// connection is dropped. And keeps a flood out of the buffers of the operating system, so that it
/// counts what the client takes.
pub(crate) fn arm(stream: &TcpStream, steps: &[Step]) -> io::Result<()> {
    let socket = socket2::SockRef::from(stream);
    if steps.iter().any(|step| matches!(step, Step::Reset)) {
        socket.set_linger(Some(Duration::ZERO))?;
    }
    if steps.iter().any(|step| matches!(step, Step::Flood(_))) {
        socket.set_send_buffer_size(FLOOD)?;
    }
    Ok(())
}

/// Follows the script on a connection, and records what was heard and said.
pub(crate) async fn follow<S>(mut stream: S, steps: &[Step], record: &Record)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut last = Vec::new();
    for step in steps {
        let outcome = match step {
            Step::Hear => hear(&mut stream).await.map(|bytes| {
                record.heard.push(bytes.clone());
                last = bytes;
            }),
            Step::Say(bytes) => say(&mut stream, bytes, record).await,
            Step::Drip(bytes) => drip(&mut stream, bytes, record).await,
            Step::Flood(bytes) => flood(&mut stream, bytes, record).await,
            Step::Switch {
                connection,
                headers,
                slowly,
            } => {
                let answer = switch(&last, connection, headers);
                match slowly {
                    true => drip(&mut stream, &answer, record).await,
                    false => say(&mut stream, &answer, record).await,
                }
            }
            Step::HalfFlight(end_entity) => match flight(end_entity, &last) {
                Ok(flight) => say(&mut stream, &flight[..flight.len() / 2], record).await,
                Err(error) => Err(error),
            },
            Step::Tunnel => match dial("127.0.0.1", asked_port(&last)).await {
                Ok(origin) => return tunnel(stream, origin).await,
                Err(error) => Err(error),
            },
            Step::Silence => {
                let _ = timeout(SILENCE, drain(&mut stream)).await;
                return;
            }
            Step::HalfClose => {
                let _ = stream.shutdown().await;
                let _ = timeout(SILENCE, drain(&mut stream)).await;
                return;
            }
            Step::Cut | Step::Reset => return,
            Step::Close => break,
        };
        if outcome.is_err() {
            return;
        }
    }
    let _ = timeout(HANDSHAKE, async {
        let _ = stream.shutdown().await;
        drain(&mut stream).await;
    })
    .await;
}

async fn say<S>(stream: &mut S, bytes: &[u8], record: &Record) -> io::Result<()>
where
    S: AsyncWrite + Unpin,
{
    stream.write_all(bytes).await?;
    record.said.fetch_add(bytes.len(), Ordering::Relaxed);
    stream.flush().await
}

async fn drip<S>(stream: &mut S, bytes: &[u8], record: &Record) -> io::Result<()>
where
    S: AsyncWrite + Unpin,
{
    for byte in bytes {
        say(stream, &[*byte], record).await?;
        tokio::time::sleep(DROP).await;
    }
    Ok(())
}

/// In pieces of about 16 KiB, the largest record of TLS, and not so fast that others starve.
async fn flood<S>(stream: &mut S, bytes: &[u8], record: &Record) -> io::Result<()>
where
    S: AsyncWrite + Unpin,
{
    let piece = bytes.repeat((FLOOD / 4 / bytes.len().max(1)).max(1));
    let endless = async {
        loop {
            say(stream, &piece, record).await?;
            tokio::time::sleep(DROP).await;
        }
    };
    let done = timeout(SILENCE, endless).await;
    done.unwrap_or_else(|_late| Err(io::ErrorKind::TimedOut.into()))
}

/// The answer that makes the connection a WebSocket (RFC 6455, 4.2.2).
fn switch(request: &[u8], connection: &str, headers: &str) -> Vec<u8> {
    let request = String::from_utf8_lossy(request);
    let key = request.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let is_key = name.eq_ignore_ascii_case("sec-websocket-key");
        is_key.then(|| value.trim())
    });
    let accept = derive_accept_key(key.unwrap_or_default().as_bytes());
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: {connection}\r\n\
         Upgrade: websocket\r\nSec-WebSocket-Accept: {accept}\r\n{headers}\r\n"
    );
    answer.into_bytes()
}

/// The port in a CONNECT request, or at the end of a SOCKS5 one.
fn asked_port(request: &[u8]) -> u16 {
    if let [5, .., high, low] = request {
        return u16::from_be_bytes([*high, *low]);
    }
    let request = String::from_utf8_lossy(request);
    let target = request.split(' ').nth(1).unwrap_or_default();
    let port = target.rsplit_once(':').map(|(_, port)| port.parse());
    port.and_then(Result::ok).unwrap_or_default()
}

/// Reads one whole message, for a bounded time.
pub(crate) async fn hear<S: AsyncRead + Unpin>(stream: &mut S) -> io::Result<Vec<u8>> {
    crate::server::bounded(async {
        let mut heard = Vec::new();
        while !complete(&heard) {
            let read = stream.read_buf(&mut heard).await?;
            if read == 0 || heard.len() > LIMIT {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(heard)
    })
    .await
}

fn complete(heard: &[u8]) -> bool {
    match heard {
        [] => false,
        [TLS_HANDSHAKE, _, _, high, low, rest @ ..] => {
            rest.len() >= usize::from(u16::from_be_bytes([*high, *low]))
        }
        [TLS_HANDSHAKE, ..] => false,
        [b'A'..=b'Z', ..] => heard.windows(4).any(|end| end == b"\r\n\r\n"),
        _ => true,
    }
}

/// Reads until the client leaves.
async fn drain<S: AsyncRead + Unpin>(stream: &mut S) {
    let mut buffer = [0; 4096];
    while matches!(stream.read(&mut buffer).await, Ok(read) if read > 0) {}
}

/// Everything that a TLS server answers to a ClientHello.
fn flight(end_entity: &EndEntity, mut hello: &[u8]) -> io::Result<Vec<u8>> {
    let config = end_entity.server_config(&[]);
    let mut server = rustls::ServerConnection::new(config).map_err(io::Error::other)?;
    server.read_tls(&mut hello)?;
    server.process_new_packets().map_err(io::Error::other)?;
    let mut flight = Vec::new();
    while server.wants_write() {
        server.write_tls(&mut flight)?;
    }
    Ok(flight)
}

/// The first byte of a TLS handshake record.
const TLS_HANDSHAKE: u8 = 22;
const LIMIT: usize = 64 * 1024;
const FLOOD: usize = 64 * 1024;
/// Between two bytes that come one at a time, and between two pieces of a flood.
const DROP: Duration = Duration::from_millis(1);
