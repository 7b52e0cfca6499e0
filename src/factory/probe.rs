//! One connection for its own sake: how long each part of it takes, what TLS agreed on, and what
//! vouches for the server.

use std::time::Duration;

use hyper_rustls::MaybeHttpsStream;
use rustls::{HandshakeKind, ProtocolVersion};
use url::Url;

use super::attempt::Attempt;
use super::dial::{self, Connection};
use super::error::{TransportError, invalid_request, not_a_destination};
use super::failure::TrustFailure;
use super::path::VerifiedBy;
use super::route::{Destination, Route};
use super::tls::HttpVersions;
use super::trace::{Broken, Phase, Trace};
use super::transport::TrustedTransport;
use crate::ca::PresentedCertificate;

/// What a connection of a token is like; from [`TrustedTransport::probe`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Probe {
    /// The host of the URL.
    pub host: String,
    /// The port of the URL, or of its scheme.
    pub port: u16,
    /// The way that was taken.
    pub route: Route,
    /// How long each phase took, in their order. An address needs no name resolution, say.
    pub phases: Vec<(Phase, Duration)>,
    /// What TLS agreed on; `None` for `http` and `ws`.
    pub tls: Option<TlsProbe>,
}

/// What a TLS handshake agreed on.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TlsProbe {
    /// `TLS 1.3`, `TLS 1.2`.
    pub version: &'static str,
    /// The cipher suite, as rustls names it.
    pub cipher_suite: Option<String>,
    /// The key exchange: `X25519MLKEM768`, `X25519`, ..
    pub key_exchange: Option<String>,
    /// The application protocol (RFC 7301): `h2`, `http/1.1`.
    pub alpn: Option<String>,
    /// Whether an earlier session of this token was resumed.
    pub resumed: bool,
    /// What the server presented, now or when the session began: its own certificate first.
    pub chain: Vec<PresentedCertificate>,
    /// What vouches for it.
    pub verified_by: VerifiedBy,
}

impl TrustedTransport {
    /// Connects to where `url` leads, as this token's clients (`https`, `http`) and sockets (`wss`,
    /// `ws`) do, says what that was like, and closes the connection. No request is sent.
    ///
    /// # Errors
    /// Those of connecting: [`TransportError::Untrusted`] if the certificate is refused, and the
    /// others for what prevents the connection.
    ///
    /// # Cancel safety
    /// Dropping the future closes the connection.
    pub async fn probe(&self, url: &str) -> Result<Probe, TransportError> {
        let url = Url::parse(url).map_err(invalid_request)?;
        let destination = Destination::of(&url).ok_or_else(not_a_destination)?;
        self.permit(&destination)?;
        let epoch = self.epoch();
        let config = match url.scheme() {
            "wss" => epoch.tls.websocket(),
            _ => epoch.tls.http(HttpVersions::All).into(),
        };
        let route = self.routes().to(&destination);
        let (limit, resolver) = (self.connect_timeout(), self.resolver());
        let trace = Trace::default();
        let dialed = dial::dial(&destination, &route, resolver, &epoch.tls, config, limit);
        match trace.follow(limit, dialed).await {
            Ok(connection) => Ok(Probe {
                host: destination.host.to_string(),
                port: destination.port(),
                route,
                phases: trace.progress().durations(),
                tls: self.agreed(&connection),
            }),
            Err(unfinished) => {
                let attempt = Attempt::at(&destination, route, limit);
                Err(attempt.failed(&Broken::from(unfinished)))
            }
        }
    }

    fn agreed(&self, connection: &Connection) -> Option<TlsProbe> {
        let MaybeHttpsStream::Https(stream) = connection.inner() else {
            return None;
        };
        let (_, tls) = stream.inner().get_ref();
        let chain = tls.peer_certificates().unwrap_or_default();
        let suite = tls.negotiated_cipher_suite();
        let group = tls.negotiated_key_exchange_group();
        let alpn = tls.alpn_protocol();
        Some(TlsProbe {
            version: match tls.protocol_version() {
                Some(ProtocolVersion::TLSv1_2) => "TLS 1.2",
                _ => "TLS 1.3",
            },
            cipher_suite: suite.map(|suite| format!("{:?}", suite.suite())),
            key_exchange: group.map(|group| format!("{:?}", group.name())),
            alpn: alpn.map(|alpn| String::from_utf8_lossy(alpn).into_owned()),
            resumed: tls.handshake_kind() == Some(HandshakeKind::Resumed),
            chain: chain.iter().map(PresentedCertificate::of).collect(),
            verified_by: VerifiedBy::of(chain, &self.anchors(), self.provider()),
        })
    }

    /// Judges a chain as if `host` had presented it at `https://`, without any connection: for a
    /// chain out of a [`TrustFailure`](crate::TrustFailure) or a [`Probe`], under another policy.
    ///
    /// # Errors
    /// [`TransportError::Untrusted`] if it would be refused, and
    /// [`TransportError::InvalidRequest`] if `host` is none.
    pub fn judge(
        &self,
        host: &str,
        chain: &[PresentedCertificate],
    ) -> Result<VerifiedBy, TransportError> {
        let host = url::Host::parse(host).map_err(invalid_request)?;
        let destination = Destination::https(host);
        let chain: Vec<_> = chain.iter().map(|it| it.to_der()).collect();
        let trust = self.in_force();
        let name = destination.server_name()?.to_owned();
        match trust.judge(chain.clone(), &name) {
            Ok(()) => Ok(VerifiedBy::of(&chain, &trust.anchors, self.provider())),
            Err(refused) => {
                let route = self.routes().to(&destination);
                let host = destination.host.to_string();
                let failure = TrustFailure::new(host, route, *refused);
                Err(TransportError::Untrusted(failure))
            }
        }
    }
}
