//! What this machine and these features do not compile.

#[cfg(windows)]
pub(crate) fn compiled_away() {
    let _ = reqwest::Client::new(); // open: reqwest::Client::new
}

#[cfg(all(not(windows), not(feature = "offline")))]
pub(crate) fn compiled_away() {
    let _ = reqwest::blocking::Client::new(); // open: reqwest::blocking::Client::new
}

#[cfg(all(not(windows), feature = "offline"))]
pub(crate) fn compiled_away() {}
