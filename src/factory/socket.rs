//! An open WebSocket (RFC 6455): tungstenite's, over a connection of the token's, with what it owes
//! to a peer that breaks the rules, or that does not listen.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use futures_sink::Sink;
use tokio::task::unconstrained;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Utf8Bytes};

use super::dial::Connection;
use super::halves::Halves;
use super::violation::status_code;

/// An open WebSocket: a `Stream` and a `Sink` of messages.
///
/// It is made by awaiting [`TrustedTransport::websocket`](crate::TrustedTransport::websocket), and by
/// nothing else. Dropping it closes the connection without a closing handshake;
/// [`close`](Self::close) does better.
pub struct WebSocket {
    stream: WebSocketStream<Connection>,
    end: End,
    /// Pings since everything that was to be sent had left.
    unanswered: usize,
    halves: Halves,
}

/// Whether more can come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    NotYet,
    /// The peer's Close frame was received.
    Farewell,
    /// Answers could not be sent.
    Failed,
}

impl WebSocket {
    pub(super) fn new(stream: WebSocketStream<Connection>) -> Self {
        Self {
            stream,
            end: End::NotYet,
            unanswered: 0,
            halves: Halves::default(),
        }
    }

    /// Sends a message and flushes it.
    ///
    /// # Errors
    /// Those of the connection and of the protocol.
    ///
    /// # Cancel safety
    /// The socket can be used as before, but the message may or may not go, and nobody can tell:
    /// sending it again can make it two. It goes whole or not at all, before the next one, and may
    /// wait for that one to be sent. So in a `select!`, keep the future of `send` until it is ready.
    pub async fn send(&mut self, message: impl Into<Message>) -> Result<(), Error> {
        let message = message.into();
        poll_fn(|cx| Pin::new(&mut *self).poll_ready(cx)).await?;
        Pin::new(&mut *self).start_send(message)?;
        self.flush().await
    }

    /// The next message; `None` after the closing handshake.
    ///
    /// # Errors
    /// Those of the connection and of the protocol. They end the socket: a peer that broke the
    /// protocol or a limit has been told so, as far as it listens, and `None` comes next.
    ///
    /// # Cancel safety
    /// No message is lost, in part or whole, if the future is dropped: it can be one branch of a
    /// `select!`.
    pub async fn next(&mut self) -> Option<Result<Message, Error>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// Starts the closing handshake; the peer's answer ends the stream. One that has begun goes on,
    /// whoever began it, and `frame` does not matter any more.
    ///
    /// # Errors
    /// Those of the connection; that it is closed already is none.
    ///
    /// # Cancel safety
    /// If the future is dropped, the handshake may or may not have begun. Calling it again goes on.
    pub async fn close(&mut self, frame: Option<CloseFrame>) -> Result<(), Error> {
        // What waits to be sent may leave no room for the frame, which is then lost.
        unless_closed(self.flush().await)?;
        match Pin::new(&mut *self).start_send(Message::Close(frame)) {
            // By the peer, or by a call that was given up before its frame was flushed.
            Err(Error::Protocol(ProtocolError::SendAfterClosing)) => {}
            begun => unless_closed(begun)?,
        }
        unless_closed(self.flush().await)
    }

    /// The limits and buffer sizes in use.
    pub fn config(&self) -> &WebSocketConfig {
        self.stream.get_config()
    }

    async fn flush(&mut self) -> Result<(), Error> {
        poll_fn(|cx| Pin::new(&mut *self).poll_flush(cx)).await
    }

    /// Who pings without end and reads nothing would fill the memory with the answers: nothing more is
    /// read from such a peer until they have left.
    fn poll_answers(&mut self, cx: &Context<'_>) -> Poll<Result<(), Error>> {
        if self.unanswered < UNANSWERED {
            return Poll::Ready(Ok(()));
        }
        let waker = self.halves.waker_of_reader(cx);
        let stream = Pin::new(&mut self.stream);
        let flushed = ready!(stream.poll_flush(&mut Context::from_waker(&waker)));
        self.halves.reader_is_done();
        self.unanswered = 0;
        Poll::Ready(flushed)
    }

    /// Tells the peer what it did wrong, before the connection fails (RFC 6455, 7.1.7). What cannot
    /// be sent at once is not sent: nobody should wait for a peer like that.
    fn give_notice(&mut self, error: &Error, cx: &mut Context<'_>) {
        let Some(code) = status_code(error) else {
            return;
        };
        let reason = Utf8Bytes::default();
        let frame = Message::Close(Some(CloseFrame { code, reason }));
        let stream = Pin::new(&mut self.stream);
        // To a task that a burst has kept busy, tokio says that nothing is ready. Sending a Close
        // frame flushes it, and disturbs nobody who waits to send. The peer may not listen any more.
        let _ = pin!(unconstrained(async { stream.start_send(frame) })).poll(cx);
    }

    fn poll_written(
        &mut self,
        cx: &Context<'_>,
        write: impl FnOnce(
            Pin<&mut WebSocketStream<Connection>>,
            &mut Context<'_>,
        ) -> Poll<Result<(), Error>>,
    ) -> Poll<Result<(), Error>> {
        let waker = self.halves.waker_of_writer(cx);
        let stream = Pin::new(&mut self.stream);
        let written = ready!(write(stream, &mut Context::from_waker(&waker)));
        self.halves.writer_is_done();
        Poll::Ready(written)
    }
}

impl Stream for WebSocket {
    type Item = Result<Message, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.end == End::Failed {
            return Poll::Ready(None);
        }
        if let Err(error) = ready!(self.poll_answers(cx)) {
            self.end = End::Failed;
            return Poll::Ready(Some(Err(error)));
        }
        let next = ready!(Pin::new(&mut self.stream).poll_next(cx));
        match &next {
            // What follows a Close frame is discarded (RFC 6455, 1.4), and many servers end TLS
            // without close_notify (RFC 8446, 6.1): nothing can have been cut off.
            Some(Err(_)) if self.end == End::Farewell => return Poll::Ready(None),
            Some(Err(error)) => self.give_notice(error, cx),
            Some(Ok(Message::Close(_))) => self.end = End::Farewell,
            Some(Ok(Message::Ping(_))) => self.unanswered += 1,
            _ => {}
        }
        Poll::Ready(next)
    }
}

impl Sink<Message> for WebSocket {
    type Error = Error;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.poll_written(cx, Sink::poll_ready)
    }

    fn start_send(mut self: Pin<&mut Self>, message: Message) -> Result<(), Error> {
        Pin::new(&mut self.stream).start_send(message)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let flushed = ready!(self.poll_written(cx, Sink::poll_flush));
        if flushed.is_ok() {
            self.unanswered = 0;
        }
        Poll::Ready(flushed)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.poll_written(cx, Sink::poll_close)
    }
}

impl fmt::Debug for WebSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket").finish_non_exhaustive()
    }
}

/// Closing what is closed is no error.
fn unless_closed(outcome: Result<(), Error>) -> Result<(), Error> {
    match outcome {
        Err(Error::ConnectionClosed | Error::AlreadyClosed) => Ok(()),
        outcome => outcome,
    }
}

/// How many answers to pings, of 131 bytes at most, may wait in memory.
const UNANSWERED: usize = 4096;
