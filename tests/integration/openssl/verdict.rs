//! What this crate makes of a bundle, and how that differs from OpenSSL's verdict.

use std::collections::BTreeSet;
use std::path::Path;

use trusted_transport::{BaseRoots, CaPolicy, ExcludedCertificate};

use super::Class;
use super::judge::{OpenSsl, Store};
use super::recipe::Recipe;

#[derive(Debug)]
pub(super) enum Ours {
    /// The kind of the error.
    Error(&'static str),
    Loaded(Loaded),
}

/// The certificates of the report, as SHA-256.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) accepted: BTreeSet<String>,
    pub(super) distrusted: BTreeSet<String>,
    pub(super) unusable: BTreeSet<String>,
    /// Revocation lists, private keys and other blocks.
    pub(super) bystanders: usize,
}

impl Loaded {
    pub(super) fn all(&self) -> BTreeSet<String> {
        let sets = [&self.accepted, &self.distrusted, &self.unusable];
        sets.into_iter().flatten().cloned().collect()
    }

    /// The same certificates trusted, and the same ones distrusted.
    pub(super) fn agrees_with(&self, store: &Store) -> bool {
        self.accepted == store.trusted && self.distrusted == store.rejected
    }
}

/// What this crate makes of the bundle, with nothing else to trust.
pub(super) fn ours(path: &Path) -> Ours {
    let policy = CaPolicy::platform().base(BaseRoots::None).bundle(path);
    let anchors = match policy.load() {
        Ok(anchors) => anchors,
        Err(error) => return Ours::Error(error.kind()),
    };
    let bundle = &anchors.report().bundle;
    let excluded = |list: &[ExcludedCertificate]| {
        let list = list.iter();
        list.map(|entry| entry.sha256.clone()).collect()
    };
    let accepted = bundle.accepted.iter();
    Ours::Loaded(Loaded {
        accepted: accepted.map(|entry| entry.sha256.clone()).collect(),
        distrusted: excluded(&bundle.distrusted),
        unusable: excluded(&bundle.unusable),
        bystanders: bundle.crls + bundle.private_keys + bundle.other,
    })
}

/// The class of the difference, `None` if there is none. It is found from the two verdicts and
/// from what is in the bundle, not from what the recipe expects.
pub(super) fn difference(
    recipe: &Recipe,
    openssl: &OpenSsl,
    ours: &Ours,
) -> Result<Option<Class>, NoClass> {
    let class = match (openssl, ours) {
        (OpenSsl::Error, Ours::Error(_)) => return Ok(None),
        (OpenSsl::Error, Ours::Loaded(loaded)) if loaded.bystanders > 0 => Class::Bystander,
        (OpenSsl::Error, Ours::Loaded(_)) => Class::Encoding,
        (OpenSsl::Loaded(store), Ours::Loaded(loaded)) => return of_loaded(store, loaded),
        (OpenSsl::Loaded(store), Ours::Error("corrupt")) if store.all() == recipe.holds => {
            Class::Overlooked
        }
        (OpenSsl::Loaded(_), Ours::Error("corrupt")) => Class::Marker,
        (OpenSsl::Loaded(store), Ours::Error("no_usable_certificate"))
            if store.trusted.is_empty() =>
        {
            Class::NothingUsable
        }
        (OpenSsl::Loaded(_), Ours::Error(_)) => return Err(NoClass),
    };
    Ok(Some(class))
}

fn of_loaded(store: &Store, loaded: &Loaded) -> Result<Option<Class>, NoClass> {
    let missed = &store.trusted - &loaded.accepted;
    let added = &loaded.accepted - &store.trusted;
    let class = if loaded.agrees_with(store) {
        return Ok(None);
    } else if store.all() != loaded.all() {
        Class::Encoding
    } else if loaded.distrusted == &store.rejected | &missed && added.is_empty() {
        Class::Conflict
    } else if loaded.distrusted != store.rejected {
        return Err(NoClass);
    } else if missed.is_empty() && added == store.partial {
        Class::NotSelfSigned
    } else if missed.is_empty() && added == store.untrusted {
        Class::Invalid
    } else if added.is_empty() && missed == loaded.unusable {
        Class::Unusable
    } else {
        return Err(NoClass);
    };
    Ok(Some(class))
}

/// A difference for which there is no reason.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NoClass;
