//! To depend on the token is not to depend on reqwest.
extern crate reqwest;

fn main() {}
