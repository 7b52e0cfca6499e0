//! A relay that passes on what servers say in small pieces, so that a client has to wait in the
//! middle of everything; and that counts the connections that clients have open.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// A running relay. Dropping it closes its connections.
pub(crate) struct Relay {
    address: SocketAddr,
    state: Arc<State>,
    _serving: JoinSet<()>,
}

#[derive(Default)]
struct State {
    open: AtomicUsize,
    made: AtomicUsize,
    holding: AtomicBool,
}

/// Counts a connection while it lasts.
struct Open(Arc<State>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Relay {
    /// To `server`, whose words it passes on in pieces of this size.
    pub(crate) async fn to(server: SocketAddr, piece: usize) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(State::default());
        let mut serving = JoinSet::new();
        serving.spawn(accept(listener, server, piece, Arc::clone(&state)));
        Self {
            address,
            state,
            _serving: serving,
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections clients have open.
    pub(crate) fn open(&self) -> usize {
        self.state.open.load(Ordering::SeqCst)
    }

    /// How many there were.
    pub(crate) fn made(&self) -> usize {
        self.state.made.load(Ordering::SeqCst)
    }

    /// Does not read what clients say from here on, or does again.
    pub(crate) fn hold(&self, holding: bool) {
        self.state.holding.store(holding, Ordering::SeqCst);
    }
}

async fn accept(listener: TcpListener, server: SocketAddr, piece: usize, state: Arc<State>) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((client, _)) = listener.accept().await else {
            continue;
        };
        while connections.try_join_next().is_some() {}
        state.made.fetch_add(1, Ordering::SeqCst);
        state.open.fetch_add(1, Ordering::SeqCst);
        let open = Open(Arc::clone(&state));
        connections.spawn(async move {
            relay(client, server, piece, &open.0).await.ok();
        });
    }
}

/// Ends as soon as one of the two does.
async fn relay(
    mut client: TcpStream,
    server: SocketAddr,
    piece: usize,
    state: &State,
) -> io::Result<()> {
    let mut server = TcpStream::connect(server).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (mut client_says, mut to_client) = client.split();
    let (mut server_says, mut to_server) = server.split();
    let there = async {
        let mut buffer = vec![0; 16 * 1024];
        loop {
            while state.holding.load(Ordering::SeqCst) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            let read = client_says.read(&mut buffer).await?;
            to_server.write_all(&buffer[..read]).await?;
            if read == 0 {
                return io::Result::Ok(());
            }
        }
    };
    let back = async {
        let mut buffer = vec![0; piece];
        loop {
            let read = server_says.read(&mut buffer).await?;
            to_client.write_all(&buffer[..read]).await?;
            if read == 0 {
                return io::Result::Ok(());
            }
            // Long enough for the client to be woken.
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::select! {
        ended = there => ended,
        ended = back => ended,
    }
}
