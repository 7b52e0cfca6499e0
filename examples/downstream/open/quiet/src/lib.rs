//! A member with a list of its own.

/// Makes a raw client.
pub fn fetch() {
    drop(reqwest::get("https://example.com/")); // open: call reqwest::get
}
