//! Certificate revocation lists of a bundle, with real handshakes on both transports: what a list
//! names is refused if the policy says so, and nothing else is.

use trusted_transport::{
    CaPolicy, CrlPolicy, ProxyPolicy, Refusal, RevocationList, TrustReport, TrustedTransport,
};
use trusted_transport_lab::{Authority, Crl, Origin, Validity};

use crate::fixtures::{element, exclusive, loaded, pem};
use crate::logs::Captured;
use crate::support::{self, HOST, Outcome};

const REVOKED: Outcome = Outcome::Refused(Refusal::Revoked);
const UNKNOWN: Outcome = Outcome::Refused(Refusal::RevocationUnknown);

fn enforcing(bundle: impl Into<String>) -> CaPolicy {
    let policy = exclusive().crls(CrlPolicy::Enforce);
    policy.bundle_pem("company.pem", bundle.into())
}

fn report(policy: &CaPolicy) -> TrustReport {
    policy.load().expect("it loads").report().clone()
}

async fn outcome(policy: &CaPolicy, origin: &Origin) -> Outcome {
    let anchors = policy.load().expect("it loads");
    let builder = TrustedTransport::builder(anchors).proxy(ProxyPolicy::Direct);
    support::both(&support::built(builder, origin), origin, "https").await
}

/// Signed by nobody.
fn forged(list: &Crl) -> String {
    let mut der = list.der().to_vec();
    *der.last_mut().expect("a signature") ^= 1;
    pem("X509 CRL", &der)
}

#[tokio::test]
async fn what_a_list_of_its_issuer_names_is_refused() {
    let [root, other, namesake] = ["Root", "Other", "Root"].map(Authority::root);
    let server = root.issue(&[HOST]);
    let revoked = server.chain[0].clone();
    let origin = Origin::https(server).await.expect("an origin");
    let sibling = root.issue(&[HOST]).chain[0].clone();
    let list = root.crl(&[&revoked]);
    let bundle = |parts: &[&str]| enforcing(root.pem() + &parts.concat());
    let expired = root.crl_with(&[&revoked], 1, Validity::Expired);
    let early = root.crl_with(&[&revoked], 1, Validity::NotYetValid);
    let newer = root.crl_with(&[&sibling], 2, Validity::Current);
    let [list_pem, newer] = [&list, &newer].map(Crl::pem);
    for (what, policy, expected) in [
        ("the list", bundle(&[&list_pem]), REVOKED),
        (
            "in front",
            enforcing(list_pem.clone() + &root.pem()),
            REVOKED,
        ),
        ("in DER", bundle(&[]).bundle_pem("crl", list.der()), REVOKED),
        (
            "of version 1",
            bundle(&[&root.crl_version_1(&[&revoked]).pem()]),
            REVOKED,
        ),
        (
            "of version 1, about another",
            bundle(&[&root.crl_version_1(&[&sibling]).pem()]),
            Outcome::Connected,
        ),
        ("twice", bundle(&[&list_pem, &list_pem]), REVOKED),
        ("expired", bundle(&[&expired.pem()]), REVOKED),
        ("early", bundle(&[&early.pem()]), REVOKED),
        ("and a newer one", bundle(&[&list_pem, &newer]), REVOKED),
        ("behind a newer one", bundle(&[&newer, &list_pem]), REVOKED),
        ("no list", bundle(&[]), Outcome::Connected),
        (
            "ignored",
            bundle(&[&list_pem]).crls(CrlPolicy::Ignore),
            Outcome::Connected,
        ),
        (
            "an empty list",
            bundle(&[&root.crl(&[]).pem()]),
            Outcome::Connected,
        ),
        ("about another", bundle(&[&newer]), Outcome::Connected),
        (
            "of another issuer",
            bundle(&[&other.pem(), &other.crl(&[&revoked]).pem()]),
            Outcome::Connected,
        ),
        (
            "of another anchor with that name",
            bundle(&[&namesake.pem(), &namesake.crl(&[&revoked]).pem()]),
            UNKNOWN,
        ),
        (
            "of another anchor with that name, about another",
            bundle(&[&namesake.pem(), &namesake.crl(&[&sibling]).pem()]),
            Outcome::Connected,
        ),
        (
            "of another anchor with that name, beside the issuer's own",
            bundle(&[
                &namesake.pem(),
                &namesake.crl(&[&revoked]).pem(),
                &root.crl(&[]).pem(),
            ]),
            Outcome::Connected,
        ),
        (
            "of both anchors with that name",
            bundle(&[&namesake.pem(), &namesake.crl(&[]).pem(), &list_pem]),
            REVOKED,
        ),
    ] {
        assert_eq!(outcome(&policy, &origin).await, expected, "{what}");
    }
}

/// What a list would have said is not known if nobody vouches for it.
#[tokio::test]
async fn a_list_without_its_issuers_signature_refuses_all_of_that_issuer() {
    let [root, namesake, other] = ["Root", "Root", "Other"].map(Authority::root);
    let [server, elsewhere] = [root.issue(&[HOST]), other.issue(&[HOST])];
    let origin = Origin::https(server).await.expect("an origin");
    let elsewhere = Origin::https(elsewhere).await.expect("an origin");
    for list in [forged(&root.crl(&[])), namesake.crl(&[]).pem()] {
        let policy = enforcing(root.pem() + &other.pem() + &list);
        let refused = outcome(&policy, &origin).await;
        assert_eq!(refused, UNKNOWN, "{list}");
        let connected = outcome(&policy, &elsewhere).await;
        assert_eq!(connected, Outcome::Connected, "{list}");
    }
}

/// The error and the hint of either transport.
async fn told(policy: &CaPolicy, origin: &Origin) -> [(String, String); 2] {
    let builder = TrustedTransport::builder(policy.load().expect("it loads"));
    let transport = support::built(builder.proxy(ProxyPolicy::Direct), origin);
    let errors = support::both_errors(&transport, origin.addr().port()).await;
    errors.map(|error| {
        assert!(!error.is_retryable());
        (error.to_string(), error.hint().expect("a hint"))
    })
}

#[tokio::test]
async fn the_refusal_names_the_list() {
    let root = Authority::root("Root");
    let intermediate = root.intermediate("One");
    let origin = Origin::https(intermediate.issue(&[HOST])).await;
    let origin = origin.expect("an origin");
    let list = root.crl(&[&intermediate.der()]);
    for (list, reason, remedy) in [
        (
            list.pem(),
            "`CN=One` stands in the revocation list of `CN=Root`, in block 2 of `company.pem`",
            "tell the operator of origin.test",
        ),
        (
            forged(&list),
            "the revocation list of `CN=Root`, in block 2 of `company.pem`, has no valid signature",
            "replace the revocation list",
        ),
    ] {
        for (error, hint) in told(&enforcing(root.pem() + &list), &origin).await {
            assert!(error.contains(reason), "{error}");
            assert!(hint.starts_with(remedy), "{hint}");
        }
    }
}

#[tokio::test]
async fn a_revoked_intermediate_is_no_part_of_a_path() {
    let root = Authority::root("Root");
    let [revoked, sibling] = ["One", "Two"].map(|name| root.intermediate(name));
    let list = root.crl(&[&revoked.der()]).pem();
    for (intermediate, expected) in [(&revoked, REVOKED), (&sibling, Outcome::Connected)] {
        let origin = Origin::https(intermediate.issue(&[HOST])).await;
        let origin = origin.expect("an origin");
        let policy = enforcing(root.pem() + &list);
        assert_eq!(outcome(&policy, &origin).await, expected);
        // As a trust anchor nobody would ask for its own issuer.
        let policy = enforcing(root.pem() + &intermediate.pem() + &list);
        assert_eq!(outcome(&policy, &origin).await, expected);
    }
    let report = report(&enforcing(root.pem() + &revoked.pem() + &list));
    let [unusable] = &report.bundle.unusable[..] else {
        panic!("{report}");
    };
    assert_eq!(
        unusable.reason,
        "it is revoked, in block 3 of `company.pem`"
    );
    assert_eq!(report.anchors, Some(1));
}

#[tokio::test]
async fn an_intermediate_revokes_what_it_has_issued() {
    let root = Authority::root("Root");
    let [one, namesake] = ["One", "One"].map(|name| root.intermediate(name));
    let server = one.issue(&[HOST]);
    let revoked = server.chain[0].clone();
    let origin = Origin::https(server).await.expect("an origin");
    let two = root.intermediate("Two");
    for (list, expected) in [
        (one.crl(&[&revoked]), REVOKED),
        (one.crl(&[]), Outcome::Connected),
        (two.crl(&[&revoked]), Outcome::Connected),
        (namesake.crl(&[]), UNKNOWN),
    ] {
        let policy = enforcing(root.pem() + &list.pem());
        assert_eq!(outcome(&policy, &origin).await, expected);
    }
    let report = report(&enforcing(root.pem() + &one.crl(&[&revoked]).pem()));
    assert_eq!(report.bundle.revocation_lists[0].anchor, None);
    assert_eq!(
        report.warnings,
        [
            "the revocation list of `CN=One` in company.pem, block 2, is of no trust anchor: it \
          counts if a server presents an intermediate of that name"
        ]
    );
}

/// Whoever is seen first.
#[tokio::test]
async fn one_intermediate_does_not_speak_for_another_of_its_name() {
    let root = Authority::root("Root");
    let [one, namesake] = ["One", "One"].map(|name| root.intermediate(name));
    let policy = enforcing(root.pem() + &one.crl(&[]).pem());
    let [one, namesake] = [one, namesake].map(|it| it.issue(&[HOST]));
    let one = Origin::https(one).await.expect("an origin");
    let namesake = Origin::https(namesake).await.expect("an origin");
    let builder = TrustedTransport::builder(policy.load().expect("it loads"));
    let transport = support::built(builder.proxy(ProxyPolicy::Direct), &one);
    for (origin, expected) in [
        (&namesake, UNKNOWN),
        (&one, Outcome::Connected),
        (&namesake, UNKNOWN),
        (&one, Outcome::Connected),
    ] {
        let outcome = support::both(&transport, origin, "https").await;
        assert_eq!(outcome, expected);
    }
}

/// `thisUpdate`, but no `nextUpdate` and no extensions; not even signed.
fn without_next_update() -> String {
    let name = element(0x30, &[]);
    let algorithm = element(0x30, &element(6, &[0x2a, 3]));
    let date = element(0x17, b"260101000000Z");
    let fields = [element(2, &[1]), algorithm.clone(), name, date].concat();
    let signature = element(3, &[0]);
    let list = [element(0x30, &fields), algorithm, signature].concat();
    pem("X509 CRL", &element(0x30, &list))
}

#[tokio::test]
async fn a_list_that_cannot_be_used_is_told_and_the_others_count() {
    let root = Authority::root("Root");
    let server = root.issue(&[HOST]);
    let list = root.crl(&[&server.chain[0]]);
    let origin = Origin::https(server).await.expect("an origin");
    let truncated = pem("X509 CRL", &list.der()[..list.der().len() - 40]);
    let bad = [truncated, without_next_update(), pem("X509 CRL", b"text")].concat();

    let policy = enforcing(root.pem() + &bad);
    assert_eq!(outcome(&policy, &origin).await, Outcome::Connected);
    let policy = enforcing(root.pem() + &bad + &list.pem());
    assert_eq!(outcome(&policy, &origin).await, REVOKED);

    let report = report(&policy);
    let lists = &report.bundle.revocation_lists;
    let told: Vec<_> = lists
        .iter()
        .map(|list| (list.position, list.line, list.problem.as_deref()))
        .collect();
    let lines = (root.pem() + &bad).lines().count();
    assert_eq!(
        told[2].2,
        Some("the block is not a certificate revocation list")
    );
    assert_eq!(told[1].2, Some("it has no nextUpdate"));
    assert_eq!((told[0].2, told[2].2), (told[2].2, told[0].2));
    assert_eq!((told[3].0, told[3].1, told[3].2), (5, lines + 1, None));
    assert_eq!((report.bundle.crls, lists.len()), (4, 4));
    let [warning] = &report.warnings[..] else {
        panic!("{:?}", report.warnings);
    };
    assert_eq!(
        warning,
        "the revocation list in company.pem, block 2, is not enforced: the block is not a \
         certificate revocation list; and 2 more like it"
    );
}

#[test]
fn the_log_tells_what_is_enforced_and_what_cannot_be() {
    let root = Authority::root("Root");
    let bundle = root.pem() + &without_next_update() + &root.crl(&[]).pem();
    let lines = |policy: CaPolicy| {
        Captured::during(|| {
            policy.load().expect("it loads");
        })
    };
    let enforced = lines(enforcing(bundle.clone()));
    let [warning, load] = &enforced[..] else {
        panic!("{enforced:#?}");
    };
    for part in [
        "WARN trusted_transport: revocation list left out",
        "path=company.pem",
        "position=2",
        "issuer=\"(no subject)\"",
        "reason=\"it has no nextUpdate\"",
    ] {
        assert!(warning.contains(part), "{part}\n{warning}");
    }
    assert!(load.contains("crls_enforced=1 crls_ignored=1"), "{load}");
    let ignored = lines(enforcing(bundle).crls(CrlPolicy::Ignore));
    let [load] = &ignored[..] else {
        panic!("{ignored:#?}");
    };
    assert!(load.contains("crls_enforced=0 crls_ignored=2"), "{load}");
}

#[test]
fn the_report_describes_each_list() {
    let [root, other] = ["Root", "Other"].map(Authority::root);
    let server = root.issue(&[HOST]).chain[0].clone();
    let expired = root.crl_with(&[&server], 1, Validity::Expired).pem();
    let policy = enforcing(root.pem() + &expired + &expired + &other.crl(&[]).pem());
    let report = report(&policy);
    let [first, second] = &report.bundle.revocation_lists[..] else {
        panic!("{report}");
    };
    let RevocationList {
        issuer,
        this_update,
        next_update,
        revoked: 1,
        anchor,
        enforced: true,
        problem: None,
        position: 2,
        ..
    } = first
    else {
        panic!("{first:?}");
    };
    assert_eq!(issuer.as_deref(), Some("CN=Root"));
    assert_eq!(anchor.as_deref(), Some("CN=Root"));
    let [this_update, next_update] = [this_update, next_update].map(|date| {
        let date = date.as_deref().expect("a date");
        assert!(date.len() == 20 && date.ends_with('Z'), "{date}");
        date
    });
    assert!(this_update < next_update);
    assert_eq!((second.revoked, second.position), (0, 4));
    assert_eq!(second.anchor, None);
    let [expired, nobodys] = &report.warnings[..] else {
        panic!("{:?}", report.warnings);
    };
    let day = &next_update[..10];
    assert_eq!(
        *expired,
        format!(
            "the revocation list of `CN=Root` in company.pem, block 2, expired on {day}, and is \
             enforced as it was"
        )
    );
    assert!(nobodys.contains("`CN=Other`"), "{nobodys}");
    assert_eq!(report.bundle.crls, 3);
    let text = report.to_string();
    assert!(text.contains("\nenforces: 2 revocation lists\n"), "{text}");
    assert!(!text.contains("left out"), "{text}");
}

#[test]
fn an_ignored_list_is_described_and_nobody_is_warned() {
    let root = Authority::root("Root");
    let list = root.crl_with(&[], 1, Validity::Expired).pem();
    let report = loaded(&(root.pem() + &list + &without_next_update())).expect("it loads");
    let [expired, unusable] = &report.bundle.revocation_lists[..] else {
        panic!("{report}");
    };
    assert_eq!(expired.issuer.as_deref(), Some("CN=Root"));
    assert!(!expired.enforced && expired.problem.is_none());
    assert!(!unusable.enforced && unusable.problem.is_some());
    assert_eq!(report.warnings, [""; 0]);
    let text = report.to_string();
    assert!(text.contains("\nleft out: 2 revocation lists\n"), "{text}");
    assert!(!text.contains("enforces"), "{text}");
}

#[test]
fn a_policy_that_enforces_nothing_says_so() {
    let report = report(&enforcing(Authority::root("Root").pem()));
    assert_eq!(
        report.warnings,
        ["revocation lists are to be enforced, and there is none"]
    );
}

#[test]
fn the_fingerprint_covers_what_is_enforced() {
    let root = Authority::root("Root");
    let server = root.issue(&[HOST]).chain[0].clone();
    let [one, two] = [root.crl(&[]), root.crl(&[&server])].map(|list| list.pem());
    let fingerprint = |parts: &[&str], policy| {
        let bundle = root.pem() + &parts.concat();
        report(&enforcing(bundle).crls(policy)).fingerprint
    };
    let plain = fingerprint(&[], CrlPolicy::Ignore);
    assert_eq!(fingerprint(&[&one], CrlPolicy::Ignore), plain);
    assert_eq!(fingerprint(&[], CrlPolicy::Enforce), plain);
    let enforced = |parts: &[&str]| fingerprint(parts, CrlPolicy::Enforce);
    assert_ne!(enforced(&[&one]), plain);
    assert_ne!(enforced(&[&one]), enforced(&[&two]));
    assert_ne!(enforced(&[&one, &two]), enforced(&[&two]));
    assert_eq!(enforced(&[&one, &two]), enforced(&[&two, &one, &one]));
}

#[test]
fn lists_are_a_bundle_of_their_own_only_if_they_are_enforced() {
    let root = Authority::root("Root");
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("company.crl");
    std::fs::write(&path, root.crl(&[]).der()).expect("written");
    let policy = enforcing(root.pem()).bundle(&path);
    let report = report(&policy);
    assert_eq!(report.bundle.revocation_lists.len(), 1);
    assert_eq!(report.warnings, [""; 0]);

    let error = policy.crls(CrlPolicy::Ignore).load();
    let error = error.expect_err("it decides nothing").to_string();
    assert!(error.ends_with("only 1 revocation list"), "{error}");
    let alone = exclusive().crls(CrlPolicy::Enforce).bundle(&path).load();
    assert_eq!(alone.expect_err("no anchor").kind(), "no_roots");
}

/// Half a second where it is linear, and for ever where it is not.
#[tokio::test]
async fn a_list_of_a_large_authority_is_enforced() {
    let root = Authority::root("Root");
    let origin = Origin::https(root.issue(&[HOST])).await.expect("an origin");
    let list = root.large_crl(50_000);
    let policy = enforcing(root.pem() + &list.pem());
    let before = std::time::Instant::now();
    let report = report(&policy);
    assert!(before.elapsed().as_secs() < 20, "{:?}", before.elapsed());
    assert_eq!(report.bundle.revocation_lists[0].revoked, 50_000);
    assert_eq!(outcome(&policy, &origin).await, Outcome::Connected);
}
