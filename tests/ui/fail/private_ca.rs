//! How trust is decided is not public.
use trusted_transport::ca::CaPolicy;

fn main() {}
