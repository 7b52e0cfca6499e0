//! Anchors alone are not taken where a token is wanted.
use trusted_transport::{TrustAnchors, TrustedTransport};

fn built(anchors: TrustAnchors) -> TrustedTransport {
    anchors
}

fn main() {}
