//! What both are asked about: the forms of the lab, and what else operators meet.

use trusted_transport_lab::{
    Authority, Constraints, EndEntity, Form, Purpose, Template, Usage, Validity,
};

use super::revocation;
use crate::support::HOST;

/// A chain that a server presents, and the bundle that both read.
pub(super) struct Chain {
    pub(super) name: &'static str,
    pub(super) host: &'static str,
    pub(super) end_entity: EndEntity,
    pub(super) bundle: String,
    /// Whether the revocation lists of the bundle count.
    pub(super) revocation: bool,
    /// OpenSSL's security level.
    pub(super) level: u8,
}

impl Chain {
    pub(super) fn new(name: &'static str, end_entity: EndEntity, bundle: String) -> Self {
        Self {
            name,
            host: HOST,
            end_entity,
            bundle,
            revocation: false,
            level: USUAL_LEVEL,
        }
    }

    fn of(form: Form) -> Self {
        let case = form.case();
        let bundle = case.bundle();
        let host = case.host;
        Self {
            host,
            ..Self::new(form.name(), case.end_entity, bundle)
        }
    }
}

pub(super) fn all() -> Vec<Chain> {
    let forms = Form::ALL.iter().map(|&form| Chain::of(form)).collect();
    let others = [
        names(),
        paths(),
        usages(),
        roots(),
        settings(),
        pins(),
        renewed_pins(),
        levels(),
        revocation::of_a_server(),
        revocation::of_an_intermediate(),
        revocation::of_a_pin(),
        revocation::by_nobody(),
    ];
    let groups = [forms].into_iter().chain(others);
    groups.flatten().collect()
}

/// How a name covers a host.
fn names() -> Vec<Chain> {
    let root = Authority::root("Lab Root");
    let named = |name, presented, host| {
        let chain = Chain::new(name, root.issue(&[presented]), root.pem());
        Chain { host, ..chain }
    };
    vec![
        named("upper-case-name", "ORIGIN.TEST", HOST),
        named("underscore", "an_origin.test", "an_origin.test"),
        named("host-with-a-dot-at-its-end", HOST, "origin.test."),
        named("name-with-a-dot-at-its-end", "origin.test.", HOST),
        named("wildcard-in-a-label", "o*.origin.test", "one.origin.test"),
        named("wildcard-for-itself", "*.origin.test", HOST),
        named("wildcard-below-one-label", "*.test", HOST),
    ]
}

/// Where there is more than one path, or a long one.
fn paths() -> Vec<Chain> {
    let template = Template::authority("Lab Root");
    let old = template.clone().validity(Validity::Expired).root();
    let new = template.root();
    // As in 2020, when a root expired that had certified its successor.
    let before = Template::authority("Lab Old Root").validity(Validity::Expired);
    let before = before.root();
    let certified = template.clone().validity(Validity::Expired).under(&before);
    let below = |count: usize| {
        let issuer = (0..count).fold(new.clone(), |issuer, number| {
            issuer.intermediate(&format!("Lab Intermediate {number}"))
        });
        issuer.issue(&[HOST])
    };
    let both = [&old, &new].map(Authority::pem).concat();
    let roots = [&before, &new].map(Authority::pem).concat();
    vec![
        Chain::new("expired-root-and-its-renewal", new.issue(&[HOST]), both),
        Chain::new(
            "expired-cross-certificate",
            certified.issue(&[HOST]),
            new.pem(),
        ),
        Chain::new(
            "expired-cross-certificate-and-root",
            certified.issue(&[HOST]),
            roots,
        ),
        Chain::new("six-intermediates", below(6), new.pem()),
        Chain::new("seven-intermediates", below(7), new.pem()),
    ]
}

/// Key usages that are not for TLS.
fn usages() -> Vec<Chain> {
    let root = Authority::root("Lab Root");
    let server = |name, usage| {
        let server = Template::server(&[HOST]).usages(&[usage]);
        Chain::new(name, server.issued_by(&root), root.pem())
    };
    vec![
        server("server-that-signs-certificates-only", Usage::CertSign),
        server("server-that-signs-lists-only", Usage::CrlSign),
    ]
}

/// Roots that may not do everything.
fn roots() -> Vec<Chain> {
    let under = |name, root: Template| {
        let root = root.root();
        Chain::new(name, root.issue(&[HOST]), root.pem())
    };
    let template = || Template::authority("Lab Root");
    vec![
        under(
            "root-that-signs-lists-only",
            template().usages(&[Usage::CrlSign]),
        ),
        under(
            "root-for-clients-only",
            template().purposes(&[Purpose::Client]),
        ),
        under(
            "root-that-is-no-authority",
            template().constraints(Constraints::NoAuthority),
        ),
        under(
            "root-with-critical-extension",
            template().unknown_critical_extension(),
        ),
        under(
            "root-may-certify-it",
            template().name_constraints(&[HOST], &[]),
        ),
        under(
            "root-may-certify-others",
            template().name_constraints(&["other.test"], &[]),
        ),
        under(
            "root-may-not-certify-it",
            template().name_constraints(&[], &[HOST]),
        ),
    ]
}

/// Certificates with OpenSSL's trust settings.
fn settings() -> Vec<Chain> {
    let [root, other] = ["Lab Root", "Other"].map(Authority::root);
    let intermediate = root.intermediate("Lab Intermediate");
    let chain = |name, one: String, two: String| {
        let end_entity = intermediate.issue(&[HOST]);
        Chain::new(name, end_entity, one + &two)
    };
    let [rejected, rejected_root] = [&intermediate, &root].map(Authority::rejected_pem);
    vec![
        chain("trusted-root", other.pem(), root.trusted_pem()),
        chain("rejected-root", other.pem(), rejected_root),
        chain("rejected-intermediate", root.pem(), rejected),
    ]
}

/// Servers' own certificates in the bundle.
fn pins() -> Vec<Chain> {
    let authority = || Template::server(&[HOST]).constraints(Constraints::Authority);
    let pinned = |name, template: Template| {
        let end_entity = template.self_signed();
        let bundle = end_entity.chain_pem();
        Chain::new(name, end_entity, bundle)
    };
    let issued = |name, form: Form| {
        let end_entity = form.case().end_entity;
        let bundle = end_entity.chain_pem();
        Chain::new(name, end_entity, bundle)
    };
    vec![
        pinned(
            "pinned-client-purpose",
            authority().purposes(&[Purpose::Client]),
        ),
        pinned("pinned-any-purpose", authority().purposes(&[Purpose::Any])),
        pinned(
            "pinned-that-signs-lists-only",
            authority().usages(&[Usage::CrlSign]),
        ),
        pinned(
            "pinned-critical-extension",
            authority().unknown_critical_extension(),
        ),
        pinned("pinned-no-alt-name", authority().without_alt_names()),
        pinned(
            "pinned-not-yet-valid",
            authority().validity(Validity::NotYetValid),
        ),
        issued("pinned-rsa1024", Form::Rsa1024),
        issued("pinned-sha1", Form::Sha1),
    ]
}

/// Another certificate of the same server's, with the same key.
fn renewed_pins() -> Vec<Chain> {
    let root = Authority::root("Lab Root");
    let server = Template::server(&[HOST]);
    let authority = server.clone().constraints(Constraints::Authority);
    let renewed = |name, make: &dyn Fn() -> EndEntity| Chain::new(name, make(), make().chain_pem());
    vec![
        renewed("pinned-and-renewed", &|| server.issued_by(&root)),
        renewed("pinned-and-renewed-self-signed", &|| server.self_signed()),
        renewed("pinned-and-renewed-authority", &|| authority.self_signed()),
    ]
}

/// What is weak to some who build OpenSSL, and not to others.
fn levels() -> Vec<Chain> {
    let at = |name, form, level| Chain {
        name,
        level,
        ..Chain::of(form)
    };
    vec![
        at("rsa1024-at-level-1", Form::Rsa1024, 1),
        at("rsa1024-root-at-level-1", Form::Rsa1024Root, 1),
        at("sha1-at-level-1", Form::Sha1, 1),
        at("sha1-at-level-0", Form::Sha1, 0),
        at("sha1-intermediate-at-level-0", Form::Sha1Intermediate, 0),
    ]
}

/// At least 112 bits of security. That of Debian, of Ubuntu, and of OpenSSL itself since 3.2.
const USUAL_LEVEL: u8 = 2;
