//! What a token holds cannot be reached.
use trusted_transport::TrustedTransport;

fn inner(transport: TrustedTransport) {
    let _ = transport.0;
}

fn main() {}
