//! The whole way from the bytes of a bundle to the report, through the public interface.

use std::collections::BTreeSet;

use trusted_transport::{BaseRoots, CaPolicy, CrlPolicy, TrustReport};

use crate::oracle::{self, Certificate, Settings};

/// Loads `data` as a bundle. What loads has every certificate accounted for and none of the
/// distrusted ones as an anchor; what does not says so each time; neither shows a private key.
pub fn loader(data: &[u8]) {
    for crls in [CrlPolicy::Ignore, CrlPolicy::Enforce] {
        let policy = CaPolicy::platform().base(BaseRoots::None);
        load(&policy.crls(crls).bundle_pem("fuzz", data), data);
    }
}

fn load(policy: &CaPolicy, data: &[u8]) {
    let text = oracle::text(data);
    let (first, second) = (policy.load(), policy.load());
    let [first, second] = [first, second].map(|loaded| match loaded {
        Ok(anchors) => {
            let report = anchors.report();
            check(report, &certificates(data, &text));
            format!("{report}\n{report:?}\n{anchors:?}")
        }
        Err(error) => format!("{error}\n{}\n{error:?}", error.hint()),
    });
    assert_eq!(first, second);
    let shown = |line: &&str| first.contains(line);
    assert_eq!(private_lines(&text).find(shown), None);
}

fn check(report: &TrustReport, there: &[Certificate]) {
    let bundle = &report.bundle;
    let accepted: BTreeSet<_> = bundle.accepted.iter().map(|it| &*it.sha256).collect();
    let distrusted: BTreeSet<_> = bundle.distrusted.iter().map(|it| &*it.sha256).collect();
    let unusable: BTreeSet<_> = bundle.unusable.iter().map(|it| &*it.sha256).collect();
    let distinct = accepted.len() + distrusted.len() + unusable.len();

    let lists = bundle.revocation_lists.iter();
    assert!(lists.clone().count() <= bundle.crls);
    assert!(lists.clone().all(|it| !it.enforced || it.problem.is_none()));
    assert_eq!(report.anchors, Some(accepted.len()));
    assert_eq!(accepted.len(), bundle.accepted.len());
    assert!(!accepted.is_empty());
    assert_eq!(distinct + bundle.duplicates, there.len());

    let all: BTreeSet<_> = there.iter().map(|it| &*it.sha256).collect();
    let distrusts = there.iter().filter(|it| it.is_distrusted());
    let distrusts: BTreeSet<_> = distrusts.map(|it| &*it.sha256).collect();
    assert!(distrusted.is_superset(&distrusts));
    // Others have the name and key of one of them.
    for other in &bundle.distrusted {
        let by_another = other.reason.contains(" is distrusted: ");
        assert_eq!(by_another, !distrusts.contains(&*other.sha256));
    }
    assert!(accepted.is_disjoint(&distrusted));
    assert_eq!(&(&accepted | &distrusted) | &unusable, all);
}

/// In DER, as no text begins, or in text.
fn certificates(data: &[u8], text: &str) -> Vec<Certificate> {
    match data {
        [0x30, 0x80..=0x84, ..] => vec![Certificate {
            sha256: oracle::sha256(data),
            settings: Settings {
                rejected: false,
                trusted: true,
            },
        }],
        _ => oracle::certificates(text),
    }
}

/// The lines of keys that are long enough to stand nowhere else.
fn private_lines(text: &str) -> impl Iterator<Item = &str> {
    let blocks = text.split("-----BEGIN ");
    let keys = blocks.filter_map(|block| block.split_once("PRIVATE KEY-----"));
    let bodies = keys.map(|(_, rest)| rest.split("-----END ").next().unwrap_or(rest));
    let lines = bodies.flat_map(|body| body.split(['\r', '\n']));
    lines.map(str::trim).filter(|line| line.len() >= 32)
}
