//! TLS sessions of one trust. A resumed handshake skips the verifier, so that sessions end with
//! the trust that they were verified under.

use rustls::NamedGroup;
use rustls::client::{
    ClientSessionMemoryCache, ClientSessionStore, Tls12ClientSessionValue, Tls13ClientSessionValue,
};
use rustls_pki_types::ServerName;

use super::sync::{AtomicBool, Ordering};
use super::trace;

/// The sessions that may be resumed, as long as their trust is in force.
#[derive(Debug)]
pub(crate) struct Sessions {
    cache: ClientSessionMemoryCache,
    retired: AtomicBool,
    /// Whether hosts that ask are shown a client certificate.
    with_identity: bool,
    /// Sessions go by name: one of a proxy could be resumed with a host of its name, and bring the
    /// identity along that was shown to the other.
    never: Vec<ServerName<'static>>,
}

impl Sessions {
    pub(crate) fn new(with_identity: bool, never: Vec<ServerName<'static>>) -> Self {
        Self {
            cache: ClientSessionMemoryCache::new(SERVERS),
            retired: AtomicBool::new(false),
            with_identity,
            never,
        }
    }

    /// From here on nothing is resumed. A connection that is still open may bring a ticket later
    /// (RFC 8446, 4.6.1): nobody will take it.
    pub(crate) fn retire(&self) {
        self.retired.store(true, Ordering::SeqCst);
    }

    pub(super) fn may_resume(&self, server: &ServerName<'_>) -> bool {
        let never = self.never.iter().any(|name| name == server);
        !never && !self.retired.load(Ordering::SeqCst)
    }
}

impl ClientSessionStore for Sessions {
    fn set_kx_hint(&self, server: ServerName<'static>, group: NamedGroup) {
        self.cache.set_kx_hint(server, group);
    }

    fn kx_hint(&self, server: &ServerName<'_>) -> Option<NamedGroup> {
        self.cache.kx_hint(server)
    }

    fn set_tls12_session(&self, server: ServerName<'static>, value: Tls12ClientSessionValue) {
        if self.may_resume(&server) {
            self.cache.set_tls12_session(server, value);
        }
    }

    fn tls12_session(&self, server: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        let session = self.cache.tls12_session(server);
        session.filter(|_| self.may_resume(server))
    }

    fn remove_tls12_session(&self, server: &ServerName<'static>) {
        self.cache.remove_tls12_session(server);
    }

    fn insert_tls13_ticket(&self, server: ServerName<'static>, value: Tls13ClientSessionValue) {
        if self.may_resume(&server) {
            self.cache.insert_tls13_ticket(server, value);
        }
    }

    /// The first thing that every handshake asks for.
    fn take_tls13_ticket(&self, server: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        trace::shakes_hands(server, self.with_identity);
        let ticket = self.cache.take_tls13_ticket(server);
        ticket.filter(|_| self.may_resume(server))
    }
}

/// As many as rustls keeps by itself.
const SERVERS: usize = 256;
