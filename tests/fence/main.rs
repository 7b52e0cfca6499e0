//! The fence around the token: clippy's list of other ways to connect, cargo-deny's bans, and
//! reqwest's options, each held against the real tool or source.

mod clippy;
mod deny;
mod list;
mod mirror;
mod program;
