//! An SDK that connects in its own way.

/// Connects.
pub fn fetch() {
    drop(reqwest::get("https://example.com/"));
}
