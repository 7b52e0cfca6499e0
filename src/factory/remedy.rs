//! A failure of trust in words: the reason, for the first line that a person reads, and the remedy
//! behind it.

use std::fmt;

use rustls::CertificateError;
use rustls_pki_types::UnixTime;

use super::failure::{Peer, TrustFailure};
use super::interception::Interception;
use super::refusal::{Refusal, unverified};
use crate::ca::{Chain, SourceKind, TrustReport, counted, printable, utc};

/// Why the certificate was refused; reads after a colon.
pub(crate) struct Reason<'a>(pub(crate) &'a TrustFailure);

/// What to do about it, as a sentence.
pub(crate) struct Remedy<'a>(pub(crate) &'a TrustFailure);

impl fmt::Display for Reason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failure = self.0;
        let refusal = failure.refusal();
        let told = match refusal {
            Refusal::UnknownIssuer => Some(self.unknown_issuer()),
            Refusal::Distrusted => failure.distrust().map(ToString::to_string),
            Refusal::Expired | Refusal::NotYetValid => self.out_of_time(),
            Refusal::WrongHost => Some(self.other_names()),
            Refusal::BadSignature => self.weakness().or_else(|| self.unproven()),
            Refusal::UnknownExtension => self.unknown_extension(),
            Refusal::TooManyPaths => self.same_name(),
            Refusal::WrongPurpose => self.purposes(),
            Refusal::Revoked => self.revoked(),
            Refusal::RevocationUnknown => self.unverified(),
            Refusal::AuthorityAsServer => self.authority(),
            Refusal::NotAnAuthority => self.not_an_authority(),
            _ => None,
        };
        match told {
            Some(told) => f.write_str(&told),
            None => refusal.fmt(f),
        }
    }
}

impl Reason<'_> {
    fn unknown_issuer(&self) -> String {
        let anchors = self.anchors();
        let Some(end) = self.0.end() else {
            return format!("it was signed by none of {anchors}");
        };
        let issuer = &end.issuer;
        if self.0.refused().anchors.named(&end.name) > 0 {
            return format!(
                "it leads to an authority called `{issuer}`, whose key is not that of the trust anchor \
                 of this name ({})",
                self.0.report().source
            );
        }
        match (end.self_issued, end.length) {
            (true, 1) => format!("it is signed by itself, and by none of {anchors}"),
            _ => format!("it leads to `{issuer}`, which is not among {anchors}"),
        }
    }

    /// The anchors that were searched.
    fn anchors(&self) -> String {
        let report = self.0.report();
        match report.anchors {
            Some(count) => format!("the {} ({})", counted(count, "trust anchor"), report.source),
            None => format!("the operating system's roots ({})", report.source),
        }
    }

    fn out_of_time(&self) -> Option<String> {
        let time = match self.0.refused().error {
            CertificateError::ExpiredContext { time, .. }
            | CertificateError::NotValidYetContext { time, .. } => time,
            _ => UnixTime::now(),
        };
        let seconds = i64::try_from(time.as_secs()).ok()?;
        let (subject, not_before, not_after) = self.chain().out_of_time(seconds)?;
        let whose = match self.0.chain().first() {
            Some(end_entity) if end_entity.subject == subject => "it".to_owned(),
            _ => format!("`{subject}` in its chain"),
        };
        let clock = utc(seconds);
        Some(match self.0.refusal() {
            Refusal::Expired => {
                format!("{whose} expired on {not_after}, and this computer's clock says {clock}")
            }
            _ => format!(
                "{whose} is not valid before {not_before}, and this computer's clock says {clock}"
            ),
        })
    }

    fn other_names(&self) -> String {
        let Some(end_entity) = self.0.chain().first() else {
            return Refusal::WrongHost.to_string();
        };
        let names = &end_entity.names;
        let (shown, more) = names.split_at(names.len().min(MOST_NAMES));
        let shown = shown.join(", ");
        match (names.len(), more.len()) {
            (0, _) => format!(
                "it names no host (its subject is `{}`, which counts for nothing: RFC 9110, 4.3.4)",
                end_entity.subject
            ),
            (_, 0) => format!("it is for {shown}"),
            (_, more) => format!("it is for {shown} and {}", counted(more, "other name")),
        }
    }

    fn weakness(&self) -> Option<String> {
        let anchors = self.0.refused().anchors.all();
        let weakness = self.chain().weakness(anchors)?;
        Some(format!("{weakness}, which the verifier does not accept"))
    }

    fn unknown_extension(&self) -> Option<String> {
        let (extension, subject) = self.chain().unknown_extension()?;
        Some(format!(
            "`{subject}` has the critical extension {extension}, which is not known here"
        ))
    }

    fn same_name(&self) -> Option<String> {
        let end = self.0.end()?;
        let count = self.0.refused().anchors.named(&end.name);
        (count > 1).then(|| {
            format!(
                "{count} trust anchors are called `{}`, and the verifier gives up before it has \
                 tried them all",
                end.issuer
            )
        })
    }

    fn unproven(&self) -> Option<String> {
        let unproven = self.0.refused().unproven;
        unproven.then(|| "the server failed to prove that it has the key of it".to_owned())
    }

    fn purposes(&self) -> Option<String> {
        let (subject, purposes) = self.chain().other_purposes()?;
        Some(format!(
            "`{subject}` is not for servers (its purposes: {purposes})"
        ))
    }

    fn authority(&self) -> Option<String> {
        let subject = &self.0.chain().first()?.subject;
        Some(format!(
            "`{subject}` is an authority's certificate (CA:TRUE), which the server presents as its \
             own"
        ))
    }

    fn not_an_authority(&self) -> Option<String> {
        let subject = self.chain().no_authority()?;
        Some(format!(
            "`{subject}` has signed it, which is no authority (CA:FALSE)"
        ))
    }

    fn revoked(&self) -> Option<String> {
        let crls = &self.0.refused().anchors.trust().crls;
        let (subject, crl) = self.chain().revoked(crls)?;
        let (issuer, position, file) = (&crl.issuer, crl.position, crl.file.display());
        Some(format!(
            "`{subject}` stands in the revocation list of `{issuer}`, in block {position} of \
             `{file}`"
        ))
    }

    fn unverified(&self) -> Option<String> {
        let list = unverified(&self.0.refused().error)?;
        Some(list.to_string())
    }

    fn chain(&self) -> Chain<'_> {
        Chain(&self.0.refused().presented)
    }
}

impl fmt::Display for Remedy<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let peer = self.0.peer_name();
        match self.0.refusal() {
            Refusal::UnknownIssuer => f.write_str(&self.where_to_add_the_issuer()),
            Refusal::Distrusted => f.write_str(&self.how_to_trust_it_again()),
            Refusal::Expired => write!(
                f,
                "check this computer's clock; if it is right, {peer} needs a new certificate"
            ),
            Refusal::NotYetValid => f.write_str("check this computer's clock"),
            Refusal::WrongHost => {
                write!(f, "check that {peer} is the name that its operator uses")
            }
            Refusal::BadSignature => write!(
                f,
                "{}: what is needed are RSA keys of 2048 bits or more, or ECDSA, and signatures with \
                 SHA-256",
                self.who_issues()
            ),
            Refusal::TooManyPaths => write!(
                f,
                "leave one certificate of each authority in {}",
                self.bundle()
            ),
            Refusal::AuthorityAsServer => write!(
                f,
                "put exactly this certificate into {}, or give {peer} a certificate that an \
                 authority has signed",
                self.bundle()
            ),
            Refusal::UnknownExtension
            | Refusal::WrongPurpose
            | Refusal::NotAnAuthority
            | Refusal::NotPermitted => write!(
                f,
                "{}: the certificate has to be issued anew",
                self.who_issues()
            ),
            Refusal::RevocationUnknown => write!(
                f,
                "replace the revocation list by the one that its issuer publishes now, or take it \
                 out of {}",
                self.bundle()
            ),
            Refusal::Revoked | Refusal::Malformed | Refusal::Other => write!(
                f,
                "tell the operator of {peer}; nothing here should work around it"
            ),
        }
    }
}

impl Remedy<'_> {
    fn who_issues(&self) -> String {
        match self.0.interception() {
            Interception::Product(product) => {
                format!("tell whoever runs {product} in your network")
            }
            _ => format!("tell the operator of {}", self.0.peer_name()),
        }
    }

    fn where_to_add_the_issuer(&self) -> String {
        let TrustReport {
            source, variables, ..
        } = self.0.report();
        let whose = match self.0.missing_issuer() {
            Some(issuer) => format!("the CA certificate of `{issuer}`"),
            None => "its CA certificate".to_owned(),
        };
        let add = match (&source.path, variables.first()) {
            (Some(path), _) => format!(
                "add {whose} to {}, which {} names",
                path.display(),
                source.name.as_deref().unwrap_or("the program")
            ),
            (None, Some(variable)) if source.kind == SourceKind::Platform => {
                format!("set {variable} to a PEM file with {whose}")
            }
            _ => format!("{whose} has to be given to the program, which consults no variable"),
        };
        let when = match (self.0.peer(), self.0.interception()) {
            (Peer::Host, Interception::Product(product)) => {
                format!("this looks like {product}; if your network uses it, ")
            }
            (Peer::Host, _) => "if your network inspects TLS, ".to_owned(),
            (Peer::Proxy, _) => "if the proxy is your company's, ".to_owned(),
        };
        let alone = self
            .0
            .end()
            .is_some_and(|it| it.length == 1 && !it.self_issued);
        let else_ = match alone {
            true => "; if that is an intermediate, its server has to send it",
            false => "",
        };
        format!("{when}{add}{else_}")
    }

    fn how_to_trust_it_again(&self) -> String {
        let decided = match self.0.distrust() {
            Some(distrust) => format!("was decided in {}", distrust.file.display()),
            None => "is part of the policy".to_owned(),
        };
        format!(
            "the distrust {decided}; ask whoever wrote that, and only if it is a mistake replace \
             the block by the certificate alone (`openssl x509 -in .. -out ..` drops the settings)"
        )
    }

    fn bundle(&self) -> String {
        let TrustReport {
            source, variables, ..
        } = self.0.report();
        match (&source.path, &source.name, variables.first()) {
            (Some(path), ..) => path.display().to_string(),
            (None, Some(name), _) => printable(name),
            (None, None, Some(variable)) => format!("a PEM file that {variable} names"),
            (None, None, None) => "a bundle of the program's".to_owned(),
        }
    }
}

/// The names of a certificate that are told.
const MOST_NAMES: usize = 5;
