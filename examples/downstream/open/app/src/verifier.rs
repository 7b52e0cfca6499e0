//! A TLS configuration of one's own.
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::client::danger::ServerCertVerifier; // open: rustls::client::danger::ServerCertVerifier

fn trusting(verifier: Arc<dyn ServerCertVerifier>) -> ClientConfig { // open: rustls::client::danger::ServerCertVerifier
    ClientConfig::builder() // open: rustls::ClientConfig::builder
        .dangerous() // open: rustls::ConfigBuilder::dangerous
        .with_custom_certificate_verifier(verifier) // open: rustls::client::danger::DangerousClientConfigBuilder::with_custom_certificate_verifier
        .with_no_client_auth()
}

pub(crate) fn install() {
    let _ = trusting;
}
