//! What was loaded, kept so that it can be told: the report when somebody asks for it, and a
//! few lines of log at once.

use std::collections::{HashMap, HashSet};
use std::mem::{Discriminant, discriminant};
use std::path::PathBuf;

use x509_parser::time::ASN1Time;

use super::bundle::Block;
use super::certificate::hex;
use super::decision::Decision;
use super::distrust::Distrust;
use super::report::{
    AcceptedCertificate, BaseKind, BaseReport, BundleReport, ExcludedCertificate, LostVariable,
    TrustReport, TrustSource, counted,
};
use super::settled::Settled;
use super::sources::{Base, Bundle};
use super::x509::{Description, Oddity, printable};

/// The facts of a load.
pub(crate) struct Evidence {
    pub(crate) source: TrustSource,
    variables: Vec<String>,
    lost: Vec<LostVariable>,
    /// In force; `None` if delegated.
    pub(crate) anchors: Option<usize>,
    pub(crate) fingerprint: String,
    bundle: Bundle,
    base: Base,
    when: ASN1Time,
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
            anchors,
            fingerprint,
            bundle,
            base,
            when: ASN1Time::now(),
        }
    }

    pub(crate) fn report(&self) -> TrustReport {
        let (bundle, oddities) = self.certificates(&self.bundle.settled, &self.bundle.files);
        TrustReport {
            source: self.source.clone(),
            variables: self.variables.clone(),
            lost: self.lost.clone(),
            base: self.base_report(),
            warnings: self.warnings(&bundle, &oddities),
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
        self.certificates(settled, &files).0
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

    fn certificates(&self, settled: &Settled, files: &[PathBuf]) -> (BundleReport, Oddities) {
        let mut oddities = Oddities::default();
        let accepted = settled.accepted().map(|block| {
            let description = Description::of(&block.certificate.der, self.when);
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
            private_keys: tally.private_keys,
            other: tally.requests + tally.pkcs7 + tally.other,
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

    fn warnings(&self, bundle: &BundleReport, oddities: &Oddities) -> Vec<String> {
        let mut warnings = Vec::new();
        let Bundle { empty, skipped, .. } = &self.bundle;
        warnings.extend(empty.first().map(|file| {
            let files = counted(empty.len(), "file");
            let file = file.display();
            format!("there is no certificate in {files} of the bundle, such as {file}")
        }));
        warnings.extend(skipped.first().map(|item| {
            let items = counted(skipped.len(), "item");
            let item = item.display();
            format!("not read in the directory: {items} other than regular files, such as {item}")
        }));
        warnings.extend(bundle.unusable.iter().map(|unusable| {
            let (file, position) = (unusable.file.display(), unusable.position);
            let ExcludedCertificate {
                subject,
                sha256,
                reason,
                ..
            } = unusable;
            format!(
                "`{subject}` in {file}, block {position} (SHA-256 {sha256}), is not trusted: {reason}"
            )
        }));
        warnings.extend(oddities.warnings());
        warnings.extend(self.same_subjects(bundle));
        if bundle.duplicates > 0 {
            let blocks = counted(bundle.duplicates, "block");
            warnings.push(format!("the bundle repeats certificates, in {blocks}"));
        }
        if bundle.private_keys > 0 {
            warnings.push(PRIVATE_KEY.to_owned());
        }
        if self.bundle.settled.tally.pkcs7 > 0 {
            warnings.push(PKCS7.to_owned());
        }
        if self.base.kind == BaseKind::Platform && self.base.settled.accepted().next().is_none() {
            warnings.push("the operating system has no root certificates".to_owned());
        }
        warnings
    }

    /// A path is looked for by name, and every anchor of that name is tried.
    fn same_subjects(&self, bundle: &BundleReport) -> Vec<String> {
        let subject = |block: &Block| Description::of(&block.certificate.der, self.when).subject;
        let Bundle { settled, .. } = &self.bundle;
        let in_bundle: HashSet<_> = settled.accepted().map(Block::sha256).collect();
        let only_base = self.base.settled.accepted();
        let only_base = only_base.filter(|block| !in_bundle.contains(&block.sha256()));
        let of_base: Vec<String> = only_base.map(subject).collect();
        let of_bundle = bundle.accepted.iter().map(|entry| entry.subject.as_str());
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for subject in of_bundle.chain(of_base.iter().map(String::as_str)) {
            *counts.entry(subject).or_default() += 1;
        }
        let mut many: Vec<_> = counts
            .into_iter()
            .filter(|(_, count)| *count >= MANY)
            .collect();
        many.sort_unstable();
        let warning = |(subject, count)| {
            format!(
                "{count} trust anchors have the subject `{subject}`: the verifier tries one after \
                 the other, and gives up after 100 signatures"
            )
        };
        many.into_iter().map(warning).collect()
    }

    /// A certificate that cannot be used is worth a line of its own.
    pub(crate) fn log(&self) {
        for lost in &self.lost {
            tracing::info!(
                target: crate::LOG_TARGET,
                variable = lost.name,
                path = %lost.path.display(),
                "CA variable not used, a stronger source won"
            );
        }
        let Bundle { settled, .. } = &self.bundle;
        for (block, reason) in settled.unusable() {
            let subject = Description::of(&block.certificate.der, self.when).subject;
            tracing::warn!(
                target: crate::LOG_TARGET,
                path = %block.file.display(),
                position = block.place.position,
                subject,
                sha256 = hex(block.sha256()),
                reason,
                "CA certificate left out"
            );
        }
        let base = self.base_report();
        tracing::info!(
            target: crate::LOG_TARGET,
            source = self.source.kind.as_str(),
            variable = self.source.name,
            path = self.source.path.as_ref().map(|path| tracing::field::display(path.display())),
            accepted = settled.accepted().count(),
            distrusted = settled.distrusted().count(),
            unusable = settled.unusable().count(),
            duplicates = settled.duplicates,
            crls_ignored = settled.tally.crls,
            private_keys = settled.tally.private_keys,
            other = settled.tally.requests + settled.tally.pkcs7 + settled.tally.other,
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

/// What is odd about accepted certificates: of each kind the first, and how many there are.
#[derive(Default)]
struct Oddities(Vec<(Discriminant<Oddity>, String, usize)>);

impl Oddities {
    fn add(&mut self, block: &Block, description: &Description) {
        for oddity in &description.oddities {
            let kind = discriminant(oddity);
            if let Some((.., more)) = self.0.iter_mut().find(|(known, ..)| *known == kind) {
                *more += 1;
                continue;
            }
            let (file, position) = (block.file.display(), block.place.position);
            let subject = &description.subject;
            let text = format!("`{subject}` in {file}, block {position}: {oddity}");
            self.0.push((kind, text, 0));
        }
    }

    fn warnings(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|(_, text, more)| match more {
            0 => text.clone(),
            more => format!("{text}; and {more} more like it"),
        })
    }
}

/// Anchors of one name, from which on it is worth a warning.
const MANY: usize = 3;

const PKCS7: &str = "the bundle holds PKCS#7, which is not read, and may hold certificates";
const PRIVATE_KEY: &str = "the bundle holds a private key, which a CA bundle never needs";
