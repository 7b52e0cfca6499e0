//! What a server does that follows a script instead of a protocol: steps that hear, say and end.
//! A script always ends, and leaves nothing unread behind that would turn an end into a reset.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::pki::EndEntity;
use crate::server::{HANDSHAKE, Log, SILENCE};

/// One step of a script. A script that runs out of steps closes the connection, as
/// [`Close`](Self::Close) does.
#[derive(Clone, Debug)]
pub enum Step {
    /// Hears the client out: a TLS record, the head of an HTTP request, or whatever else comes in
    /// one piece.
    Hear,
    /// Says this.
    Say(Vec<u8>),
    /// Says the first half of what a TLS server says to the ClientHello that was heard.
    HalfFlight(EndEntity),
    /// Says nothing, whatever comes, until the client leaves.
    Silence,
    /// Closes the connection in an orderly way.
    Close,
    /// Closes the connection without the farewell that TLS demands.
    Cut,
    /// Resets the connection.
    Reset,
}

impl Step {
    /// Says this text.
    pub fn say(text: impl AsRef<[u8]>) -> Self {
        Self::Say(text.as_ref().to_vec())
    }
}

/// Arms the reset, if there is one, while the TCP connection is at hand: it happens when the
/// connection is dropped.
pub(crate) fn arm(stream: &TcpStream, steps: &[Step]) -> io::Result<()> {
    if steps.iter().any(|step| matches!(step, Step::Reset)) {
        socket2::SockRef::from(stream).set_linger(Some(std::time::Duration::ZERO))?;
    }
    Ok(())
}

/// Follows the script on a connection, and records what was heard.
pub(crate) async fn follow<S>(mut stream: S, steps: &[Step], heard: &Log<Vec<u8>>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut last = Vec::new();
    for step in steps {
        let outcome = match step {
            Step::Hear => hear(&mut stream).await.map(|bytes| {
                heard.push(bytes.clone());
                last = bytes;
            }),
            Step::Say(bytes) => say(&mut stream, bytes).await,
            Step::HalfFlight(end_entity) => match flight(end_entity, &last) {
                Ok(flight) => say(&mut stream, &flight[..flight.len() / 2]).await,
                Err(error) => Err(error),
            },
            Step::Silence => {
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

async fn say<S: AsyncWrite + Unpin>(stream: &mut S, bytes: &[u8]) -> io::Result<()> {
    stream.write_all(bytes).await?;
    stream.flush().await
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
