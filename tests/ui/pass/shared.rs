//! A token is made once, and stands where every part of a program finds it.
use std::sync::OnceLock;

use trusted_transport::{
    HttpClient, RequestBuilder, TrustAnchors, TrustedTransport, WebSocket, blocking,
};

static TOKEN: OnceLock<TrustedTransport> = OnceLock::new();

fn client() -> Option<HttpClient> {
    TOKEN.get()?.clone().http().build().ok()
}

fn shared<T: Send + Sync + Unpin + std::fmt::Debug + 'static>() {}

fn main() {
    let _ = client;
    shared::<TrustAnchors>();
    shared::<TrustedTransport>();
    shared::<HttpClient>();
    shared::<WebSocket>();
    shared::<blocking::HttpClient>();
    shared::<blocking::WebSocket>();
    fn sent<T: Send>() {}
    sent::<RequestBuilder>();
    sent::<blocking::RequestBuilder>();
    sent::<blocking::Response>();
}
