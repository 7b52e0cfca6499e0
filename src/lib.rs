//! Trusted transport.
