//! What a client costs: made from a token, and made raw, in the same run.
//!
//! `cargo bench --bench clients`. A raw client loads and parses the platform's roots each time;
//! a token does it once.

use std::hint::black_box;

use trusted_transport::{BaseRoots, CaPolicy, ProxyPolicy, TrustedTransport};
use trusted_transport_lab::bundle_of;

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

/// A bundle of 150 that is another each time, and no base.
#[divan::bench]
fn reload(bencher: divan::Bencher<'_, '_>) {
    let folder = tempfile::tempdir().expect("a directory");
    let path = folder.path().join("ca.pem");
    let more = bundle_of(150);
    let fewer = bundle_of(149);
    std::fs::write(&path, &more).expect("written");
    let policy = CaPolicy::platform().base(BaseRoots::None).bundle(&path);
    let token = TrustedTransport::new(policy.load().expect("it loads")).expect("a token");
    let mut bundles = [&fewer, &more].into_iter().cycle();
    bencher
        .with_inputs(|| std::fs::write(&path, bundles.next().expect("endless")).expect("written"))
        .bench_local_values(|()| token.reload().expect("it loads"));
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
