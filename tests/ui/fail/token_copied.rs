//! A token is cloned, and never copied without being seen.
use trusted_transport::TrustedTransport;

fn copied<T: Copy>() {}

fn main() {
    copied::<TrustedTransport>();
}
