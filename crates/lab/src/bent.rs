//! A wire in front of an origin that bends what the origin says in TLS, record by record: it cuts
//! it off, breaks it up or falsifies it. What the client says passes as it is.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::timeout;

use crate::server::{IDLE, Server, Tasks};
use crate::target::dial_addr;

/// How a wire bends what the origin says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bend {
    /// Lets so many records through, and closes the connection in an orderly way.
    CloseAfter(usize),
    /// Lets so many records through, and resets the connection.
    ResetAfter(usize),
    /// Lets so many records through, and then nothing.
    SilentAfter(usize),
    /// Lets so many records through, and of the next one the first half. Then it closes the
    /// connection.
    CloseWithin(usize),
    /// Lets so many records through, and changes the last byte of the next.
    Falsify(usize),
    /// Breaks what is not encrypted up into records of one byte each.
    TinyRecords,
    /// Lets every byte through by itself.
    ByteByByte,
}

/// A running wire. Dropping it closes the port and every connection.
#[derive(Debug)]
pub struct Bent {
    server: Server,
}

impl Bent {
    /// Starts one in front of `origin`, which speaks TLS.
    ///
    /// # Errors
    ///
    /// Fails if no loopback port can be had.
    pub async fn start(origin: SocketAddr, bend: Bend) -> io::Result<Self> {
        let server = Server::start(Tasks::new(), move |client| async move {
            if let Ok(origin) = dial_addr(origin).await {
                pass(client, origin, bend).await;
            }
        });
        Ok(Self {
            server: server.await?,
        })
    }

    /// The address that it listens on.
    pub fn addr(&self) -> SocketAddr {
        self.server.addr()
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.addr().port()
    }

    /// The number of TCP connections accepted so far.
    pub fn connections(&self) -> usize {
        self.server.connections()
    }

    /// The number of connections that the client has not left.
    pub fn open(&self) -> usize {
        self.server.open()
    }
}

async fn pass(client: TcpStream, origin: TcpStream, bend: Bend) {
    if matches!(bend, Bend::ResetAfter(_)) {
        let armed = socket2::SockRef::from(&client).set_linger(Some(Duration::ZERO));
        if armed.is_err() {
            return;
        }
    }
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_origin, mut to_origin) = origin.into_split();
    let asking = async {
        let _ = tokio::io::copy(&mut from_client, &mut to_origin).await;
        let _ = to_origin.shutdown().await;
    };
    let answering = async {
        let outcome = answer(&mut from_origin, &mut to_client, bend).await;
        let reset = matches!(bend, Bend::ResetAfter(_));
        if reset && outcome.is_ok() {
            return;
        }
        if !matches!(bend, Bend::SilentAfter(_)) {
            let _ = to_client.shutdown().await;
        }
        // The client ends it.
        std::future::pending().await
    };
    tokio::select! {
        () = asking => {}
        () = answering => {}
        () = tokio::time::sleep(IDLE) => {}
    }
}

/// Ends where the bend does, or with an error when the origin does.
async fn answer(from: &mut OwnedReadHalf, to: &mut OwnedWriteHalf, bend: Bend) -> io::Result<()> {
    let mut number = 0;
    let mut encrypted = false;
    loop {
        match bend {
            Bend::CloseAfter(count) | Bend::ResetAfter(count) | Bend::SilentAfter(count)
                if number == count =>
            {
                // It waits for what it cuts off: the client has said then what it had to say.
                let _ = timeout(PATIENCE, from.readable()).await;
                return Ok(());
            }
            _ => {}
        }
        let mut record = record(from).await?;
        match bend {
            Bend::CloseWithin(count) if number == count => {
                return to.write_all(&record[..record.len() / 2]).await;
            }
            Bend::Falsify(count) if number == count => {
                if let Some(last) = record.last_mut() {
                    *last ^= 1;
                }
                to.write_all(&record).await?;
            }
            Bend::TinyRecords if !encrypted && record[0] == HANDSHAKE_RECORD => {
                let content = &record[HEADER..];
                let tiny = content
                    .iter()
                    .map(|byte| [record[0], record[1], record[2], 0, 1, *byte]);
                to.write_all(&tiny.collect::<Vec<_>>().concat()).await?;
            }
            Bend::ByteByByte => drip(to, &record).await?,
            _ => to.write_all(&record).await?,
        }
        encrypted |= record[0] == CHANGE_CIPHER_SPEC;
        number += 1;
    }
}

async fn record(from: &mut OwnedReadHalf) -> io::Result<Vec<u8>> {
    let mut record = vec![0; HEADER];
    from.read_exact(&mut record).await?;
    let length = u16::from_be_bytes([record[3], record[4]]);
    record.resize(HEADER + usize::from(length), 0);
    from.read_exact(&mut record[HEADER..]).await?;
    Ok(record)
}

async fn drip(to: &mut OwnedWriteHalf, bytes: &[u8]) -> io::Result<()> {
    for byte in bytes {
        to.write_all(&[*byte]).await?;
        tokio::task::yield_now().await;
    }
    Ok(())
}

const HEADER: usize = 5;
const HANDSHAKE_RECORD: u8 = 22;
const CHANGE_CIPHER_SPEC: u8 = 20;
const PATIENCE: Duration = Duration::from_millis(200);
