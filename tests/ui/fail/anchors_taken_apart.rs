//! What anchors hold cannot be reached.
use trusted_transport::TrustAnchors;

fn inner(anchors: TrustAnchors) {
    let _ = anchors.0;
}

fn main() {}
