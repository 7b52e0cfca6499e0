//! Certificates that stand in the bundle themselves, with real handshakes on both transports: they
//! are accepted as a server's own if everything else fits, and vouch for nothing but themselves.

use trusted_transport::{CaPolicy, CrlPolicy, ProxyPolicy, Refusal, TrustedTransport};
use trusted_transport_lab::{
    Authority, Constraints, EndEntity, Form, Origin, Purpose, Template, Usage, Validity,
};

use crate::fixtures::{exclusive, pem, report};
use crate::support::{self, HOST, Outcome};

const UNKNOWN: Outcome = Outcome::Refused(Refusal::UnknownIssuer);
const WRONG_PURPOSE: Outcome = Outcome::Refused(Refusal::WrongPurpose);

fn own_pem(server: &EndEntity) -> String {
    pem("CERTIFICATE", &server.chain[0])
}

fn trusting(bundle: String) -> CaPolicy {
    exclusive().bundle_pem("company.pem", bundle)
}

async fn outcome(policy: &CaPolicy, server: &EndEntity) -> Outcome {
    let origin = Origin::https(server.clone()).await.expect("an origin");
    let anchors = policy.load().expect("it loads");
    let builder = TrustedTransport::builder(anchors).proxy(ProxyPolicy::Direct);
    support::both(&support::built(builder, &origin), &origin, "https").await
}

/// As `openssl req -x509` makes it: an authority's, for anything.
fn own() -> Template {
    let template = Template::server(&[HOST]).constraints(Constraints::Authority);
    template.usages(&[]).purposes(&[])
}

#[tokio::test]
async fn a_certificate_in_the_bundle_is_accepted_if_everything_else_fits() {
    use Outcome::Connected;
    let other = Authority::root("Other").pem();
    let constrained = |constraints| own().constraints(constraints).self_signed();
    let usages = |usages: &[_]| own().usages(usages).self_signed();
    let purposes = |purposes: &[_]| own().purposes(purposes).self_signed();
    let valid = |validity| own().validity(validity).self_signed();
    let elsewhere = Template::server(&["elsewhere.test"]).self_signed();
    let nameless = own().without_alt_names().self_signed();
    let unknown = own().unknown_critical_extension().self_signed();
    let issuer = Authority::root("Unknown").intermediate("Unknown too");
    let issued = issuer.issue(&[HOST]);
    let alone = issued.with_chain(issued.chain[..1].to_vec());
    let both = [Usage::DigitalSignature, Usage::CertSign];
    for (what, server, expected) in [
        ("CA:TRUE", own().self_signed(), Connected),
        ("CA:FALSE", constrained(Constraints::NoAuthority), Connected),
        ("neither", constrained(Constraints::Absent), Connected),
        ("by an unknown issuer", alone, Connected),
        ("and with its issuers", issued, Connected),
        ("to sign", usages(&[Usage::DigitalSignature]), Connected),
        ("for RSA", usages(&[Usage::KeyEncipherment]), Connected),
        ("to sign both", usages(&both), Connected),
        (
            "to sign certificates",
            usages(&[Usage::CertSign]),
            WRONG_PURPOSE,
        ),
        ("for servers", purposes(&[Purpose::Server]), Connected),
        ("for anything", purposes(&[Purpose::Any]), Connected),
        ("for clients", purposes(&[Purpose::Client]), WRONG_PURPOSE),
        (
            "extended",
            unknown,
            Outcome::Refused(Refusal::UnknownExtension),
        ),
        (
            "expired",
            valid(Validity::Expired),
            Outcome::Refused(Refusal::Expired),
        ),
        (
            "early",
            valid(Validity::NotYetValid),
            Outcome::Refused(Refusal::NotYetValid),
        ),
        (
            "for another",
            elsewhere,
            Outcome::Refused(Refusal::WrongHost),
        ),
        ("for nobody", nameless, Outcome::Refused(Refusal::WrongHost)),
    ] {
        let policy = trusting(own_pem(&server) + &other);
        assert_eq!(outcome(&policy, &server).await, expected, "{what}");
        let alone = trusting(own_pem(&server));
        assert_eq!(outcome(&alone, &server).await, expected, "{what}, alone");
        let policy = trusting(other.clone());
        assert_ne!(
            outcome(&policy, &server).await,
            Outcome::Connected,
            "{what}, in no bundle"
        );
    }
}

/// Where nothing but a server's own certificate is trusted, there is no anchor at all.
#[tokio::test]
async fn another_server_is_refused_by_a_bundle_of_one_server() {
    let pinned = own().constraints(Constraints::NoAuthority).self_signed();
    let policy = trusting(own_pem(&pinned));
    assert_eq!(policy.load().expect("it loads").report().anchors, Some(1));
    let root = Authority::root("Root");
    let expired = root.issue_with(&[HOST], Validity::Expired);
    for (server, expected) in [
        (root.issue(&[HOST]), UNKNOWN),
        (expired, Outcome::Refused(Refusal::Expired)),
        (pinned, Outcome::Connected),
    ] {
        assert_eq!(outcome(&policy, &server).await, expected);
    }
}

#[tokio::test]
async fn a_pinned_certificate_vouches_for_nothing_else() {
    let root = Authority::root("Root");
    let no_authority = own().constraints(Constraints::NoAuthority);
    let by_usage = own().constraints(Constraints::Absent);
    for template in [no_authority, by_usage.usages(&[Usage::DigitalSignature])] {
        let server = template.self_signed();
        let renewed = template.clone().validity(Validity::Expired).self_signed();
        let signed_by_it = template.root().issue(&[HOST]);
        let with_its_key = template.issued_by(&root);
        assert_eq!(renewed.key_pem(), server.key_pem());
        let bundle = own_pem(&renewed) + &Authority::root("Other").pem();
        let pinned = trusting(own_pem(&server) + &bundle);
        assert_eq!(outcome(&pinned, &server).await, Outcome::Connected);
        for another in [&signed_by_it, &with_its_key] {
            assert_eq!(outcome(&pinned, another).await, UNKNOWN);
        }
        let not_this_one = trusting(bundle);
        assert_eq!(outcome(&not_this_one, &server).await, UNKNOWN);
    }
    let authority = own().root();
    let pinned = trusting(authority.pem());
    let issued = authority.issue(&[HOST]);
    assert_eq!(outcome(&pinned, &issued).await, Outcome::Connected);
}

#[tokio::test]
async fn what_is_distrusted_or_revoked_is_not_accepted_by_its_pin() {
    let root = Authority::root("Root");
    let intermediate = root.intermediate("Intermediate");
    let issued = intermediate.issue(&[HOST]);
    let server = issued.with_chain(issued.chain[..1].to_vec());
    let pin = own_pem(&server);
    let der = &server.chain[0];
    let rejected = crate::fixtures::with_settings(der, None, &[crate::fixtures::SERVER_AUTH]);
    let revoking = |list: String| trusting(pin.clone() + &list).crls(CrlPolicy::Enforce);
    let namesake = root.intermediate("Intermediate");
    let distrusted = Outcome::Refused(Refusal::Distrusted);
    let revoked = Outcome::Refused(Refusal::Revoked);
    let other = Authority::root("Other").pem();
    for (what, policy, expected) in [
        ("pinned", trusting(pin.clone()), Outcome::Connected),
        (
            "rejected too",
            trusting(pin.clone() + &rejected + &other),
            distrusted,
        ),
        ("and before", trusting(rejected + &pin + &other), distrusted),
        (
            "by a rejected authority",
            trusting(pin.clone() + &intermediate.rejected_pem()),
            distrusted,
        ),
        ("revoked", revoking(intermediate.crl(&[der]).pem()), revoked),
        (
            "not revoked",
            revoking(intermediate.crl(&[]).pem()),
            Outcome::Connected,
        ),
        (
            "revoked by another anchor of that name",
            revoking(namesake.crl(&[der]).pem() + &namesake.pem()),
            Outcome::Connected,
        ),
        (
            "revoked, and its issuer an anchor",
            revoking(intermediate.crl(&[der]).pem() + &intermediate.pem()),
            revoked,
        ),
    ] {
        assert_eq!(outcome(&policy, &server).await, expected, "{what}");
    }
}

#[test]
fn the_report_says_what_a_pinned_certificate_is_good_for() {
    let server = Authority::root("Root").issue(&[HOST]);
    let report = report(&own_pem(&server));
    let note = "is an end-entity certificate (CA:FALSE): a server that presents exactly this one \
                is accepted, and it vouches for nothing else; to trust its issuer, add that of \
                `CN=Root`";
    assert_eq!(report.bundle.accepted[0].warnings, [note]);
    let [warning] = &report.warnings[..] else {
        panic!("{:?}", report.warnings);
    };
    assert!(warning.ends_with(note), "{warning}");
    assert_eq!(report.anchors, Some(1));
}

/// The handshake is signed with the key, and no pin changes what is accepted there.
#[tokio::test]
async fn a_weak_key_is_not_made_better_by_a_pin() {
    let weak = Form::Rsa1024.case().end_entity;
    let policy = trusting(own_pem(&weak) + &Authority::root("Other").pem());
    let refused = Outcome::Refused(Refusal::BadSignature);
    assert_eq!(outcome(&policy, &weak).await, refused);
}
