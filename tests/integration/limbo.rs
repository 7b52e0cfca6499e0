//! Path validation on the cases of x509-limbo: the verifier inside of a token against rustls' own
//! with the same certificates. Where limbo expects something else, both differ from it.
//! `UPDATE_EXPECT=1` writes the counts anew.

mod corpus;
mod judges;
mod tally;

use std::path::Path;

use corpus::Case;
use judges::Verdict;
use tally::Tally;
use trusted_transport::CrlPolicy;

#[test]
#[ignore = "needs the corpus of x509-limbo; .ci/run runs it where the corpus is"]
fn a_token_judges_every_case_as_plain_rustls_does() {
    let mut tally = Tally::default();
    corpus::read(&corpus::path(), |case| judge(&case, &mut tally));
    println!("{tally}");
    tally.assert_explained();
    expect_test::expect_file!["limbo/verdicts.txt"].assert_eq(&tally.to_string());
}

#[test]
fn a_token_judges_cases_of_each_kind_as_plain_rustls_does() {
    let mut tally = Tally::default();
    of_each_kind(|case| judge(&case, &mut tally));
    tally.assert_explained();
    let [accepted, refused] = [tally.accepted(), tally.refused()];
    assert!(accepted > 10 && refused > 10, "{tally}");
}

#[test]
fn no_chain_is_accepted_by_the_anchors_of_another_case() {
    let mut cases = Vec::new();
    of_each_kind(|case| cases.extend(accepted(&case).then_some(case)));
    assert!(cases.len() > 10, "{}", cases.len());
    let others = cases.iter().cycle().skip(1);
    for (case, other) in cases.iter().zip(others) {
        if case.trusted_certs == other.trusted_certs {
            continue;
        }
        let token = judges::token(other, CrlPolicy::Ignore);
        let (chain, name) = (case.chain(), case.server_name().expect("a name"));
        let verdict = judges::token_verdict(&token, &chain, &name, case.time());
        let refused = matches!(verdict, Verdict::Refused { .. });
        assert!(refused, "{} by {}", case.id, other.id);
    }
}

/// With the lists of the case, if it has any, and without them.
fn judge(case: &Case, tally: &mut Tally) {
    let Some(name) = case.server_name() else {
        return tally.is_not_about_servers(case);
    };
    let policies: &[CrlPolicy] = match case.crls.is_empty() {
        true => &[CrlPolicy::Ignore],
        false => &[CrlPolicy::Ignore, CrlPolicy::Enforce],
    };
    for &crls in policies {
        let token = judges::token(case, crls);
        let ours = judges::token_verdict(&token, &case.chain(), &name, case.time());
        let plain = judges::plain_verdict(case, crls, &token, &name);
        tally.compare(case, ours, &plain);
        if Some(&crls) == policies.last() {
            tally.is_expected(case, &plain);
        }
    }
}

fn accepted(case: &Case) -> bool {
    let token = judges::token(case, CrlPolicy::Ignore);
    let name = case.server_name().expect("a name");
    let verdict = judges::token_verdict(&token, &case.chain(), &name, case.time());
    matches!(verdict, Verdict::Accepted)
}

/// Two of each namespace, which are always here.
fn of_each_kind(each: impl FnMut(Case)) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/integration/limbo");
    corpus::read(&folder.join("of_each_kind.json"), each);
}
