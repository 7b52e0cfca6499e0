//! tokio-tungstenite is compiled without its own ways to connect: if they existed, the names
//! would be ambiguous between the two globs (E0659).
mod own {
    pub fn connect_async() {}
    pub fn connect_async_with_config() {}
    pub fn connect_async_tls_with_config() {}
    pub fn client_async_tls() {}
    pub fn client_async_tls_with_config() {}
    pub struct Connector;
}

use own::*;
#[expect(unused_imports, reason = "none of its names may be used")]
use raw_tungstenite::*;

fn main() {
    connect_async();
    connect_async_with_config();
    connect_async_tls_with_config();
    client_async_tls();
    client_async_tls_with_config();
    let _ = Connector;
}
