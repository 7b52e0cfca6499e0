//! Every certificate and revocation list once: blocks that repeat one are duplicates, and one that distrusts it
//! beats all that do not, in whatever order they come.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::bundle::{Block, Blocks, Tally, Verdict};
use super::certificate::Fingerprint;
use super::crl::{Crl, CrlBlock};
use super::distrust::{Distrust, Key, key_of};
use super::x509;

/// Distinct certificates, each with one verdict, in the order of their files.
#[derive(Default)]
pub(crate) struct Settled {
    pub(crate) certificates: Vec<Block>,
    pub(crate) crls: Vec<CrlBlock>,
    pub(crate) duplicates: usize,
    pub(crate) tally: Tally,
}

impl Settled {
    pub(crate) fn of(blocks: Blocks) -> Self {
        let Blocks {
            mut certificates,
            mut crls,
            tally,
            ..
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
        let mut lists = HashSet::new();
        crls.retain(|crl| crl.problem.is_some() || lists.insert(crl.sha256));
        let mut settled = Self {
            duplicates: before - certificates.len(),
            certificates,
            crls,
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

    /// Of the base, a server's certificate is none that it may present, and vouches for nobody else.
    pub(crate) fn leave_out_end_entities(&mut self) {
        for block in &mut self.certificates {
            if matches!(block.verdict, Verdict::Accepted)
                && x509::is_end_entity(&block.certificate.der)
            {
                block.verdict = Verdict::Unusable(NO_AUTHORITY.to_owned());
                block.anchor = None;
            }
        }
    }

    /// Takes the anchors of servers' own certificates away: those vouch for themselves, and the
    /// verifier would let them vouch for everybody.
    pub(crate) fn keep_authorities(&mut self) {
        for block in &mut self.certificates {
            if block.anchor.is_some() && x509::is_end_entity(&block.certificate.der) {
                block.anchor = None;
            }
        }
    }

    /// Leaves out the authorities that are revoked. A path ends at the first anchor, and nobody
    /// asks whether that one is.
    pub(crate) fn leave_out_revoked(&mut self, crls: &[Arc<Crl>]) {
        if crls.is_empty() {
            return;
        }
        for block in self
            .certificates
            .iter_mut()
            .filter(|it| it.anchor.is_some())
        {
            let x509 = x509::parsed(&block.certificate.der);
            let revoked = x509.and_then(|x509| crls.iter().find(|crl| crl.lists(&x509)));
            if let Some(Crl { file, position, .. }) = revoked.map(Arc::as_ref) {
                let file = file.display();
                let reason = format!("it is revoked, in block {position} of `{file}`");
                block.verdict = Verdict::Unusable(reason);
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

    /// Notes which revocation lists have the name of an anchor, of these or of the base's.
    pub(crate) fn find_issuers_of_crls(&mut self, base: &Self) {
        if self.crls.is_empty() {
            return;
        }
        let anchors = self.certificates.iter().chain(&base.certificates);
        let anchors = anchors.filter_map(|block| block.anchor.as_ref());
        let names: HashSet<&[u8]> = anchors.map(|anchor| anchor.subject.as_ref()).collect();
        for crl in &mut self.crls {
            let facts = crl.facts.as_ref();
            crl.anchored = facts.is_some_and(|facts| names.contains(&*facts.name));
        }
    }

    /// The revocation lists that are enforced.
    pub(crate) fn enforced(&self) -> impl Iterator<Item = &Arc<Crl>> {
        self.crls.iter().filter_map(|block| block.crl.as_ref())
    }

    /// Those that would be, but cannot.
    pub(crate) fn unusable_crls(&self) -> impl Iterator<Item = (&CrlBlock, &str)> {
        let crls = self.crls.iter();
        crls.filter_map(|block| Some((block, block.problem.as_deref()?)))
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

const NO_AUTHORITY: &str = "it is an end-entity certificate (CA:FALSE), which vouches for no other";
