//! A response to a program without async: the head is there, and the body is waited for.

use std::fmt;
use std::io::{self, BufRead, Read};
use std::net::SocketAddr;

use http::{Extensions, HeaderMap, StatusCode, Version};
use reqwest::Url;
use tokio_tungstenite::tungstenite::Bytes;

use super::runtime::Runtime;
use crate::factory::error::TransportError;

/// The response to a request of a [blocking client](super::HttpClient). Its body is waited for as a
/// whole, or read piece by piece: a `Read` and a `BufRead`.
///
/// What has been read is gone: afterwards `text`, `json` and `bytes` have what still comes from the
/// connection.
pub struct Response {
    response: reqwest::Response,
    /// Of the body: what has come, and is not read yet.
    piece: Bytes,
    runtime: Runtime,
}

macro_rules! head {
    ($($(#[$attribute:meta])* $name:ident: $type:ty;)*) => {$(
        $(#[$attribute])*
        pub fn $name(&self) -> $type {
            self.response.$name()
        }
    )*};
}

macro_rules! body {
    ($($(#[$attribute:meta])* $name:ident $([$($generics:tt)*])? ($($argument:ident: $type:ty),*) -> $body:ty;)*) => {$(
        $(#[$attribute])*
        ///
        /// # Errors
        /// [`TransportError::Http`] if the body does not come in time, or is not as it should be.
        ///
        /// # Panics
        /// In async code.
        pub fn $name $(<$($generics)*>)? (self, $($argument: $type),*) -> Result<$body, TransportError> {
            Ok(self.runtime.wait(self.response.$name($($argument),*))?)
        }
    )*};
}

impl Response {
    pub(super) fn of(response: reqwest::Response, runtime: Runtime) -> Self {
        Self {
            response,
            piece: Bytes::new(),
            runtime,
        }
    }

    head! {
        /// The status.
        status: StatusCode;
        /// The version of HTTP.
        version: Version;
        /// The headers.
        headers: &HeaderMap;
        /// The URL that answered: after redirects, the last.
        url: &Url;
        /// The address that the connection goes to.
        remote_addr: Option<SocketAddr>;
        /// The length of the body, if it is known; not if it is compressed.
        content_length: Option<u64>;
        /// What layers have noted.
        extensions: &Extensions;
        /// The cookies that are set.
        #[cfg(feature = "cookies")]
        cookies: impl Iterator<Item = reqwest::cookie::Cookie<'_>>;
    }

    body! {
        /// The body as text, in the charset of the `Content-Type`.
        text() -> String;
        /// The body as text, in this charset if the `Content-Type` names none.
        #[cfg(feature = "charset")]
        text_with_charset(default_encoding: &str) -> String;
        /// The body, read as JSON.
        #[cfg(feature = "json")]
        json[T: serde::de::DeserializeOwned]() -> T;
        /// The body.
        bytes() -> Bytes;
    }

    /// Makes an error of a status of 400 and above.
    ///
    /// # Errors
    /// [`TransportError::Http`] with the status.
    pub fn error_for_status(self) -> Result<Self, TransportError> {
        Ok(Self {
            response: self.response.error_for_status()?,
            ..self
        })
    }
}

/// Waits for the next piece of the body when there is nothing left of the last.
///
/// # Panics
/// In async code.
impl BufRead for Response {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.piece.is_empty() {
            let next = self.runtime.wait(self.response.chunk());
            match next.map_err(TransportError::from)? {
                Some(piece) => self.piece = piece,
                None => break,
            }
        }
        Ok(&self.piece)
    }

    fn consume(&mut self, length: usize) {
        drop(self.piece.split_to(length));
    }
}

/// Waits as [`BufRead`] does.
impl Read for Response {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.fill_buf()?.read(buffer)?;
        self.consume(length);
        Ok(length)
    }
}

// Headers and URL may hold a token.
impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status())
            .finish_non_exhaustive()
    }
}
