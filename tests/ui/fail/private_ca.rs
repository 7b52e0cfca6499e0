//! How trust is decided is not public.
use trusted_transport::ca as _;

fn main() {}
