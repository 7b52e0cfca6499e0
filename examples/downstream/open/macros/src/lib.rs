//! A macro whose uses are in another crate.

#[doc(hidden)]
pub use reqwest;

/// Makes a raw client.
#[macro_export]
macro_rules! client {
    () => {
        $crate::reqwest::Client::new() // open: call reqwest::Client::new
    };
}
