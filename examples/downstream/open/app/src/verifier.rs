//! A TLS configuration of one's own.
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::client::danger::ServerCertVerifier; // open: call rustls::client::danger::ServerCertVerifier

fn trusting(
    verifier: Arc<dyn ServerCertVerifier>, // open: call rustls::client::danger::ServerCertVerifier
) -> ClientConfig {
    ClientConfig::builder() // open: call rustls::ClientConfig::builder
        .dangerous() // open: call rustls::ConfigBuilder::dangerous
        .with_custom_certificate_verifier(verifier) // open: call rustls::client::danger::DangerousClientConfigBuilder::with_custom_certificate_verifier
        .with_no_client_auth()
}

pub(crate) fn install() {
    let _ = trusting;
}
