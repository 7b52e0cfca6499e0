//! A package beside the workspace.
fn main() {}
