//! A token cannot be made before the program runs.
use trusted_transport::{TransportError, TrustedTransport};

const TOKEN: Result<TrustedTransport, TransportError> = TrustedTransport::from_env();

fn main() {}
