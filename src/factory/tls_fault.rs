//! Why a TLS handshake failed, other than for the server's certificate: told by rustls' types.

use std::error::Error;
use std::fmt;
use std::io;

use rustls::{AlertDescription, InvalidMessage, PeerIncompatible};

use super::attempt::causes;

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
        self == Self::CutOff
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
            Self::Alert => "the server ended it",
            Self::Other => "it went wrong",
        })
    }
}
