//! Two verdicts on one chain: whether they agree, and if not, what may be the reason.

use std::fmt;

use trusted_transport::Refusal as R;

use super::program::{self as openssl, Verdict};
use crate::support::Outcome;

/// How the verdicts may differ; `docs/curl.md` says why they do, and on which chains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Anchor,
    AnyList,
    AnyPurpose,
    AuthorityAsServer,
    CommonName,
    DotInName,
    FirstPath,
    KeyUsage,
    Limits,
    ListDates,
    ListRight,
    ListsEndPaths,
    SecurityLevel,
    UnknownStatus,
}

impl Class {
    pub(super) const ALL: [Self; 14] = [
        Self::Anchor,
        Self::AnyList,
        Self::AnyPurpose,
        Self::AuthorityAsServer,
        Self::CommonName,
        Self::DotInName,
        Self::FirstPath,
        Self::KeyUsage,
        Self::Limits,
        Self::ListDates,
        Self::ListRight,
        Self::ListsEndPaths,
        Self::SecurityLevel,
        Self::UnknownStatus,
    ];
}

/// curl's verdict, and that of this crate over HTTPS and WSS.
#[derive(Clone, Copy, Debug)]
pub(super) struct Verdicts {
    pub(super) curl: Verdict,
    pub(super) ours: Outcome,
}

impl Verdicts {
    /// Both accept, or both refuse for the same reason.
    pub(super) fn agree(self) -> bool {
        match (self.curl, self.ours) {
            (Verdict::Accepted, Outcome::Connected) => true,
            (Verdict::WrongHost, ours) => ours == Outcome::Refused(R::WrongHost),
            (Verdict::Refused(error), Outcome::Refused(refusal)) => same(error, refusal),
            _ => false,
        }
    }

    /// Whether a difference of this class looks so.
    pub(super) fn differ_by(self, class: Class) -> bool {
        use Outcome::{Connected, Refused as Ours};
        use Verdict::{Accepted, Refused as Curl};
        let (curl, ours) = (self.curl, self.ours);
        match class {
            Class::Anchor => {
                matches!(curl, Curl(error) if OF_AN_ANCHOR.contains(&error)) && ours == Connected
            }
            Class::AnyList => (curl, ours) == (Accepted, Ours(R::Revoked)),
            Class::AnyPurpose => (curl, ours) == (Curl(openssl::INVALID_PURPOSE), Connected),
            Class::AuthorityAsServer => (curl, ours) == (Accepted, Ours(R::AuthorityAsServer)),
            Class::CommonName | Class::DotInName => (curl, ours) == (Accepted, Ours(R::WrongHost)),
            Class::FirstPath => {
                (curl, ours) == (Curl(openssl::UNABLE_TO_GET_ISSUER_CERT_LOCALLY), Connected)
            }
            Class::KeyUsage => {
                let of_key_usage = [openssl::INVALID_CA, openssl::INVALID_PURPOSE];
                matches!(curl, Curl(error) if of_key_usage.contains(&error)) && ours == Connected
            }
            Class::Limits => (curl, ours) == (Accepted, Ours(R::TooManyPaths)),
            Class::SecurityLevel => (curl, ours) == (Accepted, Ours(R::BadSignature)),
            Class::ListDates | Class::ListRight | Class::ListsEndPaths | Class::UnknownStatus => {
                matches!(curl, Curl(error) if of_lists(class).contains(&error))
                    && matches!(ours, Connected | Ours(R::Revoked))
            }
        }
    }
}

impl fmt::Display for Verdicts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let who = match (self.curl, self.ours) {
            (Verdict::Accepted, Outcome::Connected) => "both accept",
            (Verdict::Accepted, _) => "only curl accepts",
            (_, Outcome::Connected) => "only this crate accepts",
            _ => "both refuse",
        };
        f.write_str(who)?;
        match self.ours {
            Outcome::Refused(refusal) => write!(f, ", {}", refusal.as_str()),
            Outcome::Connected | Outcome::Failed(_) => Ok(()),
        }
    }
}

/// Whether OpenSSL's error means what this crate says.
fn same(error: u32, refusal: R) -> bool {
    let errors: &[u32] = match refusal {
        // To this crate, what is no authority is no anchor.
        R::UnknownIssuer => &[
            openssl::UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
            openssl::DEPTH_ZERO_SELF_SIGNED_CERT,
            openssl::INVALID_CA,
        ],
        R::AuthorityAsServer => &[openssl::DEPTH_ZERO_SELF_SIGNED_CERT],
        R::Distrusted => &[openssl::CERT_REJECTED],
        R::Expired => &[openssl::CERT_HAS_EXPIRED],
        R::NotYetValid => &[openssl::CERT_NOT_YET_VALID],
        R::Revoked => &[openssl::CERT_REVOKED],
        R::RevocationUnknown => &[openssl::UNABLE_TO_GET_CRL, openssl::CRL_SIGNATURE_FAILURE],
        R::BadSignature => &[
            openssl::EE_KEY_TOO_SMALL,
            openssl::CA_KEY_TOO_SMALL,
            openssl::CA_MD_TOO_WEAK,
        ],
        R::UnknownExtension => &[openssl::UNHANDLED_CRITICAL_EXTENSION],
        R::WrongPurpose => &[openssl::INVALID_PURPOSE],
        R::NotAnAuthority => &[openssl::INVALID_CA, openssl::PATH_LENGTH_EXCEEDED],
        R::NotPermitted => &[openssl::PERMITTED_VIOLATION, openssl::EXCLUDED_VIOLATION],
        _ => &[],
    };
    errors.contains(&error)
}

/// What OpenSSL says of the lists where this crate looks past it, and may find them to revoke.
fn of_lists(class: Class) -> &'static [u32] {
    match class {
        Class::ListDates => &[openssl::CRL_HAS_EXPIRED, openssl::CRL_NOT_YET_VALID],
        Class::ListRight => &[openssl::KEYUSAGE_NO_CRL_SIGN],
        Class::ListsEndPaths => &[
            openssl::UNABLE_TO_GET_ISSUER_CERT,
            openssl::UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
        ],
        _ => &[openssl::UNABLE_TO_GET_CRL],
    }
}

const OF_AN_ANCHOR: [u32; 4] = [
    openssl::CERT_HAS_EXPIRED,
    openssl::INVALID_CA,
    openssl::INVALID_PURPOSE,
    openssl::UNHANDLED_CRITICAL_EXTENSION,
];
