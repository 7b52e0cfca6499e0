//! A token has no public field, and no constructor but its own.
use trusted_transport::TrustedTransport;

fn forged(inner: ()) -> TrustedTransport {
    TrustedTransport(inner)
}

fn main() {}
