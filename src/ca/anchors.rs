//! Base and bundle become what the verifier gets, and the report of it. A certificate
//! that either of them distrusts is removed from both.

use std::collections::HashSet;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use rustls::RootCertStore;
use rustls_pki_types::{CertificateDer, TrustAnchor};
use sha2::{Digest, Sha256};

use super::account::Evidence;
use super::bundle::Block;
use super::certificate::{Fingerprint, hex, trust_anchor};
use super::crl::Crl;
use super::decision::{CrlPolicy, Decision};
use super::distrust::Distrust;
use super::error::CaError;
use super::pins::Pins;
use super::policy::CaPolicy;
use super::presented::subject_is;
use super::report::{BaseKind, BundleReport, TrustReport};
use super::settled::{Distrusts, Settled};
use super::sources::{Base, Bundle};
use super::stamp::Stamp;

/// What is trusted, loaded and final: obtainable only from
/// [`CaPolicy::load`](crate::CaPolicy::load), and never empty.
///
/// A clone shares everything with the original.
#[derive(Clone)]
pub struct TrustAnchors(Arc<Loaded>);

struct Loaded {
    /// What was loaded, to load it again.
    policy: CaPolicy,
    trust: Trust,
    evidence: Evidence,
    /// Made when somebody asks: it costs more than loading.
    report: OnceLock<Arc<TrustReport>>,
}

/// What the verifier is made from.
pub(crate) struct Trust {
    pub(crate) anchors: Anchors,
    /// Must be no part of a path, not even as an intermediate.
    pub(crate) distrusted: Vec<Arc<Distrust>>,
    /// What is revoked, as far as that is to be enforced.
    pub(crate) crls: Vec<Arc<Crl>>,
    /// What is accepted as a server's own certificate.
    pub(crate) pins: Pins,
}

impl Trust {
    /// Whether this very certificate stands in the bundle, and is accepted as a server's own.
    pub(crate) fn is_pinned(&self, der: &[u8]) -> bool {
        self.pins.contains(der)
    }
}

/// Where a path may end.
pub(crate) enum Anchors {
    /// At these, and at no others.
    Roots(Arc<RootCertStore>),
    /// Where the operating system's verifier lets it, or at one of these.
    Delegated(Vec<CertificateDer<'static>>),
}

impl TrustAnchors {
    /// What was decided and why.
    pub fn report(&self) -> &TrustReport {
        let Loaded {
            evidence, report, ..
        } = &*self.0;
        report.get_or_init(|| Arc::new(evidence.report()))
    }

    pub(crate) fn shared_report(&self) -> Arc<TrustReport> {
        let shared = || Arc::new(self.0.evidence.report());
        Arc::clone(self.0.report.get_or_init(shared))
    }

    /// What the base roots are made of, one certificate after the other, as
    /// [`report().bundle`](TrustReport::bundle) says it of the bundle. Made anew with each call;
    /// empty where the operating system keeps them.
    pub fn base_roots(&self) -> BundleReport {
        self.0.evidence.base_roots()
    }

    /// Reads the same sources again, with the variables as they were when the policy was made.
    pub(crate) fn reload(&self) -> Result<Self, CaError> {
        load(&self.0.policy)
    }

    /// What there is to look at for somebody who waits for a change: the files and directories of
    /// the winning source, as the policy names them. None if the bundle is in memory, or if there
    /// is none; the base roots' are not among them.
    pub(crate) fn sources(&self) -> Vec<PathBuf> {
        self.0.policy.sources()
    }

    /// Whether these do not look any more as they did before they were read.
    pub(crate) fn is_outdated(&self) -> bool {
        let now = Stamp::of(&self.sources());
        self.0.evidence.bundle.stamp.is_outdated_by(&now)
    }

    pub(crate) fn trust(&self) -> &Trust {
        &self.0.trust
    }

    /// Those that are known: none where the operating system keeps them.
    pub(crate) fn all(&self) -> &[TrustAnchor<'static>] {
        match &self.0.trust.anchors {
            Anchors::Roots(roots) => &roots.roots,
            Anchors::Delegated(_) => &[],
        }
    }

    /// How many there are; `None` where the operating system keeps them.
    pub(crate) fn count(&self) -> Option<usize> {
        self.0.evidence.anchors
    }

    /// How many have this name, which is the contents of its SEQUENCE in DER.
    pub(crate) fn named(&self, name: &[u8]) -> usize {
        let anchors = self.all().iter();
        anchors.filter(|it| *it.subject == *name).count()
    }

    /// Whether a base root has this name; `None` if there are none to be asked.
    pub(crate) fn is_public(&self, name: &[u8]) -> Option<bool> {
        let mut roots = self.0.evidence.base.settled.accepted().peekable();
        roots.peek()?;
        Some(roots.any(|it| subject_is(&it.certificate.der, name)))
    }

    /// The certificate that an anchor was taken from.
    pub(crate) fn origin_of(&self, anchor: &TrustAnchor<'_>) -> Option<&Block> {
        let Evidence { bundle, base, .. } = &self.0.evidence;
        let mut accepted = bundle.settled.accepted().chain(base.settled.accepted());
        accepted.find(|it| {
            let der = &it.certificate.der;
            subject_is(der, &anchor.subject)
                && trust_anchor(der).ok().flatten() == Some(anchor.to_owned())
        })
    }

    /// Whether every handshake ends the same under both.
    pub(crate) fn trusts_like(&self, other: &Self) -> bool {
        self.fingerprint() == other.fingerprint() && self.trust().pins == other.trust().pins
    }

    pub(crate) fn evidence(&self) -> &Evidence {
        &self.0.evidence
    }

    pub(crate) fn fingerprint(&self) -> &str {
        &self.0.evidence.fingerprint
    }
}

impl fmt::Debug for TrustAnchors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Evidence {
            source,
            anchors,
            fingerprint,
            ..
        } = &self.0.evidence;
        f.debug_struct("TrustAnchors")
            .field("source", source)
            .field("anchors", anchors)
            .field("fingerprint", fingerprint)
            .finish_non_exhaustive()
    }
}

/// Reads what the policy decides on.
pub(crate) fn load(policy: &CaPolicy) -> Result<TrustAnchors, CaError> {
    let decision = policy.decide();
    let (bundle, base) = (Bundle::read(&decision)?, Base::load(decision.base));
    let loaded = assemble(policy, &decision, bundle, base)?;
    loaded.evidence.log();
    Ok(TrustAnchors(Arc::new(loaded)))
}

fn assemble(
    policy: &CaPolicy,
    decision: &Decision<'_>,
    mut bundle: Bundle,
    mut base: Base,
) -> Result<Loaded, CaError> {
    if decision.crls == CrlPolicy::Enforce && base.kind == BaseKind::Delegated {
        return Err(CaError::CrlsNotEnforceable);
    }
    base.settled.obey(&Distrusts::of(&bundle.settled));
    base.settled.leave_out_end_entities();
    bundle.settle(&base)?;
    let crls: Vec<_> = bundle.settled.enforced().cloned().collect();
    base.settled.leave_out_revoked(&crls);
    bundle.settled.find_issuers_of_crls(&base.settled);
    let fingerprint = fingerprint(&bundle, &base);

    let (anchors, count) = match base.kind {
        BaseKind::Delegated => (Anchors::Delegated(bundle.certificates()), None),
        _ => {
            let (roots, count) = union(&mut bundle.settled, &mut base.settled);
            if count == 0 {
                return Err(CaError::NoRoots);
            }
            (Anchors::Roots(Arc::new(roots)), Some(count))
        }
    };
    let trust = Trust {
        anchors,
        distrusted: distrusted(&bundle.settled, &base.settled),
        crls,
        pins: bundle.settled.accepted().map(Block::sha256).collect(),
    };
    Ok(Loaded {
        policy: policy.clone(),
        evidence: Evidence::new(decision, count, fingerprint, bundle, base),
        trust,
        report: OnceLock::new(),
    })
}

/// Of what both sides distrust, each reason once.
fn distrusted(bundle: &Settled, base: &Settled) -> Vec<Arc<Distrust>> {
    let mut seen = HashSet::new();
    let all = bundle.distrusted().chain(base.distrusted());
    all.filter(|(_, why)| seen.insert(Arc::as_ptr(why)))
        .map(|(_, why)| Arc::clone(why))
        .collect()
}

/// Moves the anchors of bundle and base into one store, each once, and counts them with those
/// that are trusted for themselves only.
fn union(bundle: &mut Settled, base: &mut Settled) -> (RootCertStore, usize) {
    let mut count = bundle.accepted().count();
    let mut roots = RootCertStore::empty();
    let both = count + base.accepted().count();
    roots.roots.reserve_exact(both);
    let of_bundle: HashSet<Fingerprint> = match base.certificates[..] {
        [] => HashSet::new(),
        _ => bundle.accepted().map(Block::sha256).collect(),
    };
    let bundle = bundle.certificates.iter_mut();
    roots
        .roots
        .extend(bundle.filter_map(|block| block.anchor.take()));
    for block in &mut base.certificates {
        let anchor = block.anchor.take();
        if anchor.is_some() && !of_bundle.contains(&block.sha256()) {
            roots.roots.extend(anchor);
            count += 1;
        }
    }
    (roots, count)
}

/// What is distrusted or revoked, and who else decides, tells two policies with the same anchors apart.
fn fingerprint(bundle: &Bundle, base: &Base) -> String {
    let (bundle, delegated) = (&bundle.settled, base.kind == BaseKind::Delegated);
    let accepted = bundle.accepted().chain(base.settled.accepted());
    let distrusted = bundle.distrusted().chain(base.settled.distrusted());

    let mut hash = Sha256::new();
    for sha256 in sorted(accepted.map(Block::sha256)) {
        hash.update(sha256);
    }
    if delegated {
        hash.update("delegated");
    }
    for sha256 in sorted(bundle.enforced().map(|crl| crl.sha256)) {
        hash.update("revoked");
        hash.update(sha256);
    }
    for (sha256, with_key) in sorted(distrusted.map(|(it, why)| (it.sha256(), why.key().is_some())))
    {
        hash.update(if with_key { "rejected" } else { "distrusted" });
        hash.update(sha256);
    }
    hex(hash.finalize().into())
}

fn sorted<T: Ord>(fingerprints: impl Iterator<Item = T>) -> Vec<T> {
    let mut sorted: Vec<_> = fingerprints.collect();
    sorted.sort_unstable();
    sorted.dedup();
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ca::bundle::Blocks;
    use crate::ca::distrust::Identity;
    use crate::{BaseRoots, CaPolicy};
    use trusted_transport_lab::Authority;

    fn base(pem: &str) -> Base {
        let mut blocks = Blocks::default();
        blocks.add_leniently("platform.pem".as_ref(), pem.as_bytes().into());
        Base {
            kind: BaseKind::Platform,
            settled: Settled::of(blocks),
        }
    }

    fn loaded(bundle: &str, base: Base) -> Result<TrustReport, CaError> {
        let policy = CaPolicy::platform().bundle_pem("mine", bundle);
        let decision = policy.decide();
        let loaded = assemble(&policy, &decision, Bundle::read(&decision)?, base)?;
        Ok(loaded.evidence.report())
    }

    #[test]
    fn what_the_bundle_distrusts_is_no_base_root_any_more() {
        let [a, b, c] = ["A", "B", "C"].map(Authority::root);
        let base = base(&(a.pem() + &b.pem()));
        let report = loaded(&(c.pem() + &a.rejected_pem()), base).expect("it loads");
        assert_eq!(report.base.anchors, Some(1));
        assert_eq!(report.anchors, Some(2));
    }

    #[test]
    fn what_the_base_distrusts_the_bundle_cannot_bring_back() {
        let [a, b] = ["A", "B"].map(Authority::root);
        let base = || base(&(a.rejected_pem() + &b.pem()));
        let report = loaded(&(a.pem() + &b.pem()), base()).expect("it loads");
        assert_eq!(report.bundle.accepted.len(), 1);
        assert_eq!(report.bundle.distrusted.len(), 1);
        assert_eq!((report.anchors, report.base.anchors), (Some(1), Some(1)));

        let error = loaded(&a.pem(), base()).expect_err("nothing of the bundle is left");
        assert!(
            matches!(error, CaError::NoUsableCertificate { .. }),
            "{error:?}"
        );
    }

    #[test]
    fn the_side_that_distrusts_is_the_one_that_is_named() {
        let [a, b] = ["A", "B"].map(Authority::root);
        let base = base(&a.rejected_pem());
        let report = loaded(&(b.pem() + &a.pem()), base).expect("it loads");
        let [distrusted] = &report.bundle.distrusted[..] else {
            panic!("{report}");
        };
        assert_eq!(distrusted.position, 2);
        let reason = &distrusted.reason;
        assert!(reason.starts_with("`CN=A` is distrusted"), "{reason}");
        assert!(reason.ends_with("in block 1 of `platform.pem`"), "{reason}");
    }

    #[test]
    fn accepted_certificates_of_the_bundle_are_pinned_and_base_roots_never() {
        let [a, b, c] = ["A", "B", "C"].map(Authority::root);
        let policy = CaPolicy::platform().bundle_pem("mine", a.pem() + &b.rejected_pem());
        let decision = policy.decide();
        let bundle = Bundle::read(&decision).expect("it reads");
        let loaded = assemble(&policy, &decision, bundle, base(&c.pem())).expect("it loads");
        let pinned = [&a, &b, &c, &a.renewed()].map(|it| loaded.trust.is_pinned(&it.der()));
        assert_eq!(pinned, [true, false, false, false]);
    }

    #[test]
    fn a_servers_certificate_among_the_base_roots_is_no_anchor() {
        let root = Authority::root("A");
        let server = root.issue(&["a.test"]);
        let report = loaded(&root.pem(), base(&server.chain_pem())).expect("it loads");
        assert_eq!((report.anchors, report.base.anchors), (Some(1), Some(0)));
        assert_eq!(report.base.ignored, Some(1));
    }

    #[test]
    fn a_certificate_of_bundle_and_base_is_one_anchor() {
        let pem: String = (0..2).map(|_| Authority::root("A").pem()).collect();
        let report = loaded(&pem, base(&pem)).expect("it loads");
        assert_eq!((report.anchors, report.base.anchors), (Some(2), Some(2)));
        assert_eq!(report.warnings, [""; 0], "two of a name are not four");
    }

    #[test]
    fn the_same_sources_are_read_again() {
        let [a, b] = ["A", "B"].map(|name| Authority::root(name).pem());
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("ca.pem");
        let write = |pem: &str| std::fs::write(&path, pem).expect("written");
        write(&a);
        let policy = CaPolicy::platform().base(BaseRoots::None);
        let first = policy.bundle(&path).bundle_pem("mine", b).load();
        let first = first.expect("it loads");
        assert_eq!(
            first.sources(),
            [&*path],
            "a bundle in memory never changes"
        );

        let again = first.reload().expect("it loads again");
        assert_eq!(again.fingerprint(), first.fingerprint());
        write(&Authority::root("C").pem());
        let changed = again.reload().expect("it loads again");
        assert_ne!(changed.fingerprint(), first.fingerprint());
        assert_eq!(changed.report().anchors, Some(2));
        assert_eq!(changed.sources(), first.sources());
        write("");
        assert!(changed.reload().is_err());
    }

    #[test]
    fn delegated_roots_are_not_counted() {
        let [a, b] = ["A", "B"].map(Authority::root);
        let policy = CaPolicy::platform().bundle_pem("mine", a.pem() + &b.rejected_pem());
        let decision = policy.decide();
        let base = || Base {
            kind: BaseKind::Delegated,
            settled: Settled::default(),
        };
        let bundle = Bundle::read(&decision).expect("it reads");
        let loaded = assemble(&policy, &decision, bundle, base()).expect("it loads");
        let report = loaded.evidence.report();
        assert_eq!((report.anchors, report.base.anchors), (None, None));
        assert!(
            report
                .to_string()
                .contains("the operating system's own roots")
        );
        let trust = &loaded.trust;
        let Trust {
            anchors,
            distrusted,
            ..
        } = trust;
        assert!(matches!(anchors, Anchors::Delegated(extra) if *extra == [a.der()]));
        assert!(matches!(&distrusted[..], [only] if only.covers(&Identity::of(&b.der()))));

        assert!(trust.is_pinned(&a.der()) && !trust.is_pinned(&b.der()));

        let enforcing = policy.clone().crls(CrlPolicy::Enforce);
        let decision = enforcing.decide();
        let bundle = Bundle::read(&decision).expect("it reads");
        let error = assemble(&enforcing, &decision, bundle, base()).err();
        let error = error.expect("the operating system takes no lists");
        assert!(matches!(error, CaError::CrlsNotEnforceable), "{error}");
        assert_eq!(error.kind(), "crls_not_enforceable");
        assert!(error.hint().contains("BaseRoots::None"), "{}", error.hint());
        assert!(!error.is_retryable() && error.variable().is_none());

        let policy = CaPolicy::platform();
        let alone = assemble(&policy, &policy.decide(), Bundle::default(), base());
        assert!(alone.is_ok(), "the operating system has roots");
    }
}
