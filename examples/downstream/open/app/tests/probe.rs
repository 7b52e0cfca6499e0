//! A test target.
#[test]
fn the_server_is_there() {
    let get = reqwest::blocking::get::<&str>; // open: call reqwest::blocking::get
    let _ = get;
}
