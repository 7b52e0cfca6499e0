//! TLS, and who verifies it.
#![expect(deprecated, reason = "they connect all the same")]

use tokio::net::TcpStream;

use crate::FuturesIo;

type ConfigBuilder = rustls::ConfigBuilder<rustls::ClientConfig, rustls::WantsVerifier>;

pub fn rustls() {
    let _ = rustls::ClientConfig::builder;
    let _ = rustls::ClientConfig::builder_with_provider;
    let _ = rustls::ClientConfig::builder_with_protocol_versions;
    let _ = rustls::ClientConfig::builder_with_details;
    let _ = rustls::ClientConfig::dangerous;
    let _ = rustls::ConfigBuilder::<rustls::ClientConfig, rustls::WantsVerifier>::dangerous;
    let _ = rustls::client::danger::DangerousClientConfig::set_certificate_verifier;
    let _ = rustls::client::danger::DangerousClientConfigBuilder::with_custom_certificate_verifier;
    let _ = rustls::ClientConnection::new;
    let _ = rustls::ClientConnection::new_with_alpn;
    let _ = rustls::quic::ClientConnection::new;
    let _ = rustls::KeyLogFile::new;
    let _ = rustls::client::UnbufferedClientConnection::new;
    let _ = rustls::client::UnbufferedClientConnection::new_with_alpn;
    let _ = rustls::crypto::CryptoProvider::install_default;
}

pub fn rustls_platform_verifier() {
    let _ = <rustls::ClientConfig as rustls_platform_verifier::ConfigVerifierExt>::with_platform_verifier;
    let _ = <ConfigBuilder as rustls_platform_verifier::BuilderVerifierExt>::with_platform_verifier;
    let _ = rustls_platform_verifier::Verifier::new;
    let _: fn(Vec<_>, _) -> _ = rustls_platform_verifier::Verifier::new_with_extra_roots;
}

pub fn tokio_rustls() {
    let _ = tokio_rustls::TlsConnector::connect::<TcpStream>;
    let _ =
        tokio_rustls::TlsConnector::connect_with::<TcpStream, fn(&mut rustls::ClientConnection)>;
}

pub fn futures_rustls() {
    let _ = futures_rustls::TlsConnector::connect::<FuturesIo>;
    let _ =
        futures_rustls::TlsConnector::connect_with::<FuturesIo, fn(&mut rustls::ClientConnection)>;
}

pub fn quinn() {
    let _ = quinn::ClientConfig::with_platform_verifier;
    let _ = quinn::ClientConfig::try_with_platform_verifier;
    let _ = quinn::ClientConfig::with_root_certificates;
}

pub fn native_tls() {
    let _ = native_tls::TlsConnector::new;
    let _ = native_tls::TlsConnector::builder;
    let _ = native_tls::TlsConnectorBuilder::danger_accept_invalid_certs;
    let _ = native_tls::TlsConnectorBuilder::danger_accept_invalid_hostnames;
}

pub fn tokio_native_tls() {
    let _ = tokio_native_tls::TlsConnector::connect::<TcpStream>;
}

pub fn async_native_tls() {
    let _: fn(String, TcpStream) -> _ = async_native_tls::connect;
    let _ = async_native_tls::TlsConnector::new;
    let _: fn(_, String, TcpStream) -> _ = async_native_tls::TlsConnector::connect;
    let _ = async_native_tls::TlsConnector::danger_accept_invalid_certs;
    let _ = async_native_tls::TlsConnector::danger_accept_invalid_hostnames;
}

pub fn openssl() {
    let _ = openssl::ssl::SslConnector::builder;
    let _ = openssl::ssl::Ssl::connect::<std::net::TcpStream>;
    let _ = openssl::ssl::SslStream::<std::net::TcpStream>::connect;
    let _ = openssl::ssl::SslStreamBuilder::<std::net::TcpStream>::connect;
    let _ = openssl::ssl::ConnectConfiguration::connect::<std::net::TcpStream>;
}

pub fn tokio_openssl() {
    let _ = tokio_openssl::SslStream::<TcpStream>::connect;
    let _ = tokio_openssl::SslStream::<TcpStream>::poll_connect;
}
