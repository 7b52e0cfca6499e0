//! The HTTP client: reqwest's, and its failures in the words of the transport.

use std::cell::Cell;
use std::fmt;
use std::sync::Arc;

use http::Method;
use reqwest::{IntoUrl, Request, Response, redirect};

use super::attempt::{Attempt, causes};
use super::epoch::Made;
use super::error::{TlsFault, TransportError, invalid_request, not_a_destination};
use super::recipe::Recipe;
use super::request::RequestBuilder;
use super::route::Destination;
use super::trace::{Broken, Trace};
use super::transport::{Epoch, TrustedTransport};

#[expect(
    clippy::disallowed_types,
    reason = "the factory wraps it; it leaves these files by `into_reqwest` alone"
)]
pub(super) type RawClient = reqwest::Client;

/// An HTTP client whose connections are the token's. Cloning it is cheap, and clones share
/// their connections.
///
/// It is made by [`TrustedTransport::http`], and by nothing else.
#[derive(Clone)]
pub struct HttpClient(Arc<Inner>);

struct Inner {
    transport: TrustedTransport,
    recipe: Recipe,
    client: Made<Epoch, RawClient>,
}

/// Requests by name, for the client with async and the one without.
macro_rules! methods {
    () => {
        methods! {
            /// Starts a GET request.
            get = GET;
            /// Starts a POST request.
            post = POST;
            /// Starts a PUT request.
            put = PUT;
            /// Starts a PATCH request.
            patch = PATCH;
            /// Starts a DELETE request.
            delete = DELETE;
            /// Starts a HEAD request.
            head = HEAD;
        }
    };
    ($($(#[$doc:meta])* $name:ident = $method:ident;)*) => {$(
        $(#[$doc])*
        pub fn $name(&self, url: impl IntoUrl) -> RequestBuilder {
            self.request(Method::$method, url)
        }
    )*};
}
#[cfg(feature = "blocking")]
pub(super) use methods;

impl HttpClient {
    pub(super) fn of(recipe: Recipe, transport: TrustedTransport) -> Result<Self, TransportError> {
        let epoch = transport.epoch();
        let client = recipe.client(&transport, &epoch.tls)?;
        Ok(Self(Arc::new(Inner {
            transport,
            recipe,
            client: Made::new(epoch, client),
        })))
    }

    methods!();

    /// Starts a request. A URL that is not valid is an error when it is sent.
    pub fn request(&self, method: Method, url: impl IntoUrl) -> RequestBuilder {
        RequestBuilder::of(self.0.client.last().request(method, url), self.clone())
    }

    /// Sends a request.
    ///
    /// # Errors
    /// [`TransportError::Untrusted`] if the peer's certificate is refused, and the other
    /// kinds for what prevents or breaks the connection. A response with an error status is
    /// no error.
    ///
    /// # Cancel safety
    /// Dropping the future, or a response that is not read to its end, ends this request alone: its
    /// stream is reset with HTTP/2, and its connection closed with HTTP/1. The client can be used as
    /// before. Whether the server has acted on the request is then not known.
    pub async fn execute(&self, request: Request) -> Result<Response, TransportError> {
        let destination = Destination::of(request.url()).ok_or_else(not_a_destination)?;
        // A request builder has made a header of them. They would be in the request's target, also for
        // a proxy to read.
        if !request.url().username().is_empty() || request.url().password().is_some() {
            return Err(invalid_request(
                "a URL carries no credentials (RFC 9110, 4.2.4); send an Authorization header instead",
            ));
        }
        self.permit(&destination)?;
        let client = self.client()?;
        let sent = async {
            let sent = Trace::of_last(client.execute(request)).await;
            (sent, REDIRECTED.with(Cell::take))
        };
        let ((sent, trace), redirected) = REDIRECTED.scope(Cell::new(None), sent).await;
        sent.map_err(|error| self.explain(error, redirected.unwrap_or(destination), trace))
    }

    /// The client of the trust that is in force.
    fn client(&self) -> Result<RawClient, TransportError> {
        let Inner {
            transport,
            recipe,
            client,
        } = &*self.0;
        match recipe.is_repeatable() {
            true => client.current(transport.epochs(), |epoch| {
                recipe.client(transport, &epoch.tls)
            }),
            false => Ok(client.last()),
        }
    }

    /// The way out, for SDKs that demand a `reqwest::Client`.
    ///
    /// What comes out keeps what the token decided: trust, routes, name resolution, the deadline
    /// for connections and `https_only`, and with them the options of the
    /// [builder](crate::HttpClientBuilder).
    ///
    /// When what is trusted changes ([`reload`](TrustedTransport::reload)), it obeys from the next
    /// handshake on, as everything of the token's does. But it cannot be made anew: connections
    /// that are open stay in its pool until they are idle for too long, also to a host that is not
    /// trusted any more, and none of its sessions is resumed from then on.
    ///
    /// It loses what is this crate's:
    /// - Its errors are reqwest's. A refused certificate does not explain itself, and the URL is
    ///   named, with whatever token is in it. Its `Debug` shows the default headers.
    /// - A host that TLS has no name for, and HTTPS to an IPv6 address through a proxy, are not
    ///   refused before the first socket: they fail behind it, as an invalid server name.
    /// - From here on nothing keeps the program from other clients: `T::default()` makes one
    ///   without a policy wherever `T` is inferred to be a `reqwest::Client`, and no lint sees it.
    ///
    /// So hand it to the SDK at once. It is on the list of disallowed methods
    /// ([`CLIPPY_TOML`](crate::CLIPPY_TOML)), and each use says why:
    ///
    /// ```no_run
    /// # fn sdk<T>(_: T) {}
    /// # fn main() -> Result<(), trusted_transport::TransportError> {
    /// # let transport = trusted_transport::TrustedTransport::from_env()?;
    /// #[expect(clippy::disallowed_methods, reason = "the SDK takes nothing but a reqwest::Client")]
    /// let client = transport.http().build()?.into_reqwest();
    /// sdk(client);
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "raw")]
    pub fn into_reqwest(self) -> RawClient {
        // One of an earlier epoch would keep its connections, and obey all the same.
        self.client().unwrap_or_else(|_| self.0.client.last())
    }

    fn permit(&self, destination: &Destination) -> Result<(), TransportError> {
        self.0.transport.permit(destination)?;
        // reqwest keeps the brackets of the literal, and rustls does not take them for a name.
        let is_ipv6 = matches!(destination.host, url::Host::Ipv6(_));
        if is_ipv6 && destination.secure && !self.0.transport.routes().to(destination).is_direct() {
            return Err(invalid_request(
                "HTTPS to an IPv6 address through a proxy is not possible; use a host name, \
                 or name the address in NO_PROXY",
            ));
        }
        Ok(())
    }

    fn explain(
        &self,
        error: reqwest::Error,
        destination: Destination,
        trace: Option<Trace>,
    ) -> TransportError {
        // A URL may hold a token.
        let error = error.without_url();
        if error.is_builder() {
            return invalid_request(error);
        }
        // It may be a redirect that led to where nothing is sent.
        if let Err(refused) = self.permit(&destination) {
            return refused;
        }
        let Inner {
            transport, recipe, ..
        } = &*self.0;
        let route = transport.routes().to(&destination);
        let attempt = Attempt::at(&destination, route, recipe.connect_timeout);
        if let Some(broken) = causes(&error).find_map(|it| it.downcast_ref::<Broken>()) {
            return Attempt::of(&broken.progress, attempt).failed(broken);
        }
        let progress = trace.map(|trace| trace.progress().clone());
        let progress = progress.unwrap_or_default();
        match TlsFault::after_handshake(&progress, &error) {
            Some(fault) => attempt.closed(&progress, fault, Arc::new(error)),
            None => error.into(),
        }
    }
}

tokio::task_local! {
    /// Where the request that is being sent was last redirected to. reqwest's errors name the
    /// host that was asked first.
    static REDIRECTED: Cell<Option<Destination>>;
}

/// Obeys `policy`, and notes where it leads.
pub(super) fn noted(policy: Arc<redirect::Policy>) -> redirect::Policy {
    redirect::Policy::custom(move |attempt| {
        let destination = Destination::of(attempt.url());
        // Nobody listens only outside of `execute`, and then nobody explains.
        REDIRECTED
            .try_with(|redirected| redirected.set(destination))
            .ok();
        policy.redirect(attempt)
    })
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClient")
            .field("transport", &self.0.transport)
            .finish_non_exhaustive()
    }
}
