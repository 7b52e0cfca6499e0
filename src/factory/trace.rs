//! One connection while it is being made: where it leads, how far it has come, and what its peers
//! presented. What runs inside of a connection's future (name resolution, sessions, the verifier)
//! notes it here, so that both transports know the same about a failure.

use std::cell::Cell;
use std::error::Error;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustls::sign::CertifiedKey;
use rustls_pki_types::{CertificateDer, ServerName};

use super::failure::Peer;
use super::live::Refused;
use super::route::{Destination, Route};
use crate::ca::PresentedCertificate;

/// A part of making a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Phase {
    /// Names become addresses.
    Resolve,
    /// TCP to the host.
    Connect,
    /// TCP to the proxy, TLS to it if its URL says so, and its consent.
    Proxy,
    /// The TLS handshake with the host.
    Tls,
    /// The upgrade of the connection to a WebSocket (RFC 6455, 4).
    Upgrade,
}

/// The record of a connection that is being made.
#[derive(Clone, Default)]
pub(crate) struct Trace(Arc<Mutex<Progress>>);

/// How far a connection has come.
#[derive(Clone, Default)]
pub(crate) struct Progress {
    pub(crate) way: Option<(Destination, Route)>,
    /// When each phase began.
    began: Vec<(Phase, Instant)>,
    /// Of TLS, the one with a proxy included.
    handshakes: usize,
    /// The name that the last handshake is for.
    pub(crate) name: Option<ServerName<'static>>,
    /// What the peer of the last handshake presented, if it was accepted so far.
    pub(crate) presented: Vec<CertificateDer<'static>>,
    pub(crate) refused: Option<Refused>,
    /// Whether the peer of the last handshake asked who the client is.
    pub(crate) asked: Asked,
}

/// What became of the client's identity in a handshake.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Nobody asked, and there was nothing to show.
    #[default]
    Not,
    /// There was something to show, and nobody asked.
    InVain,
    /// There was nothing to show to whoever asked.
    Unanswered,
    /// This certificate was shown.
    Answered(CertificateDer<'static>),
}

/// Why a connection was not made.
pub(crate) struct Unfinished<E> {
    pub(crate) progress: Progress,
    /// `None` if its time was over.
    pub(crate) why: Option<E>,
}

tokio::task_local! {
    static TRACE: Trace;
    /// Of the last connection that was begun for the request that is being sent.
    static LAST: Cell<Option<Trace>>;
}

impl Trace {
    /// Makes a connection, for `limit` at most, and takes notes.
    pub(crate) async fn follow<T, E>(
        &self,
        limit: Duration,
        connecting: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Unfinished<E>> {
        let traced = TRACE.scope(self.clone(), connecting);
        let why = match tokio::time::timeout(limit, traced).await {
            Ok(Ok(made)) => return Ok(made),
            Ok(Err(why)) => Some(why),
            Err(_elapsed) => None,
        };
        let progress = self.progress().clone();
        Err(Unfinished { progress, why })
    }

    /// Of the last connection that was made for `request`, if it took one.
    pub(crate) async fn of_last<T>(request: impl Future<Output = T>) -> (T, Option<Self>) {
        let request = async { (request.await, LAST.with(Cell::take)) };
        LAST.scope(Cell::default(), request).await
    }

    /// For what starts to make a connection before its future is polled.
    pub(crate) fn enter<T>(&self, start: impl FnOnce() -> T) -> T {
        // Nobody asks for it outside of `of_last`.
        LAST.try_with(|last| last.set(Some(self.clone()))).ok();
        TRACE.sync_scope(self.clone(), start)
    }

    pub(crate) fn progress(&self) -> MutexGuard<'_, Progress> {
        // Notes are still true if whoever took one panicked later.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress {
    /// The phase that the connection is in.
    pub(crate) fn phase(&self) -> Phase {
        self.began
            .last()
            .map_or(Phase::Connect, |(phase, _)| *phase)
    }

    /// How long each phase took, if the last one ends now; in the order of their beginning.
    pub(crate) fn durations(&self) -> Vec<(Phase, Duration)> {
        let ends = self.began.iter().skip(1).map(|(_, began)| *began);
        let ends = ends.chain([Instant::now()]);
        let mut durations: Vec<(Phase, Duration)> = Vec::new();
        for ((phase, began), end) in self.began.iter().zip(ends) {
            match durations.last_mut() {
                Some((last, duration)) if last == phase => *duration += end - *began,
                _ => durations.push((*phase, end - *began)),
            }
        }
        durations
    }

    /// With whom the last handshake is.
    pub(crate) fn peer(&self) -> Peer {
        let route = self.way.as_ref().map(|(_, route)| route);
        match self.handshakes == 1 && route.is_some_and(Route::has_tls_to_proxy) {
            true => Peer::Proxy,
            false => Peer::Host,
        }
    }

    /// The client certificate that was shown, in words.
    pub(crate) fn shown(&self) -> Option<String> {
        let Asked::Answered(certificate) = &self.asked else {
            return None;
        };
        let shown = PresentedCertificate::of(certificate);
        Some(format!(
            "`{}` (valid until {})",
            shown.subject, shown.not_after
        ))
    }

    fn begin(&mut self, phase: Phase) {
        self.began.push((phase, Instant::now()));
    }

    /// To whoever has to be reached over TCP.
    fn reach(&mut self) {
        let direct = self.way.as_ref().is_none_or(|(_, route)| route.is_direct());
        self.begin(match direct {
            true => Phase::Connect,
            false => Phase::Proxy,
        });
    }
}

/// The connection goes to `destination`, by `route`.
pub(crate) fn starts(destination: &Destination, route: &Route) {
    note(|progress| {
        progress.way = Some((destination.clone(), route.clone()));
        progress.reach();
    });
}

pub(crate) fn resolves() {
    note(|progress| progress.begin(Phase::Resolve));
}

pub(crate) fn resolved() {
    note(Progress::reach);
}

/// A TLS handshake with `name` begins, and there is an identity for hosts that ask.
pub(crate) fn shakes_hands(name: &ServerName<'static>, with_identity: bool) {
    note(|progress| {
        progress.handshakes += 1;
        progress.name = Some(name.clone());
        progress.presented.clear();
        let peer = progress.peer();
        progress.asked = match peer {
            Peer::Host if with_identity => Asked::InVain,
            _ => Asked::Not,
        };
        match peer {
            Peer::Proxy => progress.begin(Phase::Proxy),
            Peer::Host => progress.begin(Phase::Tls),
        }
    });
}

/// With whom the handshake is that is going on; `None` outside of the connections that are noted.
pub(crate) fn peer() -> Option<Peer> {
    TRACE.try_with(|trace| trace.progress().peer()).ok()
}

/// The peer asks who the client is, and this is the answer.
pub(crate) fn asked(shown: Option<&CertifiedKey>) {
    let shown = shown.and_then(|it| it.cert.first());
    note(|progress| {
        progress.asked = match shown {
            Some(certificate) => Asked::Answered(certificate.clone()),
            None => Asked::Unanswered,
        };
    });
}

pub(crate) fn accepted(presented: impl FnOnce() -> Vec<CertificateDer<'static>>) {
    note(|progress| progress.presented = presented());
}

/// Whether somebody listens.
pub(crate) fn refused(refused: &Refused) -> bool {
    let mut refused = refused.clone();
    let noted = TRACE.try_with(|trace| {
        let mut progress = trace.progress();
        refused.peer = progress.peer();
        refused.name = refused.name.take().or_else(|| progress.name.clone());
        if refused.presented.len() < progress.presented.len() {
            // Of a signature by the end-entity only that one is known.
            refused.presented = progress.presented.clone();
        }
        progress.refused = Some(refused);
    });
    noted.is_ok()
}

pub(crate) fn upgrades() {
    note(|progress| progress.begin(Phase::Upgrade));
}

/// Nobody listens outside of the connections of this crate: TLS for other protocols, say.
fn note(it: impl FnOnce(&mut Progress)) {
    TRACE.try_with(|trace| it(&mut trace.progress())).ok();
}

/// Why there is no connection, and how far it came, in the chain of whatever error a library makes
/// of it.
pub(crate) struct Broken {
    pub(crate) progress: Progress,
    pub(crate) why: Cause,
}

impl Broken {
    /// Without a reason, its time was over: other libraries know that by its kind.
    pub(crate) fn new(progress: Progress, why: Option<Box<dyn Error + Send + Sync>>) -> Self {
        let why = why.unwrap_or_else(|| io::Error::from(io::ErrorKind::TimedOut).into());
        Self {
            progress,
            why: Cause::from(why),
        }
    }
}

/// Shared, since two chains of errors have it.
pub(crate) type Cause = Arc<dyn Error + Send + Sync>;

impl From<Unfinished<Box<dyn Error + Send + Sync>>> for Broken {
    fn from(unfinished: Unfinished<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(unfinished.progress, unfinished.why)
    }
}

impl Error for Broken {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.why)
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "failed during {}", self.progress.phase())
    }
}

impl fmt::Debug for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Broken")
            .field("phase", &self.progress.phase())
            .field("why", &self.why)
            .finish_non_exhaustive()
    }
}

impl Phase {
    /// A stable word, as in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Resolve => "resolve",
            Self::Connect => "connect",
            Self::Proxy => "proxy",
            Self::Tls => "tls",
            Self::Upgrade => "upgrade",
        }
    }
}

impl fmt::Display for Phase {
    /// Reads after "during".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resolve => "name resolution",
            Self::Connect => "the TCP connection",
            Self::Proxy => "the connection through the proxy",
            Self::Tls => "the TLS handshake",
            Self::Upgrade => "the WebSocket upgrade",
        })
    }
}
