//! What was loaded, kept so that it can be told: the report when somebody asks for it, and a
//! few lines of log at once.

use std::path::PathBuf;

use x509_parser::time::ASN1Time;

use super::bundle::Block;
use super::certificate::hex;
use super::decision::{CrlPolicy, Decision};
use super::distrust::Distrust;
use super::report::{
    AcceptedCertificate, BaseKind, BaseReport, BundleReport, ExcludedCertificate, LostVariable,
    TrustReport, TrustSource,
};
use super::revocation_list::RevocationList;
use super::settled::Settled;
use super::sources::{Base, Bundle};
use super::warnings::{Oddities, Warnings};
use super::x509::{Description, Oddity, printable, subject_of};

/// The facts of a load.
pub(crate) struct Evidence {
    pub(crate) source: TrustSource,
    variables: Vec<String>,
    lost: Vec<LostVariable>,
    pub(crate) crls: CrlPolicy,
    /// In force; `None` if delegated.
    pub(crate) anchors: Option<usize>,
    pub(crate) fingerprint: String,
    pub(crate) bundle: Bundle,
    pub(crate) base: Base,
    pub(crate) when: ASN1Time,
}

impl Evidence {
    pub(crate) fn new(
        decision: &Decision<'_>,
        anchors: Option<usize>,
        fingerprint: String,
        bundle: Bundle,
        base: Base,
    ) -> Self {
        Self {
            source: decision.source.clone(),
            variables: decision.variables.to_vec(),
            lost: decision.lost.clone(),
            crls: decision.crls,
            anchors,
            fingerprint,
            bundle,
            base,
            when: ASN1Time::now(),
        }
    }

    pub(crate) fn report(&self) -> TrustReport {
        let (bundle, oddities) = self.certificates(
            &self.bundle.settled,
            &self.bundle.files,
            Description::pinned,
        );
        TrustReport {
            source: self.source.clone(),
            variables: self.variables.clone(),
            lost: self.lost.clone(),
            base: self.base_report(),
            warnings: Warnings(self).all(&bundle, &oddities),
            bundle,
            anchors: self.anchors,
            fingerprint: self.fingerprint.clone(),
        }
    }

    pub(crate) fn base_roots(&self) -> BundleReport {
        let settled = &self.base.settled;
        let mut files: Vec<PathBuf> = Vec::new();
        for block in &settled.certificates {
            if files.last().is_none_or(|last| **last != *block.file) {
                files.push(block.file.to_path_buf());
            }
        }
        self.certificates(settled, &files, Description::of).0
    }

    fn base_report(&self) -> BaseReport {
        let settled = &self.base.settled;
        let count = |count| (self.base.kind != BaseKind::Delegated).then_some(count);
        BaseReport {
            kind: self.base.kind,
            anchors: count(settled.accepted().count()),
            distrusted: count(settled.distrusted().count()),
            ignored: count(settled.unusable().count() + settled.tally.malformed),
        }
    }

    fn certificates(
        &self,
        settled: &Settled,
        files: &[PathBuf],
        describe: fn(&[u8], ASN1Time) -> Description,
    ) -> (BundleReport, Oddities) {
        let mut oddities = Oddities::default();
        let accepted = settled.accepted().map(|block| {
            let description = describe(&block.certificate.der, self.when);
            oddities.add(block, &description);
            accepted(block, description)
        });
        let distrusted = settled.distrusted();
        let distrusted = distrusted.map(|(block, why)| self.excluded(block, reason(block, why)));
        let unusable = settled.unusable();
        let unusable = unusable.map(|(block, reason)| self.excluded(block, reason.to_owned()));
        let tally = settled.tally;
        let report = BundleReport {
            files: files.to_vec(),
            accepted: accepted.collect(),
            distrusted: distrusted.collect(),
            unusable: unusable.collect(),
            duplicates: settled.duplicates,
            crls: tally.crls,
            revocation_lists: settled.crls.iter().map(RevocationList::of).collect(),
            private_keys: tally.private_keys,
            other: tally.passed_over(),
        };
        (report, oddities)
    }

    fn excluded(&self, block: &Block, reason: String) -> ExcludedCertificate {
        let description = Description::of(&block.certificate.der, self.when);
        ExcludedCertificate {
            sha256: hex(block.sha256()),
            subject: description.subject,
            not_after: description.not_after,
            alias: block.alias.as_deref().map(printable),
            file: block.file.clone(),
            position: block.place.position,
            line: block.place.line,
            reason,
        }
    }

    pub(crate) fn log(&self) {
        for lost in &self.lost {
            tracing::info!(
                target: crate::LOG_TARGET,
                variable = lost.name,
                path = %lost.path.display(),
                "CA variable not used, a stronger source won"
            );
        }
        for (block, reason) in self.bundle.settled.unusable() {
            tracing::warn!(
                target: crate::LOG_TARGET,
                path = %block.file.display(),
                position = block.place.position,
                subject = subject_of(&block.certificate.der),
                sha256 = hex(block.sha256()),
                reason,
                "CA certificate left out"
            );
        }
        if self.crls == CrlPolicy::Enforce {
            self.log_unusable_crls();
        }
        self.log_totals();
    }

    fn log_unusable_crls(&self) {
        for (block, reason) in self.bundle.settled.unusable_crls() {
            tracing::warn!(
                target: crate::LOG_TARGET,
                path = %block.file.display(),
                position = block.place.position,
                line = block.place.line,
                issuer = block.facts.as_ref().map(|facts| &*facts.issuer),
                reason,
                "revocation list left out"
            );
        }
    }

    fn log_totals(&self) {
        let base = self.base_report();
        let Bundle { settled, .. } = &self.bundle;
        let crls_enforced = settled.enforced().count();
        let crls_ignored = match self.crls {
            CrlPolicy::Ignore => settled.tally.crls,
            CrlPolicy::Enforce => settled.unusable_crls().count(),
        };
        tracing::info!(
            target: crate::LOG_TARGET,
            source = self.source.kind.as_str(),
            variable = self.source.name,
            path = self.source.path.as_ref().map(|path| tracing::field::display(path.display())),
            accepted = settled.accepted().count(),
            distrusted = settled.distrusted().count(),
            unusable = settled.unusable().count(),
            duplicates = settled.duplicates,
            crls_enforced,
            crls_ignored,
            private_keys = settled.tally.private_keys,
            other = settled.tally.passed_over(),
            labels_normalised = settled.tally.labels_normalised,
            base = ?base.kind,
            base_anchors = base.anchors,
            base_distrusted = base.distrusted,
            base_ignored = base.ignored,
            anchors = self.anchors,
            fingerprint = self.fingerprint,
            "trust anchors loaded"
        );
    }
}

/// Another block may be the one that decides, with the same certificate or the same key.
fn reason(block: &Block, why: &Distrust) -> String {
    match (&block.file, block.place.position) == (&why.file, why.position) {
        true => why.objection.to_string(),
        false => why.to_string(),
    }
}

fn accepted(block: &Block, description: Description) -> AcceptedCertificate {
    let warnings = description.oddities.iter().map(Oddity::to_string);
    AcceptedCertificate {
        sha256: hex(block.sha256()),
        warnings: warnings.collect(),
        subject: description.subject,
        not_after: description.not_after,
        alias: block.alias.as_deref().map(printable),
        file: block.file.clone(),
        position: block.place.position,
        line: block.place.line,
    }
}
