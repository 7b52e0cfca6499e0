//! Traits that would make a stage without the one before, or give away what is inside: if one
//! were implemented, `_` would have two answers. Unlike an error for a trait that is missing,
//! this reads the same to every compiler.
use std::borrow::Borrow;
use std::ops::Deref;
use std::str::FromStr;

use raw_reqwest::{Client, ClientBuilder};
use raw_tungstenite::WebSocketStream;
use rustls::{ClientConfig, RootCertStore};
use serde::de::DeserializeOwned;
use tokio::net::TcpStream;
use trusted_transport::*;

macro_rules! absent {
    ($($trait:path;)*) => {
        $(absent! { @$trait:
            TrustAnchors, TransportBuilder, TrustedTransport,
            HttpClientBuilder, HttpClient, RequestBuilder, WebSocketBuilder, WebSocket,
            blocking::HttpClient, blocking::RequestBuilder, blocking::Response, blocking::WebSocket
        })*
    };
    (@$trait:path: $($type:ty),*) => {
        const _: fn() = || {
            trait Unique<Answer> {
                fn answer() {}
            }
            impl<T> Unique<Missing> for T {}
            impl<T: $trait> Unique<Implemented> for T {}
            $(<$type as Unique<_>>::answer();)*
        };
    };
}

struct Missing;
struct Implemented;

// `TryFrom` and `TryInto` are there wherever `From` and `Into` are.
absent! {
    Copy; Default; FromStr; DeserializeOwned;
    TryFrom<Client>; TryFrom<ClientBuilder>;
    TryFrom<WebSocketStream<TcpStream>>; TryFrom<TcpStream>;
    TryFrom<ClientConfig>; TryFrom<std::sync::Arc<ClientConfig>>;
    TryFrom<RootCertStore>; TryFrom<TrustReport>; TryFrom<()>;
    FromIterator<tokio_rustls::rustls::pki_types::CertificateDer<'static>>;
    Deref; std::ops::DerefMut;
    AsRef<Client>; AsRef<ClientConfig>; AsRef<RootCertStore>;
    AsMut<Client>; AsMut<ClientConfig>; AsMut<RootCertStore>;
    Borrow<Client>; Borrow<ClientConfig>; Borrow<RootCertStore>;
    TryInto<Client>; TryInto<ClientBuilder>; TryInto<WebSocketStream<TcpStream>>;
    TryInto<ClientConfig>; TryInto<RootCertStore>;
}

fn main() {}
