//! One way around the token per function.
mod elsewhere;
mod verifier;

use reqwest as web;
use reqwest::Client; // open: reqwest::Client

fn plain() {
    let _ = Client::new(); // open: reqwest::Client::new
}

fn renamed_import() {
    drop(web::get("https://example.com/")); // open: reqwest::get
}

fn by_macro() {
    let _ = macros::client!(); // open: reqwest::Client::new
}

type Http = web::Client; // open: reqwest::Client

fn by_alias() -> Http {
    Http::default()
}

struct Session {
    http: web::Client, // open: reqwest::Client
}

fn inferred() -> Session {
    Session {
        http: Default::default(),
    }
}

fn by_pointer() {
    let connect = tokio_tungstenite::connect_async::<&str>; // open: tokio_tungstenite::connect_async
    drop(connect("wss://example.com/"));
}

#[allow(clippy::disallowed_methods)] // open: clippy::disallowed_methods
fn silenced() {
    let _ = web::Client::builder().build(); // open: reqwest::Client::builder
}

fn main() {
    plain();
    renamed_import();
    by_macro();
    drop(by_alias());
    drop(inferred().http);
    by_pointer();
    silenced();
    sdk::fetch();
    verifier::install();
    elsewhere::compiled_away();
}
