//! An example target.
fn main() {
    let _ = reqwest::ClientBuilder::new(); // open: call reqwest::ClientBuilder::new
}
