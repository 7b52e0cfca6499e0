//! A token by default would be one without a decision.
use trusted_transport::TrustedTransport;

fn by_default<T: Default>() {}

fn main() {
    by_default::<TrustedTransport>();
}
