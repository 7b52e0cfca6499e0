//! Anchors by default would be ones that nobody decided on.
use trusted_transport::TrustAnchors;

fn by_default<T: Default>() {}

fn main() {
    by_default::<TrustAnchors>();
}
