//! Clients of WebSockets.

use tokio::net::TcpStream;

use crate::{Body, Executor, FuturesIo};

pub fn tokio_tungstenite() {
    let _ = tokio_tungstenite::connect_async::<&str>;
    let _ = tokio_tungstenite::connect_async_with_config::<&str>;
    let _ = tokio_tungstenite::connect_async_tls_with_config::<&str>;
    let _ = tokio_tungstenite::client_async::<&str, TcpStream>;
    let _ = tokio_tungstenite::client_async_with_config::<&str, TcpStream>;
    let _ = tokio_tungstenite::client_async_tls::<&str, TcpStream>;
    let _ = tokio_tungstenite::client_async_tls_with_config::<&str, TcpStream>;
    let _ = tokio_tungstenite::Connector::Rustls;
    let _ = tokio_tungstenite::Connector::NativeTls;
}

pub fn tungstenite() {
    let _ = tungstenite::client::connect::<&str>;
    let _ = tungstenite::client::connect_with_config::<&str>;
    let _ = tungstenite::client::client::<std::net::TcpStream, &str>;
    let _ = tungstenite::client::client_with_config::<std::net::TcpStream, &str>;
    let _ = tungstenite::client_tls::<&str, std::net::TcpStream>;
    let _ = tungstenite::client_tls_with_config::<&str, std::net::TcpStream>;
    let _ = tungstenite::handshake::client::ClientHandshake::<std::net::TcpStream>::start;
}

pub fn async_tungstenite() {
    let _ = async_tungstenite::client_async::<&str, FuturesIo>;
    let _ = async_tungstenite::client_async_with_config::<&str, FuturesIo>;
    let _ = async_tungstenite::tokio::connect_async::<&str>;
    let _ = async_tungstenite::tokio::connect_async_with_config::<&str>;
    let _ = async_tungstenite::tokio::connect_async_with_tls_connector::<&str>;
    let _ = async_tungstenite::tokio::connect_async_with_tls_connector_and_config::<&str>;
    let _ = async_tungstenite::tokio::client_async::<&str, TcpStream>;
    let _ = async_tungstenite::tokio::client_async_with_config::<&str, TcpStream>;
    let _ = async_tungstenite::tokio::client_async_tls::<&str, TcpStream>;
    let _ = async_tungstenite::tokio::client_async_tls_with_config::<&str, TcpStream>;
    let _ = async_tungstenite::tokio::client_async_tls_with_connector::<&str, TcpStream>;
    let _ = async_tungstenite::tokio::client_async_tls_with_connector_and_config::<&str, TcpStream>;
}

pub fn tokio_websockets() {
    let _ = tokio_websockets::ClientBuilder::new;
    let _ = tokio_websockets::ClientBuilder::from_uri;
    let _ = tokio_websockets::ClientBuilder::<tokio_websockets::resolver::Gai>::connect;
    let _ =
        tokio_websockets::ClientBuilder::<tokio_websockets::resolver::Gai>::connect_on::<TcpStream>;
    let _ = tokio_websockets::Connector::new;
}

pub fn fastwebsockets() {
    let _ = fastwebsockets::handshake::client::<TcpStream, Executor, Body>;
}
