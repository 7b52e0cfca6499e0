//! The token: whoever holds one has applied a CA policy, and gets every client and socket
//! from it.

use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::ClientConfig;
use rustls::crypto::CryptoProvider;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use url::Url;

use super::attempt::causes;
use super::epoch::Epochs;
use super::error::{TransportError, invalid_request, not_a_destination};
use super::failure::TrustFailure;
use super::http_builder::HttpClientBuilder;
use super::live::{InForce, Live};
use super::resolve::Resolver;
use super::route::{Destination, Route, Routes};
use super::tls::{Profile, Tls};
use super::trace::Broken;
use super::transport_builder::TransportBuilder;
use super::websocket::WebSocketBuilder;
use crate::ca::{CaPolicy, ChildEnv, ChildEnvError, TrustAnchors, TrustReport};

/// Proof that a CA policy has been applied, and the only source of [`HttpClient`] and
/// [`WebSocket`].
///
/// Cloning it is cheap; all clones share one verifier, one TLS session store and one set of
/// proxies. Clients that are made from it share them too.
///
/// ```no_run
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), trusted_transport::TransportError> {
/// use trusted_transport::TrustedTransport;
///
/// let transport = TrustedTransport::from_env()?;
/// let client = transport.http().build()?;
/// let status = client.get("https://example.com/").send().await?.status();
/// let (socket, _response) = transport.websocket("wss://example.com/live").await?;
/// # let _ = (status, socket);
/// # Ok(())
/// # }
/// ```
///
/// It has no constructor but these: a token cannot be forged.
///
/// [`HttpClient`]: crate::HttpClient
/// [`WebSocket`]: crate::WebSocket
#[derive(Clone)]
pub struct TrustedTransport(Arc<Inner>);

struct Inner {
    live: Arc<Live>,
    epochs: Epochs<Epoch>,
    /// Held by whoever changes what is trusted.
    changing: Mutex<()>,
    settings: Settings,
}

/// What stays as the builder made it.
pub(crate) struct Settings {
    pub(crate) profile: Profile,
    pub(crate) routes: Arc<Routes>,
    pub(crate) resolver: Resolver,
    pub(crate) https_only: bool,
    pub(crate) connect_timeout: Duration,
}

/// What lasts as long as what is trusted does not change.
pub(crate) struct Epoch {
    pub(crate) tls: Tls,
}

impl TrustedTransport {
    /// The everyday call: [`CaPolicy::from_env`] and [`ProxyPolicy::FromEnvironment`](crate::ProxyPolicy::FromEnvironment).
    ///
    /// Reads files, and blocks; call it once, early, and clone the result.
    ///
    /// # Errors
    /// [`TransportError::Ca`] if the CA policy cannot be loaded, and
    /// [`TransportError::InvalidProxy`] if a proxy variable is not valid.
    pub fn from_env() -> Result<Self, TransportError> {
        Self::new(CaPolicy::from_env().load()?)
    }

    /// A token for `anchors`, with the proxies of the environment.
    ///
    /// # Errors
    /// [`TransportError::InvalidProxy`] if a proxy variable is not valid.
    pub fn new(anchors: TrustAnchors) -> Result<Self, TransportError> {
        Self::builder(anchors).build()
    }

    /// A token for `anchors`, with more to say about routes and TLS.
    pub fn builder(anchors: TrustAnchors) -> TransportBuilder {
        TransportBuilder::of(anchors)
    }

    pub(crate) fn with(anchors: TrustAnchors, settings: Settings) -> Result<Self, rustls::Error> {
        let profile = &settings.profile;
        let live = Arc::new(Live::new(anchors, Arc::clone(&profile.provider))?);
        let tls = Tls::new(profile, Arc::clone(&live))?;
        Ok(Self(Arc::new(Inner {
            live,
            epochs: Epochs::new(Epoch { tls }),
            changing: Mutex::default(),
            settings,
        })))
    }

    /// Starts an HTTP client.
    pub fn http(&self) -> HttpClientBuilder {
        HttpClientBuilder::of(self.clone())
    }

    /// Starts a WebSocket connection to a `wss` or `ws` URL; await it to connect.
    pub fn websocket<R: IntoClientRequest>(&self, request: R) -> WebSocketBuilder {
        WebSocketBuilder::of(self.clone(), request.into_client_request())
    }

    /// The TLS configuration of this token for other protocols over rustls (gRPC, databases,
    /// mail): the same verifier, provider and sessions, the identity for destinations, and no ALPN.
    /// `examples/grpc_channel.rs` uses it with tonic.
    ///
    /// The way there is the caller's: it knows no proxy. Who does TLS to an `https://` proxy with it
    /// shows that proxy the identity, if it asks.
    ///
    /// It obeys a [`reload`](Self::reload) from the next handshake on, but resumes no session after
    /// it; ask again for one that does.
    pub fn rustls_config(&self) -> Arc<ClientConfig> {
        self.epoch().tls.plain()
    }

    /// What is trusted now, and why.
    pub fn report(&self) -> Arc<TrustReport> {
        self.anchors().shared_report()
    }

    /// What is trusted now: that with which the token was made, unless there was a
    /// [`reload`](Self::reload).
    pub fn anchors(&self) -> TrustAnchors {
        self.0.live.in_force().anchors
    }

    /// Reads the sources of the CA policy again: the same files, named by the same variables, whose
    /// values were read when the policy was made. Blocks for as long as reading takes.
    ///
    /// If what they hold has changed, every client and socket of this token and of its clones
    /// trusts accordingly from the next handshake on, clients that were made before included. TLS
    /// sessions from before are not resumed, since a resumed handshake skips the verifier.
    /// Requests that are under way and open WebSockets go on; the idle connections of a client are
    /// closed with its next request. The [crate's documentation](crate#when-trust-changes) has the
    /// whole table.
    ///
    /// One reload at a time: one that begins during another waits, and reads what there is then.
    /// The base roots are read again with the rest.
    ///
    /// # Errors
    /// [`TransportError::Ca`] if the policy cannot be loaded, and
    /// [`TransportError::Configuration`] if TLS is not possible with it. What was trusted before
    /// then stays in force, unchanged.
    pub fn reload(&self) -> Result<Reloaded, TransportError> {
        let _changing = self.0.changing.lock();
        let before = self.anchors();
        self.change(&before, before.reload()?)
            .map_err(|source| TransportError::Configuration { source })
    }

    fn change(
        &self,
        before: &TrustAnchors,
        anchors: TrustAnchors,
    ) -> Result<Reloaded, rustls::Error> {
        let Inner {
            live,
            epochs,
            settings,
            ..
        } = &*self.0;
        let trust = live.prepare(anchors)?;
        if trust.anchors.trusts_like(before) {
            // The report may tell of other files and lines.
            live.change(trust);
            return Ok(Reloaded::Unchanged);
        }
        let epoch = Epoch {
            tls: Tls::new(&settings.profile, Arc::clone(live))?,
        };
        let anchors = trust.anchors.clone();
        epochs.begin(epoch, |last| last.tls.retire(), || live.change(trust));
        tracing::info!(
            target: crate::LOG_TARGET,
            before = before.fingerprint(),
            fingerprint = anchors.fingerprint(),
            anchors = anchors.count(),
            "trust changed"
        );
        Ok(Reloaded::Changed)
    }

    /// The failure of trust behind an error of whatever library: its host, what was presented, why
    /// it was refused and what to do.
    ///
    /// It is found in errors of this crate, in those of a `reqwest::Client` that came from it, and
    /// in those of other libraries over [`rustls_config`](Self::rustls_config), however deep an
    /// `io::Error` has it. `None` if no certificate was refused, or if it cannot be told whose,
    /// since several were refused for the same reason at once.
    pub fn explain(&self, error: &(dyn Error + 'static)) -> Option<TrustFailure> {
        if let Some(failure) = causes(error).find_map(known) {
            return Some(failure);
        }
        let refused = self.0.live.stray(error)?;
        let destination = Destination::named(refused.name.as_ref()?)?;
        let (host, route) = (
            destination.host.to_string(),
            self.0.settings.routes.to(&destination),
        );
        Some(TrustFailure::new(host, route, refused))
    }

    /// Hands this policy to child processes; [`TrustAnchors::child_env`].
    ///
    /// # Errors
    /// [`ChildEnvError`] if the bundle cannot be written.
    pub fn child_env(&self) -> Result<ChildEnv, ChildEnvError> {
        self.anchors().child_env()
    }

    /// The way that a connection to `url` would take.
    ///
    /// # Errors
    /// [`TransportError::InvalidRequest`] if `url` is not an `https`, `http`, `wss` or `ws`
    /// URL with a host.
    pub fn route(&self, url: &str) -> Result<Route, TransportError> {
        let url = Url::parse(url).map_err(invalid_request)?;
        let destination = Destination::of(&url).ok_or_else(not_a_destination)?;
        Ok(self.0.settings.routes.explained(&destination))
    }

    /// Refuses, before any socket, what this token does not connect to.
    pub(crate) fn permit(&self, destination: &Destination) -> Result<(), TransportError> {
        if self.0.settings.https_only && !destination.secure {
            let host = destination.host.to_string();
            return Err(TransportError::InsecureScheme { host });
        }
        destination.server_name()?;
        Ok(())
    }

    pub(crate) fn in_force(&self) -> InForce {
        self.0.live.in_force()
    }

    pub(crate) fn provider(&self) -> &CryptoProvider {
        &self.0.settings.profile.provider
    }

    pub(crate) fn epoch(&self) -> Arc<Epoch> {
        self.0.epochs.current()
    }

    pub(crate) fn epochs(&self) -> &Epochs<Epoch> {
        &self.0.epochs
    }

    pub(crate) fn routes(&self) -> &Arc<Routes> {
        &self.0.settings.routes
    }

    pub(crate) fn resolver(&self) -> &Resolver {
        &self.0.settings.resolver
    }

    pub(crate) fn https_only(&self) -> bool {
        self.0.settings.https_only
    }

    pub(crate) fn connect_timeout(&self) -> Duration {
        self.0.settings.connect_timeout
    }
}

impl fmt::Debug for TrustedTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrustedTransport")
            .field("fingerprint", &self.anchors().fingerprint())
            .field("routes", &format_args!("{}", self.0.settings.routes))
            .finish_non_exhaustive()
    }
}

/// What a [`reload`](TrustedTransport::reload) found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reloaded {
    /// The same is trusted as before.
    Unchanged,
    /// Something else is trusted from now on.
    Changed,
}

/// What this crate has put into a chain of errors.
fn known(cause: &(dyn Error + 'static)) -> Option<TrustFailure> {
    if let Some(failure) = cause.downcast_ref::<TrustFailure>() {
        return Some(failure.clone());
    }
    if let Some(TransportError::Untrusted(failure)) = cause.downcast_ref() {
        return Some(failure.clone());
    }
    let progress = &cause.downcast_ref::<Broken>()?.progress;
    let (destination, route) = progress.way.clone()?;
    let refused = progress.refused.clone()?;
    Some(TrustFailure::new(
        destination.host.to_string(),
        route,
        refused,
    ))
}
