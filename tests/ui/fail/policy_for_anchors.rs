//! A policy that is not loaded is not taken where anchors are wanted.
use trusted_transport::{CaPolicy, TrustAnchors};

fn loaded(policy: CaPolicy) -> TrustAnchors {
    policy
}

fn main() {}
