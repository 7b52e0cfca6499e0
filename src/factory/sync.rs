//! The locks and atomics of what is tried in every order of its steps: `tests/model` has loom's in
//! their place.

pub(super) use std::sync::atomic::{AtomicBool, Ordering};
pub(super) use std::sync::{Arc, PoisonError, RwLock};
