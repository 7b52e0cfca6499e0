//! The raw request inside, which has the raw client, cannot be reached.
use trusted_transport::RequestBuilder;

fn inner(request: RequestBuilder) {
    let _ = request.request;
}

fn main() {}
