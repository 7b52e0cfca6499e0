//! The fence around the token: clippy's list of other ways to connect, and reqwest's
//! options, held against the real tool and source.

mod clippy;
mod list;
mod mirror;
mod program;
