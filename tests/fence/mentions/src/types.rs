//! Types, of which a constructor of a trait such as `Default` or `From` can make one unseen.

pub fn types() {
    let _: Option<&reqwest::Client>;
    let _: Option<&reqwest::ClientBuilder>;
    let _: Option<&reqwest::blocking::Client>;
    let _: Option<&reqwest::blocking::ClientBuilder>;
    let _: Option<&ureq::Agent>;
    let _: Option<&attohttpc::Session>;
    let _: Option<&hyper_util::client::legacy::Client<(), ()>>;
    let _: Option<&tokio_tungstenite::Connector>;
    let _: Option<&tokio_websockets::ClientBuilder>;
    let _: Option<&tokio_websockets::Connector>;
    let _: Option<&tokio_rustls::TlsConnector>;
    let _: Option<&futures_rustls::TlsConnector>;
    let _: Option<&native_tls::TlsConnector>;
    let _: Option<&native_tls::TlsConnectorBuilder>;
    let _: Option<&tokio_native_tls::TlsConnector>;
    let _: Option<&async_native_tls::TlsConnector>;
    let _: Option<&openssl::ssl::SslConnector>;
    let _: Option<&openssl::ssl::SslConnectorBuilder>;
    let _: Option<&hyper_rustls::HttpsConnector<()>>;
    let _: Option<&hyper_rustls::HttpsConnectorBuilder<()>>;
    let _: Option<&hyper_tls::HttpsConnector<()>>;
    let _: Option<&tonic::transport::ClientTlsConfig>;
    let _: Option<&dyn rustls::client::danger::ServerCertVerifier>;
}
