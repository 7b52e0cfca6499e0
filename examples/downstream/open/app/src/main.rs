//! One way around the token per function.
mod elsewhere;
mod verifier;

use reqwest as web;
use reqwest::Client; // open: call reqwest::Client

fn plain() {
    let _ = Client::new(); // open: call reqwest::Client::new
}

fn renamed_import() {
    drop(web::get("https://example.com/")); // open: call reqwest::get
}

fn by_macro() {
    let _ = macros::client!(); // open: call reqwest::Client::new
}

type Http = web::Client; // open: call reqwest::Client

fn by_alias() -> Http {
    Http::default()
}

struct Session {
    http: web::Client, // open: call reqwest::Client
}

fn inferred() -> Session {
    Session {
        http: Default::default(),
    }
}

fn by_pointer() {
    let connect = tokio_tungstenite::connect_async::<&str>; // open: call tokio_tungstenite::connect_async
    drop(connect("wss://example.com/"));
}

#[allow(clippy::disallowed_methods)] // open: suppressed clippy::disallowed_methods
fn silenced() {
    let _ = web::Client::builder().build(); // open: call reqwest::Client::builder
}

fn main() {
    plain();
    renamed_import();
    by_macro();
    drop(by_alias());
    drop(inferred().http);
    by_pointer();
    silenced();
    partner::fetch();
    sdk::fetch();
    verifier::install();
    elsewhere::compiled_away();
}
