//! Why a TLS handshake failed, other than for the server's certificate: told by rustls' types.

use std::error::Error;
use std::fmt;
use std::io;

use rustls::{AlertDescription, InvalidMessage, PeerIncompatible};

use super::attempt::{alert, causes};
use super::trace::{Asked, Progress};

/// Why a TLS handshake failed, if the server's certificate is not to blame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TlsFault {
    /// The two sides have no version of TLS in common.
    Version,
    /// They have no cipher suite, key exchange or application protocol in common.
    Parameters,
    /// The other side ended the connection without a word: a server or a middlebox that does not
    /// like what it was sent, or that nobody is behind.
    CutOff,
    /// What came is not TLS.
    NotTls,
    /// The server wants a certificate of this program, and got none.
    ClientCertificateRequired,
    /// The server does not accept this program's certificate.
    ClientCertificateRefused,
    /// The connection was cut off after the server had asked for a client certificate. It may not
    /// have been content, and its reason was lost.
    ClientCertificateInDoubt,
    /// The connection was cut off, and the client certificate that there is was not asked for. Where
    /// the network inspects TLS, it cannot arrive.
    ClientCertificateNotAsked,
    /// The other side sent another fatal alert (RFC 8446, 6.2).
    Alert,
    /// See the error's source.
    Other,
}

impl TlsFault {
    pub(crate) fn of(error: &(dyn Error + 'static)) -> Self {
        causes(error)
            .find_map(|cause| {
                let tls = cause.downcast_ref().map(Self::of_tls);
                tls.or_else(|| Self::of_io(cause.downcast_ref()?))
            })
            .unwrap_or(Self::Other)
    }

    /// What the client's certificate, or the want of one, has to do with a failure.
    pub(crate) fn of_client(progress: &Progress, error: &(dyn Error + 'static)) -> Option<Self> {
        use AlertDescription as Alert;
        let asked = match progress.asked {
            Asked::Not | Asked::InVain => None,
            Asked::Unanswered => Some(Self::ClientCertificateRequired),
            Asked::Answered(_) => Some(Self::ClientCertificateRefused),
        };
        let Some(alert) = alert(error) else {
            return match (Self::of(error), &progress.asked) {
                (Self::CutOff, Asked::InVain) => Some(Self::ClientCertificateNotAsked),
                (Self::CutOff, _) => asked.map(|_| Self::ClientCertificateInDoubt),
                // h2 keeps the kind of an error of TLS, and no more.
                _ => asked.filter(|_| of_unknown_tls(error)),
            };
        };
        match (Self::of_alert(alert), alert) {
            (Self::ClientCertificateRequired, _) => Some(Self::ClientCertificateRequired),
            (Self::ClientCertificateRefused, _) => {
                Some(asked.unwrap_or(Self::ClientCertificateRefused))
            }
            // What servers say where TLS 1.2 has no better word, if it comes after their question.
            (_, Alert::HandshakeFailure | Alert::DecryptError) => asked,
            _ => None,
        }
    }

    /// The same, on a connection that seemed to be made: in TLS 1.3 the client comes last, and is
    /// judged behind its own end of the handshake (RFC 8446, 4.4.2.4).
    pub(crate) fn after_handshake(
        progress: &Progress,
        error: &(dyn Error + 'static),
    ) -> Option<Self> {
        // In a resumed session nobody asks.
        let resumed = progress.presented.is_empty();
        match Self::of_client(progress, error) {
            Some(Self::ClientCertificateNotAsked) if resumed => None,
            Some(fault) => Some(fault),
            None => alert(error).map(Self::of_alert),
        }
    }

    pub(crate) fn of_alert(alert: AlertDescription) -> Self {
        use AlertDescription as Alert;
        match alert {
            Alert::ProtocolVersion => Self::Version,
            Alert::HandshakeFailure
            | Alert::InsufficientSecurity
            | Alert::NoApplicationProtocol => Self::Parameters,
            Alert::CertificateRequired | Alert::NoCertificate => Self::ClientCertificateRequired,
            Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateExpired
            | Alert::CertificateUnknown
            | Alert::UnknownCA
            | Alert::AccessDenied => Self::ClientCertificateRefused,
            _ => Self::Alert,
        }
    }

    /// Whether the same may go well another time.
    pub(crate) fn may_pass(self) -> bool {
        matches!(
            self,
            Self::CutOff | Self::ClientCertificateInDoubt | Self::ClientCertificateNotAsked
        )
    }

    /// A stable word, as in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Version => "version",
            Self::Parameters => "parameters",
            Self::CutOff => "cut_off",
            Self::NotTls => "not_tls",
            Self::ClientCertificateRequired => "client_certificate_required",
            Self::ClientCertificateRefused => "client_certificate_refused",
            Self::ClientCertificateInDoubt => "client_certificate_in_doubt",
            Self::ClientCertificateNotAsked => "client_certificate_not_asked",
            Self::Alert => "alert",
            Self::Other => "other",
        }
    }

    fn of_tls(error: &rustls::Error) -> Self {
        use rustls::Error as Tls;
        match error {
            Tls::AlertReceived(alert) => Self::of_alert(*alert),
            Tls::PeerIncompatible(
                PeerIncompatible::ServerDoesNotSupportTls12Or13
                | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
            ) => Self::Version,
            Tls::PeerIncompatible(_) | Tls::NoApplicationProtocol => Self::Parameters,
            Tls::InvalidMessage(
                InvalidMessage::InvalidContentType
                | InvalidMessage::UnknownProtocolVersion
                | InvalidMessage::MessageTooLarge
                | InvalidMessage::InvalidEmptyPayload,
            ) => Self::NotTls,
            _ => Self::Other,
        }
    }

    fn of_io(error: &io::Error) -> Option<Self> {
        use io::ErrorKind as Kind;
        let cut = [
            Kind::UnexpectedEof,
            Kind::ConnectionReset,
            Kind::ConnectionAborted,
            Kind::BrokenPipe,
        ];
        cut.contains(&error.kind()).then_some(Self::CutOff)
    }
}

/// An error of TLS, less what it was.
fn of_unknown_tls(error: &(dyn Error + 'static)) -> bool {
    let tls = causes(error).any(|cause| cause.is::<rustls::Error>());
    let of_data = |cause: &io::Error| cause.kind() == io::ErrorKind::InvalidData;
    !tls && causes(error).any(|cause| cause.downcast_ref().is_some_and(of_data))
}

impl fmt::Display for TlsFault {
    /// Reads after a colon.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Version => "the two sides have no version of TLS in common",
            Self::Parameters => "the two sides have no way to encrypt in common",
            Self::CutOff => "the connection was cut off",
            Self::NotTls => "what came is not TLS",
            Self::ClientCertificateRequired => "the server wants a client certificate",
            Self::ClientCertificateRefused => "the server refused the client certificate",
            Self::ClientCertificateInDoubt => {
                "the connection was cut off, after the server had asked for a client certificate"
            }
            Self::ClientCertificateNotAsked => {
                "the connection was cut off, and nobody asked for the client certificate"
            }
            Self::Alert => "the server ended it",
            Self::Other => "it went wrong",
        })
    }
}
