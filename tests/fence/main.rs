//! The fence around the token: clippy's list of other ways to connect, held
//! against clippy itself.

mod clippy;
mod list;
mod program;
