//! Anchors are loaded; what they hold cannot be taken over into others.
use trusted_transport::TrustAnchors;

fn forged(anchors: TrustAnchors) -> TrustAnchors {
    TrustAnchors { ..anchors }
}

fn main() {}
