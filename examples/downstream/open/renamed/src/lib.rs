//! The crate under another name, in a member that does not inherit the lint levels.

/// Makes a raw client.
pub fn client() -> impl Sized {
    web_client::Client::new() // open: call reqwest::Client::new
}
