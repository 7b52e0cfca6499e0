//! The raw builder inside cannot be reached.
use trusted_transport::HttpClientBuilder;

fn inner(builder: HttpClientBuilder) {
    let _ = builder.recipe;
}

fn main() {}
