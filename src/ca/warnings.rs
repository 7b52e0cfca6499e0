//! What an administrator should know about a bundle that loads, one sentence each.

use std::collections::{HashMap, HashSet};
use std::mem::{Discriminant, discriminant};

use super::account::Evidence;
use super::bundle::Block;
use super::crl::CrlBlock;
use super::decision::CrlPolicy;
use super::report::{BaseKind, BundleReport, ExcludedCertificate, counted};
use super::sources::Bundle;
use super::x509::{Description, Oddity, day, is_end_entity, issuer_of, subject_of};

/// Of what was loaded.
pub(crate) struct Warnings<'a>(pub(crate) &'a Evidence);

impl Warnings<'_> {
    pub(crate) fn all(&self, bundle: &BundleReport, oddities: &Oddities) -> Vec<String> {
        let mut warnings: Vec<String> = self.of_files().into_iter().flatten().collect();
        warnings.extend(bundle.unusable.iter().map(unusable));
        warnings.extend(oddities.told());
        warnings.extend(self.same_subjects(bundle));
        warnings.extend(self.below_distrusted());
        warnings.extend(self.of_blocks(bundle).into_iter().flatten());
        if self.0.crls == CrlPolicy::Enforce {
            warnings.extend(self.of_crls());
        }
        let Evidence { base, .. } = self.0;
        if base.kind == BaseKind::Platform && base.settled.accepted().next().is_none() {
            warnings.push("the operating system has no root certificates".to_owned());
        }
        warnings
    }

    fn of_files(&self) -> [Option<String>; 2] {
        let Bundle { empty, skipped, .. } = &self.0.bundle;
        let empty = empty.first().map(|file| {
            let (files, file) = (counted(empty.len(), "file"), file.display());
            format!("there is no certificate in {files} of the bundle, such as {file}")
        });
        let skipped = skipped.first().map(|item| {
            let (items, item) = (counted(skipped.len(), "item"), item.display());
            format!("not read in the directory: {items} other than regular files, such as {item}")
        });
        [empty, skipped]
    }

    fn of_blocks(&self, bundle: &BundleReport) -> [Option<String>; 3] {
        let duplicates = counted(bundle.duplicates, "block");
        let duplicates = format!("the bundle repeats certificates, in {duplicates}");
        let pkcs7 = self.0.bundle.settled.tally.pkcs7;
        [
            (bundle.duplicates > 0).then_some(duplicates),
            (bundle.private_keys > 0).then(|| PRIVATE_KEY.to_owned()),
            (pkcs7 > 0).then(|| PKCS7.to_owned()),
        ]
    }

    /// Of each kind the first, and how many there are.
    fn of_crls(&self) -> Vec<String> {
        let Bundle { settled, .. } = &self.0.bundle;
        let now = self.0.when;
        let [mut unusable, mut expired, mut nobodys] = [const { Vec::new() }; 3];
        for block in &settled.crls {
            let Some(facts) = block.facts.as_ref().filter(|_| block.problem.is_none()) else {
                unusable.extend(
                    block
                        .problem
                        .as_ref()
                        .map(|why| crl(block, &format!("is not enforced: {why}"))),
                );
                continue;
            };
            if let Some(end) = facts.next_update.filter(|end| *end < now) {
                let end = day(end);
                let what = format!("expired on {end}, and is enforced as it was");
                expired.push(crl(block, &what));
            }
            if !block.anchored {
                nobodys.push(crl(block, NO_ANCHOR));
            }
        }
        let none = settled.enforced().next().is_none();
        let none = none.then(|| NO_CRLS.to_owned());
        let kinds = [unusable, expired, nobodys].into_iter();
        let told = kinds.filter_map(|warnings| first_of(&warnings));
        told.chain(none).collect()
    }

    /// A path ends at the first anchor, and nobody asks for the one above it.
    fn below_distrusted(&self) -> Vec<String> {
        let Bundle { settled, .. } = &self.0.bundle;
        let distrusted = settled.distrusted().chain(self.0.base.settled.distrusted());
        let distrusted: HashSet<String> = distrusted.map(|(_, why)| why.subject.clone()).collect();
        if distrusted.is_empty() {
            return Vec::new();
        }
        let warning = |block: &Block| {
            let issuer = issuer_of(&block.certificate.der)?;
            distrusted.contains(&issuer).then(|| below(block, &issuer))
        };
        settled.accepted().filter_map(warning).collect()
    }

    /// A path is looked for by name, and every anchor of that name is tried.
    fn same_subjects(&self, bundle: &BundleReport) -> Vec<String> {
        let Evidence {
            bundle: Bundle { settled, .. },
            base,
            ..
        } = self.0;
        let in_bundle: HashSet<_> = settled.accepted().map(Block::sha256).collect();
        let of_base = base.settled.accepted();
        let of_base = of_base.filter(|block| !in_bundle.contains(&block.sha256()));
        let of_base: Vec<String> = of_base
            .map(|block| subject_of(&block.certificate.der))
            .collect();
        let of_bundle = bundle.accepted.iter().map(|entry| entry.subject.as_str());
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for subject in of_bundle.chain(of_base.iter().map(String::as_str)) {
            *counts.entry(subject).or_default() += 1;
        }
        let many = counts.into_iter().filter(|(_, count)| *count >= MANY);
        let mut many: Vec<_> = many.collect();
        many.sort_unstable();
        many.into_iter().map(same_subject).collect()
    }
}

fn crl(block: &CrlBlock, what: &str) -> String {
    let (file, position) = (block.file.display(), block.place.position);
    let of = block
        .facts
        .as_ref()
        .map(|facts| format!(" of `{}`", facts.issuer));
    let of = of.unwrap_or_default();
    format!("the revocation list{of} in {file}, block {position}, {what}")
}

fn first_of(warnings: &[String]) -> Option<String> {
    let (first, more) = warnings.split_first()?;
    Some(with_more(first, more.len()))
}

fn with_more(text: &str, more: usize) -> String {
    match more {
        0 => text.to_owned(),
        more => format!("{text}; and {more} more like it"),
    }
}

fn below(block: &Block, issuer: &str) -> String {
    let (file, position) = (block.file.display(), block.place.position);
    let subject = subject_of(&block.certificate.der);
    let all_the_same = match is_end_entity(&block.certificate.der) {
        true => "a server that presents it is refused",
        false => "it is trusted all the same",
    };
    format!(
        "`{subject}` in {file}, block {position}: its issuer, `{issuer}`, is distrusted, and \
         {all_the_same}"
    )
}

fn same_subject((subject, count): (&str, usize)) -> String {
    format!(
        "{count} trust anchors have the subject `{subject}`: the verifier tries one after the \
         other, and gives up after 100 signatures"
    )
}

fn unusable(certificate: &ExcludedCertificate) -> String {
    let ExcludedCertificate {
        subject,
        sha256,
        position,
        reason,
        ..
    } = certificate;
    let file = certificate.file.display();
    format!("`{subject}` in {file}, block {position} (SHA-256 {sha256}), is not trusted: {reason}")
}

/// What is odd about accepted certificates: of each kind the first, and how many there are.
#[derive(Default)]
pub(crate) struct Oddities(Vec<(Discriminant<Oddity>, String, usize)>);

impl Oddities {
    pub(crate) fn add(&mut self, block: &Block, description: &Description) {
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

    fn told(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|(_, text, more)| with_more(text, *more))
    }
}

/// Anchors of one name, from which on it is worth a warning.
const MANY: usize = 3;

const NO_ANCHOR: &str =
    "is of no trust anchor: it counts if a server presents an intermediate of that name";
const NO_CRLS: &str = "revocation lists are to be enforced, and there is none";
const PKCS7: &str = "the bundle holds PKCS#7, which is not read, and may hold certificates";
const PRIVATE_KEY: &str =
    "the bundle holds a private key, which a CA bundle never needs: remove it";
