//! A revocation list of the bundle as the report has it.

use std::path::Path;
use std::sync::Arc;

use super::crl::CrlBlock;
#[cfg(feature = "serde")]
use super::lossy;
use super::x509::rfc3339;

/// A certificate revocation list (RFC 5280, 5).
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct RevocationList {
    /// Whose certificates it is about; `None` if it cannot be read.
    pub issuer: Option<String>,
    /// When it was issued, RFC 3339 in UTC.
    pub this_update: Option<String>,
    /// When the next one should be there. An older list is enforced all the same.
    pub next_update: Option<String>,
    /// How many certificates it revokes.
    pub revoked: usize,
    /// The trust anchor with the name of its issuer, if there is one. Without, it may be an
    /// intermediate's.
    pub anchor: Option<String>,
    /// Whether it is enforced: the policy says so, and there is no problem.
    pub enforced: bool,
    /// Why it cannot be enforced, whatever the policy says.
    pub problem: Option<String>,
    /// The file.
    #[cfg_attr(feature = "serde", serde(serialize_with = "lossy::path"))]
    pub file: Arc<Path>,
    /// The number of the block in its file, from 1.
    pub position: usize,
    /// The line of the block's BEGIN, from 1.
    pub line: usize,
}

impl RevocationList {
    pub(crate) fn of(block: &CrlBlock) -> Self {
        let facts = block.facts.as_ref();
        let issuer = facts.map(|facts| facts.issuer.clone());
        let next_update = facts.and_then(|facts| facts.next_update);
        Self {
            anchor: issuer.clone().filter(|_| block.anchored),
            issuer,
            this_update: facts.map(|facts| rfc3339(facts.this_update)),
            next_update: next_update.map(rfc3339),
            revoked: facts.map_or(0, |facts| facts.revoked),
            enforced: block.crl.is_some(),
            problem: block.problem.clone(),
            file: Arc::clone(&block.file),
            position: block.place.position,
            line: block.place.line,
        }
    }
}
