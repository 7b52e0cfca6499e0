//! A middlebox in front of an origin that chokes on a large ClientHello, as some do on those with a
//! post-quantum key share: it drops them without a word, and lets the others pass.

use std::io::{self, Cursor};
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::script::hear;
use crate::server::{Log, SILENCE, Server, Tasks};
use crate::target::dial_addr;
use crate::tunnel::tunnel;

/// A running middlebox. Dropping it closes the port and every connection.
#[derive(Debug)]
pub struct Middlebox {
    server: Server,
    hellos: Arc<Log<usize>>,
}

impl Middlebox {
    /// Starts one in front of `origin` that passes a ClientHello of at most `limit` bytes, record
    /// header included. 1400 is about what one TCP segment holds.
    ///
    /// # Errors
    ///
    /// Fails if no loopback port can be had.
    pub async fn start(origin: SocketAddr, limit: usize) -> io::Result<Self> {
        let hellos = Arc::new(Log::new());
        let log = hellos.clone();
        let server = Server::start(Tasks::new(), move |stream| {
            let log = log.clone();
            async move { pass(stream, origin, limit, &log).await }
        })
        .await?;
        Ok(Self { server, hellos })
    }

    /// The address that it listens on.
    pub fn addr(&self) -> SocketAddr {
        self.server.addr()
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.addr().port()
    }

    /// The sizes of the first messages so far, oldest first: dropped if above the limit.
    pub fn hellos(&self) -> Vec<usize> {
        self.hellos.entries()
    }

    /// The number of TCP connections accepted so far.
    pub fn connections(&self) -> usize {
        self.server.connections()
    }
}

async fn pass(mut client: TcpStream, origin: SocketAddr, limit: usize, hellos: &Log<usize>) {
    let Ok(hello) = hear(&mut client).await else {
        return;
    };
    hellos.push(hello.len());
    if hello.len() > limit {
        let mut ignored = tokio::io::sink();
        // Ends when the client gives up.
        let _ = timeout(SILENCE, tokio::io::copy(&mut client, &mut ignored)).await;
        return;
    }
    if let Ok(origin) = dial_addr(origin).await {
        let (reader, writer) = client.split();
        let client = tokio::io::join(Cursor::new(hello).chain(reader), writer);
        tunnel(client, origin).await;
    }
}
