//! The crate under another name, in a member that does not inherit the lint levels.

/// Makes a raw client.
pub fn client() -> web_client::Client { // open: reqwest::Client
    web_client::Client::new() // open: reqwest::Client::new
}
