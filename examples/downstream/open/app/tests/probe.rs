//! A test target.
#[test]
fn the_server_is_there() {
    let get = reqwest::blocking::get::<&str>; // open: call reqwest::blocking::get
    type Weak = reqwest::blocking::ClientBuilder; // open: call reqwest::blocking::ClientBuilder
    let weak = |client: Weak| client.danger_accept_invalid_certs(true); // open: call reqwest::blocking::ClientBuilder::danger_accept_invalid_certs
    let _ = (get, weak);
}
