//! Chains with revocation lists beside them in the bundle, which both enforce: curl with
//! `--crlfile`, this crate with `CrlPolicy::Enforce`.

use trusted_transport_lab::{Authority, Crl, EndEntity, Form, Template, Usage, Validity};

use super::chains::Chain;
use crate::fixtures::pem;
use crate::support::HOST;

/// The lists of the root that has issued the server's certificate.
pub(super) fn of_a_server() -> Vec<Chain> {
    let [root, other] = ["Lab Root", "Other"].map(Authority::root);
    let server = root.issue(&[HOST]);
    let (this, another) = (&server.chain[0], &root.issue(&[HOST]).chain[0]);
    let with = |name, lists: &[Crl]| listed(name, &server, &root, lists);
    let expired = |revoked: &[_]| root.crl_with(revoked, 1, Validity::Expired);
    let early = |revoked: &[_]| root.crl_with(revoked, 1, Validity::NotYetValid);
    let newer = |revoked: &[_]| root.crl_with(revoked, 2, Validity::Current);
    vec![
        with("nothing-revoked", &[root.crl(&[])]),
        with("another-revoked", &[root.crl(&[another])]),
        with("revoked", &[root.crl(&[this])]),
        with(
            "another-revoked-version-1",
            &[root.crl_version_1(&[another])],
        ),
        with("revoked-version-1", &[root.crl_version_1(&[this])]),
        with("list-of-another-issuer", &[other.crl(&[this])]),
        with("lists-of-two-issuers", &[other.crl(&[this]), root.crl(&[])]),
        with("expired-list", &[expired(&[])]),
        with("early-list", &[early(&[])]),
        with("revoked-in-an-expired-list", &[expired(&[this])]),
        with("revoked-in-an-early-list", &[early(&[this])]),
        with("revoked-in-the-newer-list", &[expired(&[]), newer(&[this])]),
        with("revoked-in-the-older-list", &[expired(&[this]), newer(&[])]),
    ]
}

/// Whether there are lists of all issuers, or of some.
pub(super) fn of_an_intermediate() -> Vec<Chain> {
    let root = Authority::root("Lab Root");
    let one = root.intermediate("Lab Intermediate");
    let server = one.issue(&[HOST]);
    let (this, intermediate) = (&server.chain[0], &one.der());
    let with = |name, lists: &[Crl]| listed(name, &server, &root, lists);
    let alone = |name, lists: &[Crl]| listed(name, &server, &one, lists);
    vec![
        with("nothing-revoked-of-two", &[root.crl(&[]), one.crl(&[])]),
        with("revoked-of-two", &[root.crl(&[]), one.crl(&[this])]),
        with(
            "revoked-intermediate",
            &[root.crl(&[intermediate]), one.crl(&[])],
        ),
        with("only-the-list-of-the-root", &[root.crl(&[])]),
        with("only-the-list-of-the-intermediate", &[one.crl(&[])]),
        with(
            "revoked-in-the-only-list-of-the-intermediate",
            &[one.crl(&[this])],
        ),
        with(
            "revoked-intermediate-in-the-only-list",
            &[root.crl(&[intermediate])],
        ),
        alone(
            "intermediate-as-anchor-with-lists",
            &[root.crl(&[]), one.crl(&[])],
        ),
        alone(
            "revoked-below-intermediate-as-anchor",
            &[root.crl(&[]), one.crl(&[this])],
        ),
    ]
}

/// Where the bundle holds the server's own certificate.
pub(super) fn of_a_pin() -> Vec<Chain> {
    let [root, other] = ["Lab Root", "Other"].map(Authority::root);
    let issued = root.issue(&[HOST]);
    let revoked = root.crl(&[&issued.chain[0]]);
    let case = Form::SelfSignedAuthority.case();
    let bundle = |parts: &[String]| parts.concat();
    vec![
        enforced(
            "pinned-and-no-list",
            &case.end_entity,
            bundle(&[case.bundle(), other.crl(&[]).pem()]),
        ),
        enforced(
            "pinned-and-not-revoked",
            &issued,
            bundle(&[issued.chain_pem(), root.crl(&[]).pem()]),
        ),
        enforced(
            "pinned-and-revoked",
            &issued,
            bundle(&[root.pem(), issued.chain_pem(), revoked.pem()]),
        ),
    ]
}

/// Lists that nobody has signed who may.
pub(super) fn by_nobody() -> Vec<Chain> {
    let [root, namesake] = ["Lab Root", "Lab Root"].map(Authority::root);
    let server = root.issue(&[HOST]);
    let mut forged = root.crl(&[]).der().to_vec();
    *forged.last_mut().expect("a signature") ^= 1;
    let forged = root.pem() + &pem("X509 CRL", &forged);

    // One key, with and without the right to sign lists.
    let allowed = Template::authority("Lab Root");
    let other = allowed.clone().usages(&[Usage::CertSign]).root();
    let allowed = allowed.root();
    let below = other.issue(&[HOST]);
    let revoked = allowed.crl(&[&below.chain[0]]);
    let without_right = |name, list: &Crl| listed(name, &below, &other, std::slice::from_ref(list));
    vec![
        listed("list-of-a-namesake", &server, &root, &[namesake.crl(&[])]),
        enforced("forged-list", &server, forged),
        without_right("list-without-the-right", &allowed.crl(&[])),
        without_right("revoked-without-the-right", &revoked),
    ]
}

fn listed(name: &'static str, server: &EndEntity, root: &Authority, lists: &[Crl]) -> Chain {
    let lists: String = lists.iter().map(Crl::pem).collect();
    enforced(name, server, root.pem() + &lists)
}

fn enforced(name: &'static str, server: &EndEntity, bundle: String) -> Chain {
    let chain = Chain::new(name, server.clone(), bundle);
    Chain {
        revocation: true,
        ..chain
    }
}
