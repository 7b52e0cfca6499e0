//! Why a certificate is refused, in one word, from what the verifier says of it.

use std::fmt;

use rustls::{CertificateError, OtherError};

use super::revocation::Unverified;
use crate::ca::Distrust;

/// Why a certificate was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refusal {
    /// No trust anchor stands behind it.
    UnknownIssuer,
    /// It is, or is signed by, a certificate that the bundle or the base roots say not to trust.
    Distrusted,
    /// Its time is over.
    Expired,
    /// Its time has not come, or the clock is wrong.
    NotYetValid,
    /// It is for other names.
    WrongHost,
    /// Its issuer took it back, as a revocation list says (RFC 5280, 5).
    Revoked,
    /// A revocation list in the name of its issuer has no valid signature of the issuer's.
    RevocationUnknown,
    /// A key or a signature in its chain is of a kind that nobody should rely on any more, or is
    /// false.
    BadSignature,
    /// It holds a critical extension that the verifier does not know (RFC 5280, 4.2).
    UnknownExtension,
    /// It is not for servers (RFC 5280, 4.2.1.12).
    WrongPurpose,
    /// It is an authority's, and the server presents it as its own.
    AuthorityAsServer,
    /// A certificate in its chain signs others without being an authority's, or with more
    /// authorities below it than it allows (RFC 5280, 4.2.1.9).
    NotAnAuthority,
    /// An authority in its chain may not sign for this name (RFC 5280, 4.2.1.10).
    NotPermitted,
    /// There were more ways to verify it than the verifier tries: many trust anchors of one name,
    /// say.
    TooManyPaths,
    /// It, or one in its chain, cannot be read.
    Malformed,
    /// See the error's source.
    Other,
}

impl Refusal {
    pub(crate) fn of(error: &CertificateError) -> Self {
        use CertificateError as Error;
        match error {
            Error::UnknownIssuer => Self::UnknownIssuer,
            Error::Expired | Error::ExpiredContext { .. } => Self::Expired,
            Error::NotValidYet | Error::NotValidYetContext { .. } => Self::NotYetValid,
            Error::NotValidForName | Error::NotValidForNameContext { .. } => Self::WrongHost,
            Error::Revoked => Self::Revoked,
            Error::BadSignature
            | Error::UnsupportedSignatureAlgorithmContext { .. }
            | Error::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => Self::BadSignature,
            Error::UnhandledCriticalExtension => Self::UnknownExtension,
            Error::InvalidPurpose | Error::InvalidPurposeContext { .. } => Self::WrongPurpose,
            Error::BadEncoding => Self::Malformed,
            Error::Other(_) if distrust(error).is_some() => Self::Distrusted,
            Error::Other(OtherError(error)) if error.is::<Unverified>() => Self::RevocationUnknown,
            Error::Other(OtherError(error)) => {
                error.downcast_ref().map_or(Self::Other, Self::of_webpki)
            }
            _ => Self::Other,
        }
    }

    /// What rustls passes on as it is.
    fn of_webpki(error: &webpki::Error) -> Self {
        use webpki::Error;
        match error {
            Error::UnsupportedCriticalExtension => Self::UnknownExtension,
            Error::CaUsedAsEndEntity => Self::AuthorityAsServer,
            Error::EndEntityUsedAsCa | Error::PathLenConstraintViolated => Self::NotAnAuthority,
            Error::NameConstraintViolation => Self::NotPermitted,
            Error::MaximumSignatureChecksExceeded
            | Error::MaximumPathBuildCallsExceeded
            | Error::MaximumPathDepthExceeded
            | Error::MaximumNameConstraintComparisonsExceeded => Self::TooManyPaths,
            Error::CertExpired { .. }
            | Error::CertNotValidYet { .. }
            | Error::UnknownRevocationStatus => Self::Other,
            _ => Self::Malformed,
        }
    }

    /// A stable word, as in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UnknownIssuer => "unknown_issuer",
            Self::Distrusted => "distrusted",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::WrongHost => "wrong_host",
            Self::Revoked => "revoked",
            Self::RevocationUnknown => "revocation_unknown",
            Self::BadSignature => "bad_signature",
            Self::UnknownExtension => "unknown_extension",
            Self::WrongPurpose => "wrong_purpose",
            Self::AuthorityAsServer => "authority_as_server",
            Self::NotAnAuthority => "not_an_authority",
            Self::NotPermitted => "not_permitted",
            Self::TooManyPaths => "too_many_paths",
            Self::Malformed => "malformed",
            Self::Other => "other",
        }
    }
}

/// What the verifier of this crate says, and no other.
pub(crate) fn unverified(error: &CertificateError) -> Option<&Unverified> {
    match error {
        CertificateError::Other(OtherError(error)) => error.downcast_ref(),
        _ => None,
    }
}

/// The same.
pub(crate) fn distrust(error: &CertificateError) -> Option<&Distrust> {
    match error {
        CertificateError::Other(OtherError(error)) => error.downcast_ref(),
        _ => None,
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownIssuer => "no trust anchor has signed it",
            Self::Distrusted => "it is distrusted",
            Self::Expired => "it has expired",
            Self::NotYetValid => "it is not valid yet",
            Self::WrongHost => "it is for other host names",
            Self::Revoked => "it was revoked",
            Self::RevocationUnknown => "whether it was revoked is not known",
            Self::BadSignature => "a signature in its chain cannot be relied on",
            Self::UnknownExtension => "it has a critical extension that is not known here",
            Self::WrongPurpose => "it is not for servers",
            Self::AuthorityAsServer => "it is an authority's, and not a server's",
            Self::NotAnAuthority => "a certificate in its chain may not sign it",
            Self::NotPermitted => "an authority in its chain may not sign for this name",
            Self::TooManyPaths => "there are more ways to verify it than are tried",
            Self::Malformed => "it cannot be read",
            Self::Other => "it is not acceptable",
        })
    }
}
