//! What this machine and these features do not compile.

#[cfg(windows)]
pub(crate) fn compiled_away() {
    let _ = reqwest::Client::new(); // open: call reqwest::Client::new
}

#[cfg(all(not(windows), not(feature = "offline")))]
pub(crate) fn compiled_away() {
    let _ = reqwest::blocking::Client::new(); // open: call reqwest::blocking::Client::new
}

#[cfg(clippy)]
fn captured<T>(value: T) -> impl Sized + use<T> {
    value
}

#[cfg(not(clippy))]
pub(crate) fn unseen() {
    use reqwest::blocking as web;
    let _ = <web::Client>::builder(); // open: call reqwest::blocking::Client::builder
}

#[cfg(all(not(windows), feature = "offline"))]
pub(crate) fn compiled_away() {
    type Weak = reqwest::ClientBuilder; // open: call reqwest::ClientBuilder
    let _ = |client: Weak| client.danger_accept_invalid_certs(true); // open: call reqwest::ClientBuilder::danger_accept_invalid_certs
}
