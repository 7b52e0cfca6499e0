//! What builds connections is not public.
use trusted_transport::factory as _;

fn main() {}
