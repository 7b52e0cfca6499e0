//! What a client costs: made from a token, and made raw, in the same run.
//!
//! `cargo bench --bench clients`. A raw client loads and parses the platform's roots each time;
//! a token does it once.

use std::hint::black_box;

use trusted_transport::{CaPolicy, ProxyPolicy, TrustedTransport};

fn main() {
    install_provider_for_raw_clients();
    divan::main();
}

#[divan::bench]
fn raw_client() {
    black_box(raw());
}

#[divan::bench]
fn first_token_and_client() {
    black_box(token().http().build().expect("a client"));
}

#[divan::bench]
fn second_client(bencher: divan::Bencher<'_, '_>) {
    let token = token();
    bencher.bench(|| token.http().build().expect("a client"));
}

fn token() -> TrustedTransport {
    let anchors = CaPolicy::platform().load().expect("the platform has roots");
    TrustedTransport::builder(anchors)
        .proxy(ProxyPolicy::Direct)
        .build()
        .expect("a token")
}

#[expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the raw client is what the token is compared with"
)]
fn raw() -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("a client")
}

#[expect(
    clippy::disallowed_methods,
    reason = "raw reqwest is compiled without a provider and needs one for the process"
)]
fn install_provider_for_raw_clients() {
    rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .expect("nobody was first");
}
