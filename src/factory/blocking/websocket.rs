//! A WebSocket of a program without async: sending, and an iterator of messages.

use std::fmt;
use std::time::Duration;

use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::handshake::client::Response;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message, WebSocketConfig};

use super::runtime::Runtime;
use crate::factory::error::TransportError;
use crate::factory::socket as with_async;
use crate::factory::websocket::WebSocketBuilder;

/// An open WebSocket: an `Iterator` of the messages that come, which ends with the closing
/// handshake.
///
/// It is made by [`WebSocketBuilder::connect_blocking`], and by nothing else. Dropping it closes the
/// connection without a closing handshake; [`close`](Self::close) does better.
///
/// Pings of the server are answered during calls, and not between them: a program that has nothing
/// to send has to wait for messages, and one that does both has to take turns, with a
/// [timeout](Self::set_timeout). Two threads cannot have the two ends of it; that is for the
/// [socket with async](crate::WebSocket).
pub struct WebSocket {
    socket: with_async::WebSocket,
    runtime: Runtime,
    timeout: Option<Duration>,
}

impl WebSocketBuilder {
    /// Connects for a program without async.
    ///
    /// # Errors
    /// Those of awaiting it, and [`TransportError::Runtime`] if there is no thread for the connection.
    ///
    /// # Panics
    /// In async code.
    pub fn connect_blocking(self) -> Result<(WebSocket, Response), TransportError> {
        let runtime = Runtime::start()?;
        let (socket, response) = runtime.wait(self.into_future())?;
        let socket = WebSocket {
            socket,
            runtime,
            timeout: None,
        };
        Ok((socket, response))
    }
}

impl WebSocket {
    /// Sends a message and flushes it.
    ///
    /// # Errors
    /// Those of the connection and of the protocol. After a timeout it is not known whether the
    /// message is sent, or will be with the next: close the socket if that matters.
    ///
    /// # Panics
    /// In async code.
    pub fn send(&mut self, message: impl Into<Message>) -> Result<(), Error> {
        let sending = self.socket.send(message);
        self.runtime.wait_for(self.timeout, sending)?
    }

    /// Starts the closing handshake; the peer's answer ends the iterator. One that has begun goes on,
    /// whoever began it; so does one that a timeout has cut short.
    ///
    /// # Errors
    /// Those of the connection.
    ///
    /// # Panics
    /// In async code.
    pub fn close(&mut self, frame: Option<CloseFrame>) -> Result<(), Error> {
        let closing = self.socket.close(frame);
        self.runtime.wait_for(self.timeout, closing)?
    }

    /// How long a call may wait; for ever unless this says otherwise. When the time is over, the call
    /// returns [`Error::Io`] of the kind [`TimedOut`](std::io::ErrorKind::TimedOut), and the socket
    /// can be used as before.
    pub fn set_timeout(&mut self, timeout: Option<Duration>) {
        self.timeout = timeout;
    }

    /// The limits and buffer sizes in use.
    pub fn config(&self) -> &WebSocketConfig {
        self.socket.config()
    }
}

/// # Panics
/// In async code.
impl Iterator for WebSocket {
    type Item = Result<Message, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.runtime.wait_for(self.timeout, self.socket.next()) {
            Ok(next) => next,
            Err(elapsed) => Some(Err(elapsed.into())),
        }
    }
}

impl fmt::Debug for WebSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket").finish_non_exhaustive()
    }
}
