//! A token is not made from the parts of another.
use trusted_transport::TrustedTransport;

fn forged(transport: TrustedTransport) -> TrustedTransport {
    TrustedTransport { ..transport }
}

fn main() {}
