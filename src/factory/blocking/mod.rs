//! The same clients and sockets for programs without async.
//!
//! Their options are those of the clients with async; the last call is another:
//!
//! ```no_run
//! use trusted_transport::{TransportError, TrustedTransport};
//!
//! # fn main() -> Result<(), TransportError> {
//! let transport = TrustedTransport::from_env()?;
//!
//! let client = transport.http().user_agent("example/1").build_blocking()?;
//! let text = client.get("https://example.com/").send()?.text()?;
//!
//! let live = transport.websocket("wss://example.com/live");
//! let (mut socket, _response) = live.subprotocol("news").connect_blocking()?;
//! socket.send(text)?;
//! for message in &mut socket {
//!     println!("{}", message?);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Inside are the same clients and sockets, so that trust, routes, deadlines, errors and
//! [`reload`](crate::TrustedTransport::reload) are the same. A client, with its clones, has a thread
//! of its own, on which its connections live, and so has a socket; they end with it.
//!
//! What differs from `reqwest::blocking`: a request as a whole takes as long as it takes unless
//! [`timeout`](crate::HttpClientBuilder::timeout) says otherwise, and a body is one of
//! [`http::Body`](crate::http::Body).
//!
//! # Panics
//! Whatever waits for the network panics if it is called in async code, because it would stop other
//! tasks from running. There, use the clients with async, or tokio's `spawn_blocking`.

mod http;
mod request;
mod response;
mod runtime;
mod websocket;

pub use self::http::HttpClient;
pub use self::request::RequestBuilder;
pub use self::response::Response;
pub use self::websocket::WebSocket;
