//! Every certificate once: blocks that repeat one are duplicates, and one that distrusts it
//! beats all that do not, in whatever order they come.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::bundle::{Block, Blocks, Tally, Verdict};
use super::certificate::Fingerprint;
use super::distrust::{Distrust, Key, key_of};

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
        let mut strictest: HashMap<Fingerprint, Strictness> = HashMap::new();
        for block in &certificates {
            if let Some(distrust) = block.distrust() {
                let known = strictest.entry(block.sha256()).or_default();
                *known = Strictness::of(Some(distrust)).max(*known);
            }
        }
        let before = certificates.len();
        let mut seen = HashSet::with_capacity(before);
        certificates.retain(|block| {
            let sha256 = block.sha256();
            let strictness = Strictness::of(block.distrust());
            let known = strictest.get(&sha256).copied().unwrap_or_default();
            strictness == known && seen.insert(sha256)
        });
        certificates.shrink_to_fit();
        let mut settled = Self {
            duplicates: before - certificates.len(),
            certificates,
            tally,
        };
        settled.obey(&Distrusts::of(&settled));
        settled
    }

    /// Distrusts what is, or is meant with, something that is distrusted.
    pub(crate) fn obey(&mut self, distrusts: &Distrusts) {
        if distrusts.is_empty() {
            return;
        }
        for block in &mut self.certificates {
            if block.distrust().is_none()
                && let Some(distrust) = distrusts.covering(block)
            {
                block.verdict = Verdict::Distrusted(Arc::clone(distrust));
                block.anchor = None;
            }
        }
    }

    pub(crate) fn accepted(&self) -> impl Iterator<Item = &Block> + Clone {
        let accepted = |block: &&Block| matches!(block.verdict, Verdict::Accepted);
        self.certificates.iter().filter(accepted)
    }

    pub(crate) fn distrusted(&self) -> impl Iterator<Item = (&Block, &Arc<Distrust>)> {
        let certificates = self.certificates.iter();
        certificates.filter_map(|block| Some((block, block.distrust()?)))
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

/// Of several blocks with one certificate, the strictest counts.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Strictness {
    #[default]
    Trusts,
    Distrusts,
    DistrustsTheKey,
}

impl Strictness {
    fn of(distrust: Option<&Arc<Distrust>>) -> Self {
        match distrust {
            None => Self::Trusts,
            Some(distrust) if distrust.key().is_none() => Self::Distrusts,
            Some(_) => Self::DistrustsTheKey,
        }
    }
}

/// All that one side distrusts.
pub(crate) struct Distrusts {
    certificates: HashMap<Fingerprint, Arc<Distrust>>,
    keys: HashMap<Key, Arc<Distrust>>,
}

impl Distrusts {
    pub(crate) fn of(settled: &Settled) -> Self {
        let certificates = settled.distrusted();
        let certificates = certificates.map(|(block, why)| (block.sha256(), Arc::clone(why)));
        let keys = settled.distrusted();
        let keys = keys.filter_map(|(_, why)| Some((why.key()?.clone(), Arc::clone(why))));
        Self {
            certificates: certificates.collect(),
            keys: keys.collect(),
        }
    }

    fn is_empty(&self) -> bool {
        self.certificates.is_empty()
    }

    fn covering(&self, block: &Block) -> Option<&Arc<Distrust>> {
        let certificate = self.certificates.get(&block.sha256());
        certificate.or_else(|| self.keys.get(&key_of(block.anchor.as_ref()?)))
    }
}

impl Block {
    pub(crate) fn sha256(&self) -> Fingerprint {
        self.certificate.sha256
    }

    fn distrust(&self) -> Option<&Arc<Distrust>> {
        match &self.verdict {
            Verdict::Distrusted(distrust) => Some(distrust),
            _ => None,
        }
    }
}
