//! Every form of chain is served, and a raw client refuses it for what is special about it.

use std::io;

use rustls::version::{TLS12, TLS13};
use trusted_transport_lab::{Authority, Form, Origin, RawClient};

#[tokio::test]
async fn each_form_is_refused_for_what_is_special_about_it() -> io::Result<()> {
    for &form in Form::ALL {
        let case = form.case();
        let origin = Origin::https(case.end_entity.clone()).await?;
        let client = RawClient::new(&case.trusted);
        let resolve = Some((case.host, origin.addr()));
        let url = origin.url("https", case.host, "/");
        let outcome = client.https(&url, None, resolve).await;
        let outcome = outcome.map_err(|error| error.to_string());
        match (expected(form), &outcome) {
            (None, Ok(200)) => {}
            (Some(cause), Err(error)) if error.contains(cause) => {}
            (expected, _) => panic!("{}: {outcome:?}, not {expected:?}", form.name()),
        }
    }
    Ok(())
}

/// What rustls says, or `None` where it accepts. What another verifier says is for others to test.
fn expected(form: Form) -> Option<&'static str> {
    Some(match form {
        Form::WrongHost => "only valid for DnsName(\"other.test\")",
        Form::WildcardTooShort => "only valid for DnsName(\"*.origin.test\")",
        Form::IpAddressInCommonName | Form::NoAltName => "not valid for any names",
        Form::Expired | Form::ExpiredIntermediate | Form::SelfSignedExpired => "expired",
        Form::NotYetValid | Form::NotYetValidIntermediate => "not valid yet",
        Form::UnknownRoot | Form::MissingIntermediate | Form::IssuedAndTrusted => "UnknownIssuer",
        Form::OtherKey | Form::Rsa1024 | Form::Rsa1024Root => "BadSignature",
        Form::Namesakes => "MaximumSignatureChecksExceeded",
        Form::IntermediateNotAuthority => "EndEntityUsedAsCa",
        Form::PathLengthExceeded => "PathLenConstraintViolated",
        Form::NameNotPermitted | Form::NameExcluded => "NameConstraintViolation",
        Form::ClientPurpose | Form::IntermediateClientPurpose => "allows client authentication",
        Form::AnyPurpose => "allows 2, 5, 29, 37, 0",
        Form::AuthorityAsServer | Form::SelfSignedAuthority | Form::SelfSignedWrongHost => {
            "CaUsedAsEndEntity"
        }
        Form::CriticalExtension | Form::IntermediateCriticalExtension => {
            "UnsupportedCriticalExtension"
        }
        Form::Sha1 | Form::Sha1Intermediate => "UnsupportedSignatureAlgorithm",
        Form::Good
        | Form::GoodIntermediate
        | Form::Wildcard
        | Form::IpAddress
        | Form::ExpiredRoot
        | Form::Reversed
        | Form::UnrelatedBetween
        | Form::RootSent
        | Form::CrossSigned
        | Form::CrossSignedSecond
        | Form::IntermediateAsAnchor
        | Form::IntermediateWithoutCertSign
        | Form::NameConstraintsMet
        | Form::NoPurpose
        | Form::NoDigitalSignature
        | Form::SelfSigned
        | Form::P384
        | Form::P521
        | Form::Ed25519
        | Form::Rsa2048 => return None,
    })
}

#[test]
fn what_is_sent_and_trusted_is_what_the_form_says() {
    let sizes = |form: Form| {
        let case = form.case();
        (case.end_entity.chain.len(), case.trusted.len())
    };
    assert_eq!(sizes(Form::MissingIntermediate), (1, 1));
    assert_eq!(sizes(Form::Reversed), (3, 1));
    assert_eq!(sizes(Form::UnrelatedBetween), (4, 1));
    assert_eq!(sizes(Form::CrossSignedSecond), (3, 1));
    assert_eq!(sizes(Form::IntermediateAsAnchor), (1, 1));
    assert_eq!(sizes(Form::Namesakes), (1, 101));
    let case = Form::RootSent.case();
    assert_eq!(case.end_entity.chain.last(), case.trusted.first());
    let case = Form::SelfSignedAuthority.case();
    assert_eq!(case.end_entity.chain, case.trusted);
    assert_eq!(case.bundle(), case.end_entity.chain_pem());
    let names: std::collections::HashSet<_> = Form::ALL.iter().map(|form| form.name()).collect();
    assert_eq!(names.len(), Form::ALL.len());
}

#[tokio::test]
async fn a_server_speaks_only_the_versions_it_was_given() -> io::Result<()> {
    let root = Authority::root("Lab Root");
    let client = RawClient::new(&[root.der()]);
    for version in [&TLS12, &TLS13] {
        let end_entity = root.issue(&["127.0.0.1"]);
        let config = end_entity.server_config_for(&[version], &[b"http/1.1"]);
        let origin = Origin::with_tls(config).await?;
        let url = origin.url("https", "127.0.0.1", "/");
        assert_eq!(client.https(&url, None, None).await, Ok(200));
        let seen = origin.handshakes().remove(0).expect("a handshake");
        assert_eq!(seen.version, format!("{:?}", version.version));
    }
    Ok(())
}
