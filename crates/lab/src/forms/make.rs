//! How each form of chain is made: most bend one certificate, the others choose what is sent or
//! what is trusted.

use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};

use super::Form;
use crate::pki::{
    Authority, Constraints, EndEntity, Key, Purpose, Template, Usage, Validity, namesakes,
};

/// What a server presents, and what a client is to trust.
type Chain = (EndEntity, Vec<CertificateDer<'static>>);

pub(super) fn host(form: Form) -> &'static str {
    match form {
        Form::Wildcard => "www.origin.test",
        Form::WildcardTooShort => "a.b.origin.test",
        Form::IpAddress | Form::IpAddressInCommonName => "127.0.0.1",
        _ => HOST,
    }
}

pub(super) fn chain(form: Form) -> Chain {
    if let Some(pem) = fixture(form) {
        return read(pem);
    }
    if let Some(server) = self_signed(form) {
        let end_entity = server.self_signed();
        let trusted = end_entity.chain.clone();
        return (end_entity, trusted);
    }
    let root = Authority::root("Lab Root");
    let end_entity = if let Some(server) = server(form) {
        server.issued_by(&root)
    } else if let Some(intermediate) = intermediate(form) {
        intermediate.under(&root).issue(&[HOST])
    } else if let Some(end_entity) = sent(form, &root) {
        end_entity
    } else {
        return trusted(form, &root);
    };
    (end_entity, vec![root.der()])
}

/// What the provider cannot make.
fn fixture(form: Form) -> Option<&'static str> {
    Some(match form {
        Form::Rsa1024 => include_str!("../../fixtures/rsa1024-server.pem"),
        Form::Rsa1024Root => include_str!("../../fixtures/rsa1024-root.pem"),
        Form::Sha1 => include_str!("../../fixtures/sha1-server.pem"),
        Form::Sha1Intermediate => include_str!("../../fixtures/sha1-intermediate.pem"),
        _ => return None,
    })
}

/// A key, then the chain, and the root at the end.
fn read(pem: &str) -> Chain {
    let blocks = pem::parse_many(pem).expect("a fixture is PEM");
    let mut blocks = blocks.into_iter().map(pem::Pem::into_contents);
    let key = blocks.next().expect("a fixture has a key");
    let mut chain: Vec<CertificateDer<'static>> = blocks.map(CertificateDer::from).collect();
    let root = chain.pop().expect("a fixture has a root");
    let key = PrivatePkcs8KeyDer::from(key).into();
    (EndEntity { chain, key }, vec![root])
}

/// A certificate that its own key signs and that is trusted itself.
fn self_signed(form: Form) -> Option<Template> {
    // `openssl req -x509` names no usage and no purpose.
    let openssl = |name| {
        Template::server(&[name])
            .constraints(Constraints::Authority)
            .usages(&[])
            .purposes(&[])
    };
    Some(match form {
        Form::SelfSigned => Template::server(&[HOST]).constraints(Constraints::NoAuthority),
        Form::SelfSignedAuthority => openssl(HOST),
        Form::SelfSignedWrongHost => openssl(OTHER),
        Form::SelfSignedExpired => openssl(HOST).validity(Validity::Expired),
        _ => return None,
    })
}

/// A server's certificate directly under the trusted root.
fn server(form: Form) -> Option<Template> {
    let server = Template::server(&[HOST]);
    Some(match form {
        Form::Good => server,
        Form::Wildcard | Form::WildcardTooShort => Template::server(&["*.origin.test"]),
        Form::IpAddress => Template::server(&["127.0.0.1"]),
        Form::WrongHost => Template::server(&[OTHER]),
        Form::IpAddressInCommonName => Template::server(&["127.0.0.1"]).without_alt_names(),
        Form::NoAltName => server.without_alt_names(),
        Form::Expired => server.validity(Validity::Expired),
        Form::NotYetValid => server.validity(Validity::NotYetValid),
        Form::ClientPurpose => server.purposes(&[Purpose::Client]),
        Form::AnyPurpose => server.purposes(&[Purpose::Any]),
        Form::NoPurpose => server.purposes(&[]),
        Form::NoDigitalSignature => server.usages(&[Usage::KeyEncipherment]),
        Form::AuthorityAsServer => server.constraints(Constraints::Authority),
        Form::CriticalExtension => server.unknown_critical_extension(),
        Form::P384 => server.key(Key::P384),
        Form::P521 => server.key(Key::P521),
        Form::Ed25519 => server.key(Key::Ed25519),
        Form::Rsa2048 => server.key(Key::Rsa2048),
        _ => return None,
    })
}

/// The one authority between the trusted root and an ordinary certificate.
fn intermediate(form: Form) -> Option<Template> {
    let intermediate = Template::authority(INTERMEDIATE);
    Some(match form {
        Form::GoodIntermediate => intermediate,
        Form::ExpiredIntermediate => intermediate.validity(Validity::Expired),
        Form::NotYetValidIntermediate => intermediate.validity(Validity::NotYetValid),
        Form::IntermediateNotAuthority => intermediate.constraints(Constraints::NoAuthority),
        Form::IntermediateWithoutCertSign => intermediate.usages(&[Usage::CrlSign]),
        Form::NameConstraintsMet => intermediate.name_constraints(&[HOST], &[]),
        Form::NameNotPermitted => intermediate.name_constraints(&[OTHER], &[]),
        Form::NameExcluded => intermediate.name_constraints(&[], &[HOST]),
        Form::IntermediateClientPurpose => intermediate.purposes(&[Purpose::Client]),
        Form::IntermediateCriticalExtension => intermediate.unknown_critical_extension(),
        _ => return None,
    })
}

/// A chain of good certificates that is special in what is sent of it.
fn sent(form: Form, root: &Authority) -> Option<EndEntity> {
    let upper = root.intermediate(INTERMEDIATE);
    let one = upper.issue(&[HOST]);
    let two = || upper.intermediate("Lab Lower Intermediate").issue(&[HOST]);
    Some(match form {
        Form::MissingIntermediate => one.with_chain(vec![one.chain[0].clone()]),
        Form::Reversed => {
            let mut two = two();
            two.chain[1..].reverse();
            two
        }
        Form::UnrelatedBetween => {
            let mut two = two();
            two.chain.insert(1, Authority::root("Unrelated").der());
            two
        }
        Form::RootSent => {
            let sent = [&one.chain[..], &[root.der()]].concat();
            one.with_chain(sent)
        }
        Form::PathLengthExceeded => {
            let upper = Template::authority(INTERMEDIATE).constraints(Constraints::PathLength(0));
            let lower = upper.under(root).intermediate("Lab Lower Intermediate");
            lower.issue(&[HOST])
        }
        _ => return None,
    })
}

/// A chain of good certificates that is special in what of it is trusted.
fn trusted(form: Form, root: &Authority) -> Chain {
    let intermediate = Template::authority(INTERMEDIATE);
    match form {
        Form::ExpiredRoot => {
            let root = Template::authority("Lab Root").validity(Validity::Expired);
            let root = root.root();
            (root.issue(&[HOST]), vec![root.der()])
        }
        Form::UnknownRoot => (root.issue(&[HOST]), vec![Authority::root("Other").der()]),
        Form::OtherKey => (root.issue(&[HOST]), vec![Authority::root("Lab Root").der()]),
        Form::CrossSigned | Form::CrossSignedSecond => {
            let old = Authority::root("Lab Old Root");
            let mut end_entity = intermediate.under(&old).issue(&[HOST]);
            end_entity.chain.push(intermediate.under(root).der());
            let first = form == Form::CrossSigned;
            (end_entity, vec![if first { old.der() } else { root.der() }])
        }
        Form::IntermediateAsAnchor => {
            let issuer = intermediate.under(root);
            let end_entity = issuer.issue(&[HOST]);
            let alone = end_entity.with_chain(vec![end_entity.chain[0].clone()]);
            (alone, vec![issuer.der()])
        }
        Form::Namesakes => {
            let roots = namesakes("Lab Root", 101);
            let last = roots.last().unwrap_or(root);
            let trusted = roots.iter().map(Authority::der).collect();
            (last.issue(&[HOST]), trusted)
        }
        Form::IssuedAndTrusted => {
            let end_entity = root.issue(&[HOST]);
            let trusted = end_entity.chain.clone();
            (end_entity, trusted)
        }
        other => unreachable!("nobody makes {other:?}"),
    }
}

const HOST: &str = "origin.test";
const OTHER: &str = "other.test";
const INTERMEDIATE: &str = "Lab Intermediate";
