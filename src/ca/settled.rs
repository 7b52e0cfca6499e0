//! Every certificate once: blocks that repeat one are duplicates, and one that distrusts it
//! beats all that do not, in whatever order they come.

use std::collections::HashSet;

use super::bundle::{Block, Blocks, Tally, Verdict};
use super::certificate::Fingerprint;

/// Distinct certificates, each with one verdict, in the order of their files.
#[derive(Default)]
pub(crate) struct Settled {
    pub(crate) certificates: Vec<Block>,
    pub(crate) duplicates: usize,
    pub(crate) tally: Tally,
}

impl Settled {
    pub(crate) fn of(blocks: Blocks) -> Self {
        let Blocks {
            mut certificates,
            tally,
        } = blocks;
        let distrusted = shas(certificates.iter().filter(|block| block.is_distrusted()));
        let before = certificates.len();
        let mut seen = HashSet::with_capacity(before);
        certificates.retain(|block| {
            let sha256 = block.sha256();
            (block.is_distrusted() || !distrusted.contains(&sha256)) && seen.insert(sha256)
        });
        Self {
            duplicates: before - certificates.len(),
            certificates,
            tally,
        }
    }

    /// Distrusts, for that reason, what the other one distrusts.
    pub(crate) fn obey(&mut self, other: &Self, reason: &str) {
        let distrusted = shas(other.distrusted().map(|(block, _)| block));
        for block in &mut self.certificates {
            if distrusted.contains(&block.sha256()) && !block.is_distrusted() {
                block.verdict = Verdict::Distrusted(reason.to_owned());
                block.anchor = None;
            }
        }
    }

    pub(crate) fn accepted(&self) -> impl Iterator<Item = &Block> + Clone {
        let accepted = |block: &&Block| matches!(block.verdict, Verdict::Accepted);
        self.certificates.iter().filter(accepted)
    }

    pub(crate) fn distrusted(&self) -> impl Iterator<Item = (&Block, &str)> {
        self.certificates
            .iter()
            .filter_map(|block| match &block.verdict {
                Verdict::Distrusted(reason) => Some((block, reason.as_str())),
                _ => None,
            })
    }

    pub(crate) fn unusable(&self) -> impl Iterator<Item = (&Block, &str)> {
        self.certificates
            .iter()
            .filter_map(|block| match &block.verdict {
                Verdict::Unusable(reason) => Some((block, reason.as_str())),
                _ => None,
            })
    }
}

impl Block {
    pub(crate) fn sha256(&self) -> Fingerprint {
        self.certificate.sha256
    }

    fn is_distrusted(&self) -> bool {
        matches!(self.verdict, Verdict::Distrusted(_))
    }
}

fn shas<'a>(blocks: impl Iterator<Item = &'a Block>) -> HashSet<Fingerprint> {
    blocks.map(Block::sha256).collect()
}
