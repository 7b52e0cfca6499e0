//! Handshakes with a configuration from before the reload, byte by byte in memory, so that the
//! reload can fall between any two of them.

use std::sync::Arc;

use rustls::version::{TLS12, TLS13};
use rustls::{
    CertificateError, ClientConfig, ClientConnection, Error, HandshakeKind, ServerConfig,
    ServerConnection, SupportedProtocolVersion,
};
use trusted_transport::TrustedTransport;
use trusted_transport_lab::Authority;

use super::Bundle;
use crate::fixtures::exclusive;
use crate::support::HOST;

/// A client and a server with nothing between them.
struct Pair {
    client: ClientConnection,
    server: ServerConnection,
}

impl Pair {
    #[expect(
        clippy::disallowed_methods,
        reason = "stands for a library that is given the configuration"
    )]
    fn new(config: &Arc<ClientConfig>, server: &Arc<ServerConfig>) -> Self {
        let name = HOST.try_into().expect("a name");
        Self {
            client: ClientConnection::new(Arc::clone(config), name).expect("a client"),
            server: ServerConnection::new(Arc::clone(server)).expect("a server"),
        }
    }

    fn flow_to_server(&mut self) {
        let mut bytes = Vec::new();
        while self.client.wants_write() {
            self.client.write_tls(&mut bytes).expect("in memory");
        }
        let mut bytes = &bytes[..];
        while !bytes.is_empty() {
            self.server.read_tls(&mut bytes).expect("in memory");
            // What it thinks of an alert is its own affair.
            self.server.process_new_packets().ok();
        }
    }

    fn flow_to_client(&mut self) -> Result<(), Error> {
        let mut bytes = Vec::new();
        while self.server.wants_write() {
            self.server.write_tls(&mut bytes).expect("in memory");
        }
        let mut bytes = &bytes[..];
        while !bytes.is_empty() {
            self.client.read_tls(&mut bytes).expect("in memory");
            self.client.process_new_packets()?;
        }
        Ok(())
    }

    /// The rest of the handshake, tickets included.
    fn finish(mut self) -> Result<HandshakeKind, Error> {
        for _ in 0..4 {
            self.flow_to_server();
            self.flow_to_client()?;
        }
        assert!(!self.client.is_handshaking());
        Ok(self.client.handshake_kind().expect("one"))
    }
}

fn unknown() -> Result<HandshakeKind, Error> {
    Err(Error::InvalidCertificate(CertificateError::UnknownIssuer))
}

/// What each case begins with: one trusted authority, and a server of it.
fn stage(
    version: &'static SupportedProtocolVersion,
) -> (Bundle, TrustedTransport, Arc<ServerConfig>) {
    let old = Authority::root("Old");
    let bundle = Bundle::of(&[&old]);
    let transport = bundle.builder().build().expect("a token");
    let server = old.issue(&[HOST]).server_config_for(&[version], &[]);
    (bundle, transport, server)
}

#[test]
fn a_configuration_from_before_obeys_and_resumes_nothing() {
    for version in [&TLS12, &TLS13] {
        let (bundle, transport, server) = stage(version);
        let config = transport.rustls_config();
        let handshake = |config: &Arc<ClientConfig>| Pair::new(config, &server).finish();
        assert_eq!(handshake(&config), Ok(HandshakeKind::Full));
        assert_eq!(handshake(&config), Ok(HandshakeKind::Resumed));

        let before = std::fs::read_to_string(bundle.path()).expect("a bundle");
        bundle.write(before.clone() + &Authority::root("More").pem());
        transport.reload().expect("it loads");
        for _ in 0..2 {
            let full = handshake(&config);
            assert!(
                matches!(full, Ok(kind) if kind != HandshakeKind::Resumed),
                "{full:?}"
            );
        }
        let fresh = transport.rustls_config();
        assert!(handshake(&fresh).is_ok());
        assert_eq!(handshake(&fresh), Ok(HandshakeKind::Resumed));

        bundle.holds(&[&Authority::root("New")]);
        transport.reload().expect("it loads");
        for config in [config, fresh, transport.rustls_config()] {
            assert_eq!(handshake(&config), unknown(), "{version:?}");
        }
        bundle.write(before);
        transport.reload().expect("it loads");
        let back = handshake(&transport.rustls_config());
        assert!(
            matches!(back, Ok(kind) if kind != HandshakeKind::Resumed),
            "{back:?}"
        );
    }
}

#[test]
fn a_handshake_under_way_is_judged_by_the_new_trust() {
    for version in [&TLS12, &TLS13] {
        let (bundle, transport, server) = stage(version);
        let mut pair = Pair::new(&transport.rustls_config(), &server);
        pair.flow_to_server();
        bundle.holds(&[&Authority::root("New")]);
        transport.reload().expect("it loads");
        assert_eq!(pair.finish(), unknown(), "{version:?}");
    }
}

/// In TLS 1.3 tickets come whenever the server likes (RFC 8446, 4.6.1); in 1.2 with its last
/// message of the handshake.
#[test]
fn a_session_that_arrives_after_the_reload_is_not_resumed() {
    for version in [&TLS12, &TLS13] {
        let (bundle, transport, server) = stage(version);
        let before = transport.rustls_config();
        let mut pair = Pair::new(&before, &server);
        pair.flow_to_server();
        pair.flow_to_client().expect("trusted");
        pair.flow_to_server();
        bundle.holds(&[&Authority::root("New")]);
        transport.reload().expect("it loads");
        // The certificate was judged before; what comes now is a session.
        assert!(pair.finish().is_ok(), "{version:?}");
        for config in [before, transport.rustls_config()] {
            assert_eq!(
                Pair::new(&config, &server).finish(),
                unknown(),
                "{version:?}"
            );
        }
    }
}

#[test]
fn another_token_is_not_affected() {
    let (bundle, transport, server) = stage(&TLS13);
    let anchors = exclusive().bundle(bundle.path()).load().expect("it loads");
    let other = TrustedTransport::new(anchors).expect("a token");
    let config = other.rustls_config();
    assert!(Pair::new(&config, &server).finish().is_ok());
    bundle.holds(&[&Authority::root("New")]);
    transport.reload().expect("it loads");
    let kind = Pair::new(&config, &server).finish();
    assert_eq!(kind, Ok(HandshakeKind::Resumed));
}
