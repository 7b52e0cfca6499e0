//! hyper, what it connects with, and what is built on it.

use hyper_util::client::legacy::connect::HttpConnector;
use tokio::net::TcpStream;

use crate::{Body, Bytes, Executor, TokioIo};

pub fn hyper_rustls() {
    let _ = hyper_rustls::HttpsConnector::<HttpConnector>::builder;
    let _: fn(HttpConnector, rustls::ClientConfig, _, _) -> _ = hyper_rustls::HttpsConnector::new;
    let _ = hyper_rustls::HttpsConnectorBuilder::new;
}

pub fn hyper_tls() {
    let _ = hyper_tls::HttpsConnector::new;
    let _ = hyper_tls::HttpsConnector::<HttpConnector>::new_with_connector;
}

pub fn hyper_util() {
    let _ = hyper_util::client::legacy::Client::<(), ()>::builder::<Executor>;
    let _ = hyper_util::client::legacy::Builder::new::<Executor>;
}

pub fn hyper() {
    let _ = hyper::client::conn::http1::handshake::<TokioIo, Body>;
    let _ = hyper::client::conn::http1::Builder::handshake::<TokioIo, Body>;
    let _ = hyper::client::conn::http2::handshake::<Executor, TokioIo, Body>;
    let _ = hyper::client::conn::http2::Builder::<Executor>::handshake::<TokioIo, Body>;
}

pub fn h2() {
    let _ = h2::client::handshake::<TcpStream>;
    let _ = h2::client::Builder::handshake::<TcpStream, Bytes>;
}

pub fn tonic() {
    let _ = tonic::transport::ClientTlsConfig::new;
    let _ = tonic::transport::Endpoint::tls_config;
    let _ = tonic::transport::Endpoint::tls_config_with_verifier;
}
