//! Trusted transport.
#![forbid(unsafe_code)]

mod ca;
mod factory;

pub use ca::{
    AcceptedCertificate, BaseKind, BaseReport, BaseRoots, BundleName, BundleReport, CaError,
    CaPolicy, ExcludedCertificate, LostVariable, SourceKind, TrustAnchors, TrustReport,
    TrustSource,
};
pub use factory::{
    CustomProxy, HttpClient, HttpClientBuilder, Peer, ProxyPolicy, Refusal, RequestBuilder, Route,
    TlsVersion, TransportBuilder, TransportError, TrustFailure, TrustedTransport, WebSocket,
    WebSocketBuilder,
};

/// The types of requests and responses, so that a caller needs no HTTP crate of its own.
pub mod http {
    #[cfg(feature = "cookies")]
    pub use reqwest::cookie;
    #[cfg(feature = "multipart")]
    pub use reqwest::multipart;
    pub use reqwest::{
        Body, Error, IntoUrl, Method, Request, Response, StatusCode, Url, Version, header,
        redirect, retry,
    };
}

/// The types of WebSocket messages, so that a caller needs no WebSocket crate of its own.
pub mod ws {
    pub use tokio_tungstenite::tungstenite::client::IntoClientRequest;
    pub use tokio_tungstenite::tungstenite::handshake::client::{Request, Response};
    pub use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
    pub use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message, WebSocketConfig};
    pub use tokio_tungstenite::tungstenite::{Bytes, Error, Utf8Bytes};
}

/// The `tracing` target of everything that this crate logs.
pub(crate) const LOG_TARGET: &str = "trusted_transport";
