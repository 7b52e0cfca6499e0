//! One bundle, what it holds, and how the verdicts on it differ.

use std::collections::BTreeSet;

use super::Class;
use super::kit::{self, Certificate};

/// A bundle to try.
pub(super) struct Recipe {
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
    /// The distinct certificates that a reader finds who loses none, as SHA-256.
    pub(super) holds: BTreeSet<String>,
    /// How the verdicts differ, if they do.
    pub(super) class: Option<Class>,
    /// The recipe with the same blocks in the form that everybody reads.
    pub(super) same_as: Option<String>,
}

impl Recipe {
    /// A bundle on which the verdicts agree, unless [`differs`](Self::differs) says otherwise.
    pub(super) fn new(
        name: impl Into<String>,
        bytes: impl Into<Vec<u8>>,
        holds: &[&Certificate],
    ) -> Self {
        Self {
            name: name.into(),
            bytes: bytes.into(),
            holds: kit::sha256(holds),
            class: None,
            same_as: None,
        }
    }

    pub(super) fn differs(mut self, class: impl Into<Option<Class>>) -> Self {
        self.class = class.into();
        self
    }

    /// The same blocks, written otherwise.
    pub(super) fn rewritten(&self, how: &str, bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            name: format!("{}, {how}", self.name),
            bytes: bytes.into(),
            holds: self.holds.clone(),
            class: None,
            same_as: Some(self.name.clone()),
        }
    }
}
