//! A thousand bundles, judged by this crate and by OpenSSL itself, version 3.0. Where the verdicts
//! differ, the difference is one that `docs/openssl.md` gives a reason for.

mod bystanders;
mod certificates;
mod corrupt;
mod der;
mod encodings;
mod extensions;
mod judge;
mod kit;
mod recipe;
mod settings;
mod settings_by_hand;
mod verdict;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use judge::OpenSsl;
use kit::Kit;
use recipe::Recipe;
use verdict::{NoClass, Ours};

/// How the verdicts on a bundle may differ; `docs/openssl.md` says why they do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Bystander,
    Conflict,
    Encoding,
    Invalid,
    Marker,
    NotSelfSigned,
    NothingUsable,
    Overlooked,
    Unusable,
}

impl Class {
    const ALL: [Self; 9] = [
        Self::Bystander,
        Self::Conflict,
        Self::Encoding,
        Self::Invalid,
        Self::Marker,
        Self::NotSelfSigned,
        Self::NothingUsable,
        Self::Overlooked,
        Self::Unusable,
    ];
}

/// A bundle with both verdicts on it.
struct Trial {
    recipe: Recipe,
    openssl: OpenSsl,
    ours: Ours,
}

impl Trial {
    fn difference(&self) -> Result<Option<Class>, NoClass> {
        verdict::difference(&self.recipe, &self.openssl, &self.ours)
    }

    /// What must not be, whatever the class. `reference` is OpenSSL's verdict on the bundle that
    /// this one is a rewriting of.
    fn faults(&self, reference: Option<&OpenSsl>) -> Vec<String> {
        let mut faults = Vec::new();
        let difference = self.difference();
        if difference != Ok(self.recipe.class) {
            faults.push(format!("{difference:?} instead of {:?}", self.recipe.class));
        }
        if let Ours::Loaded(loaded) = &self.ours {
            if loaded.all() != self.recipe.holds {
                faults.push("a certificate is lost, or one too many is found".to_owned());
            }
            if let OpenSsl::Loaded(store) = &self.openssl
                && !store.rejected.is_disjoint(&loaded.accepted)
            {
                faults.push("a certificate is accepted that OpenSSL rejects".to_owned());
            }
            if let Some(OpenSsl::Loaded(store)) = reference
                && !loaded.agrees_with(store)
            {
                faults.push("the form of the bundle changes the verdict".to_owned());
            }
        }
        if !faults.is_empty() {
            faults.push(format!("{:?}\n{:?}", self.openssl, self.ours));
        }
        faults
    }
}

fn trials(kit: &Kit) -> Vec<Trial> {
    let recipes: Vec<Recipe> = [
        settings::recipes(kit),
        settings_by_hand::recipes(kit),
        certificates::recipes(kit),
        extensions::recipes(kit),
        encodings::recipes(kit),
        bystanders::recipes(kit),
        corrupt::recipes(kit),
    ]
    .into_iter()
    .flatten()
    .collect();
    let paths: Vec<PathBuf> = (0..recipes.len())
        .map(|number| kit.path(&format!("bundle-{number}")))
        .collect();
    for (recipe, path) in recipes.iter().zip(&paths) {
        std::fs::write(path, &recipe.bytes).expect("written");
    }
    let verdicts = judge::verdicts(kit.directory(), &paths);
    let both = recipes.into_iter().zip(verdicts).zip(&paths);
    both.map(|((recipe, openssl), path)| Trial {
        recipe,
        openssl,
        ours: verdict::ours(path),
    })
    .collect()
}

#[test]
#[ignore = "needs openssl, its headers and a C compiler; .ci/run has them"]
fn verdicts_differ_from_those_of_openssl_only_where_documented() {
    let trials = trials(&Kit::new());
    let by_name: BTreeMap<&str, &OpenSsl> = trials
        .iter()
        .map(|trial| (trial.recipe.name.as_str(), &trial.openssl))
        .collect();
    assert_eq!(by_name.len(), trials.len(), "each recipe has its own name");

    let mut faults = Vec::new();
    for trial in &trials {
        let same_as = trial.recipe.same_as.as_deref();
        for fault in trial.faults(same_as.map(|name| by_name[name])) {
            faults.push(format!("{}: {fault}", trial.recipe.name));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));

    let mut counts: BTreeMap<Option<Class>, usize> = BTreeMap::new();
    for trial in &trials {
        *counts.entry(trial.recipe.class).or_default() += 1;
    }
    println!("{} bundles: {counts:?}", trials.len());
    for class in Class::ALL {
        assert!(counts.contains_key(&Some(class)), "{class:?} has no bundle");
    }
}

#[test]
fn every_class_of_differences_is_documented() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/openssl.md");
    let page = std::fs::read_to_string(page).expect("a page");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
    let names: Vec<_> = rows.filter_map(|row| row.split('`').next()).collect();
    let classes: Vec<_> = Class::ALL
        .iter()
        .map(|class| format!("{class:?}"))
        .collect();
    assert_eq!(names, classes);
    let distinct: BTreeSet<_> = Class::ALL.into_iter().collect();
    assert_eq!(distinct.len(), classes.len());
}
