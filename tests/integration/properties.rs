//! What holds for every bundle, with bundles by chance. `PROPTEST_CASES` says how many of them.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::test_runner::Config;
use trusted_transport::{CaError, TrustReport};

use self::bundle::{Account, Bundle, additions, bundle, storage};
use self::damage::{damage, damaged};
use crate::fixtures::exclusive;

mod blocks;
mod bundle;
mod damage;
mod oracle;

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_certificate_block_is_accounted_for(bundle in bundle()) {
        let bytes = bundle.bytes();
        let blocks = oracle::certificates(&oracle::text(&bytes)).len();
        prop_assert_eq!(blocks, bundle.account().certificate_blocks());
        if let Ok(report) = load(bytes) {
            prop_assert_eq!(Account::of(&report).certificate_blocks(), blocks);
        }
    }

    #[test]
    fn the_anchors_are_what_no_block_distrusts(bundle in bundle()) {
        let expected = bundle.account();
        match load(bundle.bytes()) {
            Ok(report) => {
                prop_assert_eq!(Account::of(&report), expected);
                prop_assert_eq!(report.anchors, Some(report.bundle.accepted.len()));
            }
            Err(error) => {
                prop_assert!(!expected.is_usable(), "{}", error);
                prop_assert!(says_nothing_usable(&error, &bundle), "{}", error);
            }
        }
    }

    #[test]
    fn damage_loses_no_certificate_and_makes_no_distrusted_one_an_anchor(
        bundle in bundle(),
        damage in damage(),
    ) {
        let bytes = damaged(&bundle, &damage);
        let there = oracle::certificates(&oracle::text(&bytes));
        let Ok(report) = load(bytes) else {
            return Ok(());
        };
        let accepted: BTreeSet<_> = report.bundle.accepted.iter().map(|it| &*it.sha256).collect();
        let distrusted = report.bundle.distrusted.iter().map(|it| &*it.sha256);
        prop_assert_eq!(Account::of(&report).certificate_blocks(), there.len());
        prop_assert_eq!(report.anchors, Some(accepted.len()));
        prop_assert!(accepted.is_disjoint(&distrusted.collect()));
        for sha256 in accepted {
            let mut blocks = there.iter().filter(|it| it.sha256 == sha256).peekable();
            prop_assert!(blocks.peek().is_some(), "{} is not there", sha256);
            prop_assert!(!blocks.any(oracle::Certificate::is_distrusted), "{}", sha256);
        }
    }

    #[test]
    fn the_order_of_blocks_changes_no_trust(
        (bundle, pieces) in bundle().prop_flat_map(|bundle| {
            let pieces = Just(bundle.pieces.clone()).prop_shuffle();
            (Just(bundle), pieces)
        }),
        storage in storage(),
    ) {
        let shuffled = Bundle { pieces, storage, ..bundle.clone() };
        prop_assert_eq!(fingerprint(&bundle), fingerprint(&shuffled));
    }

    #[test]
    fn other_blocks_and_comments_change_no_trust(bundle in bundle(), additions in additions()) {
        let mut more = bundle.clone();
        for (place, piece) in additions {
            let place = place.index(more.pieces.len() + 1);
            more.pieces.insert(place, piece);
        }
        prop_assert_eq!(fingerprint(&bundle), fingerprint(&more));
    }
}

fn load(bytes: Vec<u8>) -> Result<TrustReport, CaError> {
    let anchors = exclusive().bundle_pem("bundle", bytes).load()?;
    Ok(anchors.report().clone())
}

/// Of what is trusted; `None` if nothing is.
fn fingerprint(bundle: &Bundle) -> Option<String> {
    let anchors = exclusive().bundle_pem("bundle", bundle.bytes()).load();
    match anchors {
        Ok(anchors) => Some(anchors.report().fingerprint.clone()),
        Err(error) if says_nothing_usable(&error, bundle) => None,
        Err(error) => panic!("{error}"),
    }
}

/// Without a certificate, but with PKCS#7, the format is what is wrong.
fn says_nothing_usable(error: &CaError, bundle: &Bundle) -> bool {
    match bundle.account().certificate_blocks() == 0 && bundle.holds_pkcs7() {
        true => matches!(error, CaError::OtherFormat { .. }),
        false => matches!(error, CaError::NoUsableCertificate { .. }),
    }
}

fn config() -> Config {
    Config {
        failure_persistence: None,
        ..Config::default()
    }
}
