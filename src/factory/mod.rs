//! Builds what may connect, from what `ca` decided.

mod attempt;
mod dial;
mod error;
mod failure;
mod http;
mod http_builder;
mod lockdown;
mod proxy;
mod request;
mod resolve;
mod route;
mod strays;
mod tls;
mod transport;
mod verify;
mod websocket;

pub use self::error::TransportError;
pub use self::failure::{Peer, Refusal, TrustFailure};
pub use self::http::HttpClient;
pub use self::http_builder::HttpClientBuilder;
pub use self::lockdown::{LockdownError, lockdown};
pub use self::proxy::{CustomProxy, ProxyPolicy};
pub use self::request::RequestBuilder;
pub use self::route::Route;
pub use self::strays::Strays;
pub use self::tls::TlsVersion;
pub use self::transport::{TransportBuilder, TrustedTransport};
pub use self::websocket::{WebSocket, WebSocketBuilder};
