//! What a bundle says not to trust, with real handshakes on both transports: refused, and the
//! refusal names the setting.

use trusted_transport::{ProxyPolicy, Refusal, TransportError, TrustedTransport};
use trusted_transport_lab::{Authority, Origin};

use crate::fixtures::{ANY_PURPOSE, CLIENT_AUTH, SERVER_AUTH, exclusive, report, with_settings};
use crate::support::{self, HOST, Outcome};

const DISTRUSTED: Outcome = Outcome::Refused(Refusal::Distrusted);

fn transport(bundle: String, origin: &Origin) -> TrustedTransport {
    let anchors = exclusive().bundle_pem("company.pem", bundle).load();
    let builder = TrustedTransport::builder(anchors.expect("it loads")).proxy(ProxyPolicy::Direct);
    support::built(builder, origin)
}

#[tokio::test]
async fn openssl_trust_settings_are_obeyed() {
    let root = Authority::root("Root");
    let other = Authority::root("Other").pem();
    let origin = Origin::https(root.issue(&[HOST])).await.expect("an origin");
    let settings = |trust, reject| with_settings(&root.der(), trust, reject);
    let rejected = root.rejected_pem();
    for (bundle, expected) in [
        (root.trusted_pem(), Outcome::Connected),
        (settings(None, &[CLIENT_AUTH]), Outcome::Connected),
        (settings(Some(&[ANY_PURPOSE]), &[]), Outcome::Connected),
        (rejected.clone(), DISTRUSTED),
        (settings(Some(&[]), &[]), DISTRUSTED),
        (settings(Some(&[CLIENT_AUTH]), &[]), DISTRUSTED),
        (settings(Some(&[SERVER_AUTH]), &[ANY_PURPOSE]), DISTRUSTED),
        (root.pem() + &rejected, DISTRUSTED),
        (rejected + &root.pem(), DISTRUSTED),
    ] {
        let transport = transport(bundle.clone() + &other, &origin);
        let outcome = support::both(&transport, &origin, "https").await;
        assert_eq!(outcome, expected, "{bundle}");
    }
}

#[tokio::test]
async fn the_refusal_names_the_setting_and_where_it_stands() {
    let root = Authority::root("Company Root");
    let issued = root.intermediate("Intermediate").issue(&[HOST]);
    let origin = Origin::https(issued).await.expect("an origin");
    let port = origin.addr().port();
    for (block, setting) in [
        (root.rejected_pem(), "-addreject serverAuth"),
        (
            with_settings(&root.der(), Some(&[CLIENT_AUTH]), &[]),
            "trust it for clientAuth only (`-addtrust` without serverAuth)",
        ),
    ] {
        let bundle = Authority::root("Other").pem() + &block;
        let transport = transport(bundle, &origin);
        for error in support::both_errors(&transport, port).await {
            let text = error.to_string();
            for part in [setting, "`CN=Company Root`", "block 2 of `company.pem`"] {
                assert!(text.contains(part), "{part}: {text}");
            }
            let hint = error.hint().expect("a hint");
            assert!(hint.contains("company.pem"), "{hint}");
            assert!(!error.is_retryable());
            assert!(matches!(error, TransportError::Untrusted(_)), "{error:?}");
        }
    }
}

/// A reject list is about the key, in whatever certificate it stands; a trust list is about its own
/// certificate.
#[tokio::test]
async fn a_renewed_certificate_is_distrusted_with_a_rejected_one_only() {
    let root = Authority::root("Root");
    let renewed = root.renewed().pem();
    let other = Authority::root("Other").pem();
    let origin = Origin::https(root.issue(&[HOST])).await.expect("an origin");
    let only_for_clients = with_settings(&root.der(), Some(&[CLIENT_AUTH]), &[]);
    for (old, expected) in [
        (root.pem(), Outcome::Connected),
        (only_for_clients, Outcome::Connected),
        (root.rejected_pem(), DISTRUSTED),
    ] {
        for bundle in [old.clone() + &renewed, renewed.clone() + &old] {
            let transport = transport(bundle + &other, &origin);
            let outcome = support::both(&transport, &origin, "https").await;
            assert_eq!(outcome, expected, "{old}");
        }
    }
}

/// A path ends at the first anchor, as with OpenSSL's partial chains.
#[test]
fn an_anchor_below_a_distrusted_authority_is_told() {
    let root = Authority::root("Root");
    let below = root.intermediate("Below").pem();
    let report = |bundle: String| {
        let anchors = exclusive().bundle_pem("bundle", bundle).load();
        anchors.expect("it loads").report().warnings.clone()
    };
    assert_eq!(report(root.pem() + &below), [""; 0]);
    let warning = "`CN=Below` in bundle, block 2: its issuer, `CN=Root`, is distrusted, and it is \
                   trusted all the same";
    assert_eq!(report(root.rejected_pem() + &below), [warning]);
}

#[test]
fn names_cannot_control_a_terminal_or_a_log() {
    let root = Authority::root("A\u{1b}[2J\nB\u{202e}");
    let text = report(&(Authority::root("C").pem() + &root.rejected_pem() + &root.renewed().pem()));
    let shown = r"CN=A\u{1b}[2J\u{a}B\u{202e}";
    assert_eq!(text.bundle.distrusted[0].subject, shown);
    let reason = &text.bundle.distrusted[1].reason;
    assert!(
        reason.starts_with(&format!("`{shown}` is distrusted")),
        "{reason}"
    );
}

#[tokio::test]
async fn a_distrusted_authority_does_not_explain_another_ones_refusal() {
    let [root, unknown] = ["Root", "Root"].map(Authority::root);
    let origin = Origin::https(unknown.issue(&[HOST])).await;
    let origin = origin.expect("an origin");
    let bundle = Authority::root("Other").pem() + &root.rejected_pem();
    let outcome = support::both(&transport(bundle, &origin), &origin, "https").await;
    assert_eq!(outcome, Outcome::Refused(Refusal::UnknownIssuer));
}

#[tokio::test]
async fn a_distrusted_intermediate_is_no_part_of_a_path() {
    let root = Authority::root("Root");
    let intermediate = root.intermediate("Intermediate");
    let origin = Origin::https(intermediate.issue(&[HOST])).await;
    let origin = origin.expect("an origin");
    let rejected = intermediate.rejected_pem();
    for (bundle, expected) in [
        (root.pem(), Outcome::Connected),
        (root.pem() + &rejected, DISTRUSTED),
    ] {
        let outcome = support::both(&transport(bundle, &origin), &origin, "https").await;
        assert_eq!(outcome, expected);
    }
}
