//! An example target.
fn main() {
    let _ = reqwest::ClientBuilder::new(); // open: reqwest::ClientBuilder::new
}
