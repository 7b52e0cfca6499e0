//! Builds what may connect, from what `ca` decided.

mod dial;
mod error;
mod http;
mod route;
mod tls;
mod transport;
mod websocket;

pub use self::error::{Peer, Refusal, TransportError, TrustFailure};
pub use self::http::{HttpClient, HttpClientBuilder, RequestBuilder};
pub use self::route::{CustomProxy, ProxyPolicy, Route};
pub use self::tls::TlsVersion;
pub use self::transport::{TransportBuilder, TrustedTransport};
pub use self::websocket::{WebSocket, WebSocketBuilder};
