//! The request inside, which has a client, cannot be reached.
use trusted_transport::blocking::RequestBuilder;

fn inner(request: RequestBuilder) {
    let _ = request.request;
}

fn main() {}
