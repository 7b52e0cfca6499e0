//! A WebSocket server that sends the frames of a script, whatever they are, and records those that
//! it hears. Only the TLS handshake and the answer to the upgrade are always right.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::frames::Frame;
use crate::pki::EndEntity;
use crate::script;
use crate::server::{HANDSHAKE, Log, Server, Tasks};
use crate::tls::{self, Handshakes};

/// What such a server does next. The answer to the upgrade goes before the first frame, in the same
/// manner.
#[derive(Clone, Debug)]
pub enum Say {
    /// Sends these, each in a TLS record of its own.
    Each(Vec<Frame>),
    /// Sends these in one piece.
    Together(Vec<Frame>),
    /// Sends these octet by octet, each in a TLS record of its own.
    Octets(Vec<Frame>),
    /// Waits until it has heard so many frames on this connection, or no more can come.
    Hear(usize),
    /// As the last: ends TLS in an orderly way at once, and does not wait for a Close frame.
    End,
}

/// What it heard on one connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// The frames of the client, in their order.
    pub frames: Vec<Frame>,
    /// Whether the client ended TLS as it should, behind a whole frame (RFC 8446, 6.1).
    pub orderly: bool,
}

/// A running server. Dropping it closes the port and every connection.
#[derive(Debug)]
pub struct Framed {
    server: Server,
    conversations: Arc<Log<Conversation>>,
}

impl Framed {
    /// Starts a server that follows the script on every connection. In the end it closes the
    /// connection when it has heard a Close frame, or when the client does.
    ///
    /// # Errors
    ///
    /// Fails if no loopback port can be had.
    pub async fn start(end_entity: EndEntity, script: Vec<Say>) -> io::Result<Self> {
        let acceptor = TlsAcceptor::from(end_entity.server_config(&[b"http/1.1"]));
        let conversations = Arc::new(Log::new());
        let (log, script) = (conversations.clone(), Arc::new(script));
        let handshakes = Arc::new(Handshakes::new());
        let server = Server::start(Tasks::new(), move |stream| {
            let (acceptor, handshakes) = (acceptor.clone(), handshakes.clone());
            let (script, log) = (script.clone(), log.clone());
            async move {
                let handshake = acceptor.accept(stream);
                if let Some((stream, _)) = tls::accept(handshake, &handshakes).await
                    && let Ok(conversation) = converse(stream, &script).await
                {
                    log.push(conversation);
                }
            }
        })
        .await?;
        Ok(Self {
            server,
            conversations,
        })
    }

    /// The address that it listens on.
    pub fn addr(&self) -> SocketAddr {
        self.server.addr()
    }

    /// A URL with this server's port, such as `wss://origin.test:4567/path`.
    pub fn url(&self, scheme: &str, host: &str, path: &str) -> String {
        format!("{scheme}://{host}:{}{path}", self.addr().port())
    }

    /// The conversations, once there have been this many or 10 seconds have passed.
    pub async fn conversations_after(&self, count: usize) -> Vec<Conversation> {
        self.conversations.after(count).await
    }
}

async fn converse<S>(mut stream: S, script: &[Say]) -> io::Result<Conversation>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let head = script::hear(&mut stream).await?;
    let answer = answer(&head).ok_or(io::ErrorKind::InvalidData)?;
    let (hears, mut says) = tokio::io::split(stream);
    let (progress, heard) = watch::channel(Progress::default());
    let hearing = async {
        let conversation = hear(hears, &progress).await;
        progress.send_modify(|it| it.over = true);
        conversation
    };
    let saying = async {
        // A client that does not listen any more is no fault of the server.
        let _ = follow(script, answer, &mut says, heard.clone()).await;
        if !matches!(script.last(), Some(Say::End)) {
            wait(heard, |it| it.closing || it.over).await;
        }
        let _ = says.shutdown().await;
    };
    let (conversation, ()) = tokio::join!(hearing, saying);
    Ok(conversation)
}

/// How far the client has come.
#[derive(Default)]
struct Progress {
    frames: usize,
    /// It has sent a Close frame.
    closing: bool,
    /// Nothing comes any more.
    over: bool,
}

async fn wait(mut heard: watch::Receiver<Progress>, until: impl FnMut(&Progress) -> bool) {
    // What has not come by then shows in what was heard.
    let _ = timeout(HANDSHAKE, heard.wait_for(until)).await;
}

async fn hear<S: AsyncRead>(
    mut stream: ReadHalf<S>,
    progress: &watch::Sender<Progress>,
) -> Conversation {
    let mut frames = Vec::new();
    loop {
        let orderly = match timeout(HANDSHAKE, Frame::read(&mut stream)).await {
            Ok(Ok(Some(frame))) => {
                progress.send_modify(|it| {
                    it.frames += 1;
                    it.closing |= frame.is_close();
                });
                frames.push(frame);
                continue;
            }
            Ok(Ok(None)) => true,
            Ok(Err(_)) | Err(_) => false,
        };
        return Conversation { frames, orderly };
    }
}

async fn follow<S: AsyncWrite>(
    script: &[Say],
    answer: Vec<u8>,
    stream: &mut WriteHalf<S>,
    heard: watch::Receiver<Progress>,
) -> io::Result<()> {
    let mut answer = Some(answer);
    for say in script {
        let bytes =
            |frames: &[Frame]| -> Vec<u8> { frames.iter().flat_map(Frame::to_bytes).collect() };
        match say {
            Say::Each(frames) => {
                say_in_pieces(stream, answer.take().iter()).await?;
                let frames: Vec<_> = frames.iter().map(Frame::to_bytes).collect();
                say_in_pieces(stream, frames.iter()).await?;
            }
            Say::Together(frames) => {
                let whole = [answer.take().unwrap_or_default(), bytes(frames)].concat();
                say_in_pieces(stream, [whole].iter()).await?;
            }
            Say::Octets(frames) => {
                let whole = [answer.take().unwrap_or_default(), bytes(frames)].concat();
                say_in_pieces(stream, whole.chunks(1)).await?;
            }
            Say::Hear(count) => {
                say_in_pieces(stream, answer.take().iter()).await?;
                wait(heard.clone(), |it| it.over || it.frames >= *count).await;
            }
            Say::End => break,
        }
    }
    say_in_pieces(stream, answer.take().iter()).await
}

async fn say_in_pieces<S: AsyncWrite>(
    stream: &mut WriteHalf<S>,
    pieces: impl Iterator<Item = impl AsRef<[u8]>>,
) -> io::Result<()> {
    for piece in pieces {
        stream.write_all(piece.as_ref()).await?;
        stream.flush().await?;
    }
    Ok(())
}

/// To an upgrade (RFC 6455, 4.2.2).
fn answer(head: &[u8]) -> Option<Vec<u8>> {
    let head = std::str::from_utf8(head).ok()?;
    let lines = head.lines().filter_map(|line| line.split_once(": "));
    let mut keys = lines.filter(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-key"));
    let accept = derive_accept_key(keys.next()?.1.as_bytes());
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    Some(answer.into_bytes())
}
