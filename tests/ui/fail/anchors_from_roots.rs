//! Roots that nobody decided on do not become anchors.
use trusted_transport::TrustAnchors;

fn converts<T: From<rustls::RootCertStore>>() {}

fn main() {
    converts::<TrustAnchors>();
}
