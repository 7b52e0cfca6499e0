//! Base and bundle become what the verifier gets, and the report of it. A certificate
//! that either of them distrusts is removed from both.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls_pki_types::CertificateDer;
use sha2::{Digest, Sha256};

use super::bundle::{Block, Settled};
use super::certificate::{Fingerprint, hex};
use super::decision::Decision;
use super::error::CaError;
use super::report::{
    AcceptedCertificate, BaseKind, BaseReport, BundleReport, ExcludedCertificate, TrustReport,
    counted,
};
use super::sources::{Base, Bundle};

/// What is trusted, loaded and final: obtainable only from
/// [`CaPolicy::load`](crate::CaPolicy::load), and never empty.
#[derive(Clone)]
pub struct TrustAnchors {
    trust: Arc<Trust>,
    report: Arc<TrustReport>,
}

/// What the verifier is made from.
pub(crate) struct Trust {
    pub(crate) anchors: Anchors,
    /// Must be no part of a path, not even as an intermediate.
    pub(crate) distrusted: Vec<CertificateDer<'static>>,
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
        &self.report
    }

    pub(crate) fn trust(&self) -> &Trust {
        &self.trust
    }

    pub(crate) fn shared_report(&self) -> Arc<TrustReport> {
        Arc::clone(&self.report)
    }
}

impl fmt::Debug for TrustAnchors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrustAnchors")
            .field("source", &self.report.source)
            .field("anchors", &self.report.anchors)
            .field("fingerprint", &self.report.fingerprint)
            .finish_non_exhaustive()
    }
}

/// Reads what was decided on.
pub(crate) fn load(decision: &Decision<'_>) -> Result<TrustAnchors, CaError> {
    let mut bundle = Bundle::read(decision)?;
    let base = Base::load(decision.base);
    bundle.distrust(&base)?;
    let loaded = assemble(decision, &bundle, &base)?;
    log(&loaded.report, &bundle.settled);
    Ok(loaded)
}

fn assemble(
    decision: &Decision<'_>,
    bundle: &Bundle,
    base: &Base,
) -> Result<TrustAnchors, CaError> {
    let delegated = base.kind == BaseKind::Delegated;
    let distrusted = bundle.settled.distrusted();
    let distrusted = distrusted.chain(base.settled.distrusted());
    let distrusted: BTreeMap<_, _> = distrusted.map(|(block, _)| by_sha256(block)).collect();

    let union = Union::of(&bundle.settled, &base.settled, |sha256| {
        distrusted.contains_key(sha256)
    });
    if union.roots.is_empty() && !delegated {
        return Err(CaError::NoRoots);
    }

    let count = |count| (!delegated).then_some(count);
    let report = TrustReport {
        source: decision.source.clone(),
        variables: decision.variables.to_vec(),
        lost: decision.lost.clone(),
        base: BaseReport {
            kind: base.kind,
            anchors: count(union.from_base),
            distrusted: count(base.certificates_but_unusable() - union.from_base),
            ignored: count(base.settled.unusable().count() + base.settled.tally.malformed),
        },
        bundle: bundle_report(bundle),
        anchors: count(union.roots.len()),
        fingerprint: fingerprint(&union.sorted, distrusted.keys(), delegated),
        warnings: warnings(bundle, base, union.from_base),
    };
    let anchors = match delegated {
        true => Anchors::Delegated(bundle.certificates()),
        false => Anchors::Roots(Arc::new(union.roots)),
    };
    let distrusted = distrusted.into_values().cloned().collect();
    Ok(TrustAnchors {
        trust: Arc::new(Trust {
            anchors,
            distrusted,
        }),
        report: Arc::new(report),
    })
}

/// The anchors of bundle and base, each once.
struct Union {
    roots: RootCertStore,
    sorted: BTreeSet<Fingerprint>,
    from_base: usize,
}

impl Union {
    fn of(bundle: &Settled, base: &Settled, distrusted: impl Fn(&Fingerprint) -> bool) -> Self {
        let of_base = base
            .accepted()
            .filter(|(block, _)| !distrusted(&block.certificate.sha256));
        let from_base = of_base.clone().count();
        let mut sorted = BTreeSet::new();
        let mut roots = RootCertStore::empty();
        for (block, anchor) in bundle.accepted().chain(of_base) {
            if sorted.insert(block.certificate.sha256) {
                roots.roots.push(anchor.clone());
            }
        }
        Self {
            roots,
            sorted,
            from_base,
        }
    }
}

fn by_sha256(block: &Block) -> (Fingerprint, &CertificateDer<'static>) {
    (block.certificate.sha256, &block.certificate.der)
}

/// What is distrusted, and who else decides, tells two policies with the same anchors apart.
fn fingerprint<'a>(
    sorted: &BTreeSet<Fingerprint>,
    distrusted: impl Iterator<Item = &'a Fingerprint>,
    delegated: bool,
) -> String {
    let mut hash = Sha256::new();
    for sha256 in sorted {
        hash.update(sha256);
    }
    if delegated {
        hash.update("delegated");
    }
    for sha256 in distrusted {
        hash.update("distrusted");
        hash.update(sha256);
    }
    hex(&hash.finalize())
}

fn bundle_report(bundle: &Bundle) -> BundleReport {
    let settled = &bundle.settled;
    BundleReport {
        files: bundle.files.clone(),
        accepted: settled
            .accepted()
            .map(|(block, _)| accepted(block))
            .collect(),
        distrusted: settled.distrusted().map(excluded).collect(),
        unusable: settled.unusable().map(excluded).collect(),
        duplicates: settled.duplicates,
        crls: settled.tally.crls,
        private_keys: settled.tally.private_keys,
        other: settled.tally.other,
    }
}

fn accepted(block: &Block) -> AcceptedCertificate {
    AcceptedCertificate {
        sha256: hex(&block.certificate.sha256),
        subject: block.certificate.subject(),
        not_after: block.certificate.not_after(),
        file: block.file.clone(),
        position: block.place.position,
        line: block.place.line,
        warnings: block.certificate.warnings(),
    }
}

fn excluded((block, reason): (&Block, &str)) -> ExcludedCertificate {
    ExcludedCertificate {
        sha256: hex(&block.certificate.sha256),
        subject: block.certificate.subject(),
        not_after: block.certificate.not_after(),
        file: block.file.clone(),
        position: block.place.position,
        line: block.place.line,
        reason: reason.to_owned(),
    }
}

fn warnings(bundle: &Bundle, base: &Base, from_base: usize) -> Vec<String> {
    let mut warnings = Vec::new();
    if let Some(file) = bundle.empty.first() {
        warnings.push(format!(
            "there is no certificate in {} of the bundle, such as {}",
            counted(bundle.empty.len(), "file"),
            file.display()
        ));
    }
    warnings.extend(bundle.settled.unusable().map(|(block, reason)| {
        let (file, position) = (block.file.display(), block.place.position);
        let subject = block.certificate.subject();
        format!("{subject} in {file}, block {position}, is not trusted: {reason}")
    }));
    if bundle.settled.tally.private_keys > 0 {
        warnings.push("the bundle holds a private key, which a CA bundle never needs".to_owned());
    }
    if base.kind == BaseKind::Platform && from_base == 0 {
        warnings.push("the operating system has no root certificates".to_owned());
    }
    warnings
}

/// Once per load; a certificate that cannot be used is worth a line of its own.
fn log(report: &TrustReport, bundle: &Settled) {
    for lost in &report.lost {
        tracing::info!(
            target: crate::LOG_TARGET,
            variable = lost.name,
            path = %lost.path.display(),
            "CA variable not used, a stronger source won"
        );
    }
    for unusable in &report.bundle.unusable {
        tracing::warn!(
            target: crate::LOG_TARGET,
            path = %unusable.file.display(),
            position = unusable.position,
            subject = unusable.subject,
            reason = unusable.reason,
            "CA certificate left out"
        );
    }
    tracing::info!(
        target: crate::LOG_TARGET,
        source = report.source.kind.as_str(),
        variable = report.source.name,
        path = report.source.path.as_ref().map(|path| tracing::field::display(path.display())),
        accepted = report.bundle.accepted.len(),
        distrusted = report.bundle.distrusted.len(),
        unusable = report.bundle.unusable.len(),
        duplicates = report.bundle.duplicates,
        crls_ignored = report.bundle.crls,
        private_keys = report.bundle.private_keys,
        other = report.bundle.other,
        labels_normalised = bundle.tally.labels_normalised,
        base = ?report.base.kind,
        base_anchors = report.base.anchors,
        base_distrusted = report.base.distrusted,
        base_ignored = report.base.ignored,
        anchors = report.anchors,
        fingerprint = report.fingerprint,
        "trust anchors loaded"
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CaPolicy;
    use crate::ca::bundle::Blocks;
    use trusted_transport_lab::Authority;

    fn base(pem: &str) -> Base {
        let mut blocks = Blocks::default();
        blocks.add_leniently("platform.pem".as_ref(), pem.as_bytes());
        Base {
            kind: BaseKind::Platform,
            settled: blocks.settle(),
        }
    }

    fn loaded(bundle: &str, base: &Base) -> Result<TrustReport, CaError> {
        let policy = CaPolicy::platform().bundle_pem("mine", bundle);
        let decision = policy.decide();
        let mut bundle = Bundle::read(&decision)?;
        bundle.distrust(base)?;
        Ok(assemble(&decision, &bundle, base)?.report().clone())
    }

    #[test]
    fn what_the_bundle_distrusts_is_no_base_root_any_more() {
        let [a, b, c] = ["A", "B", "C"].map(Authority::root);
        let base = base(&(a.pem() + &b.pem()));
        let report = loaded(&(c.pem() + &a.rejected_pem()), &base).expect("it loads");
        assert_eq!(report.base.anchors, Some(1));
        assert_eq!(report.anchors, Some(2));
    }

    #[test]
    fn what_the_base_distrusts_the_bundle_cannot_bring_back() {
        let [a, b] = ["A", "B"].map(Authority::root);
        let base = base(&(a.rejected_pem() + &b.pem()));
        let report = loaded(&(a.pem() + &b.pem()), &base).expect("it loads");
        assert_eq!(report.bundle.accepted.len(), 1);
        assert_eq!(report.bundle.distrusted.len(), 1);
        assert_eq!((report.anchors, report.base.anchors), (Some(1), Some(1)));

        let error = loaded(&a.pem(), &base).expect_err("nothing of the bundle is left");
        assert!(
            matches!(error, CaError::NoUsableCertificate { .. }),
            "{error:?}"
        );
    }
    #[test]
    fn delegated_roots_are_not_counted() {
        let [a, b] = ["A", "B"].map(Authority::root);
        let policy = CaPolicy::platform().bundle_pem("mine", a.pem() + &b.rejected_pem());
        let decision = policy.decide();
        let base = Base {
            kind: BaseKind::Delegated,
            settled: Blocks::default().settle(),
        };
        let bundle = Bundle::read(&decision).expect("it reads");
        let anchors = assemble(&decision, &bundle, &base).expect("it loads");
        let report = anchors.report();
        assert_eq!((report.anchors, report.base.anchors), (None, None));
        assert!(
            report
                .to_string()
                .contains("the operating system's own roots")
        );
        let trust = anchors.trust();
        assert!(matches!(&trust.anchors, Anchors::Delegated(extra) if *extra == [a.der()]));
        assert_eq!(trust.distrusted, [b.der()]);

        let alone = assemble(&CaPolicy::platform().decide(), &Bundle::default(), &base);
        assert!(alone.is_ok(), "the operating system has roots");
    }
}
