//! The runtime of a client cannot be reached by what it answers.
use trusted_transport::blocking::Response;

fn inner(response: Response) {
    let _ = response.runtime;
}

fn main() {}
