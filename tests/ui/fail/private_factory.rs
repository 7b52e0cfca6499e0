//! What builds connections is not public.
use trusted_transport::factory::TrustedTransport;

fn main() {}
