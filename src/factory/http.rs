//! The HTTP client: reqwest's, and its failures in the words of the transport.

use std::cell::Cell;
use std::fmt;
use std::time::Duration;

use http::Method;
use reqwest::{IntoUrl, Request, Response, redirect};

use super::attempt::Phase;
use super::error::{TransportError, invalid_request, not_a_destination};
use super::request::RequestBuilder;
use super::route::Destination;
use super::transport::TrustedTransport;

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
pub struct HttpClient {
    client: RawClient,
    transport: TrustedTransport,
    connect_timeout: Duration,
}

macro_rules! methods {
    ($($(#[$doc:meta])* $name:ident = $method:ident;)*) => {$(
        $(#[$doc])*
        pub fn $name(&self, url: impl IntoUrl) -> RequestBuilder {
            self.request(Method::$method, url)
        }
    )*};
}

impl HttpClient {
    pub(super) fn of(
        client: RawClient,
        transport: TrustedTransport,
        connect_timeout: Duration,
    ) -> Self {
        Self {
            client,
            transport,
            connect_timeout,
        }
    }

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

    /// Starts a request. A URL that is not valid is an error when it is sent.
    pub fn request(&self, method: Method, url: impl IntoUrl) -> RequestBuilder {
        RequestBuilder::of(self.client.request(method, url), self.clone())
    }

    /// Sends a request.
    ///
    /// # Errors
    /// [`TransportError::Untrusted`] if the peer's certificate is refused, and the other
    /// kinds for what prevents or breaks the connection. A response with an error status is
    /// no error.
    pub async fn execute(&self, request: Request) -> Result<Response, TransportError> {
        let destination = Destination::of(request.url()).ok_or_else(not_a_destination)?;
        self.permit(&destination)?;
        let sent = async {
            let sent = self.client.execute(request).await;
            (sent, REDIRECTED.with(Cell::take))
        };
        let (sent, redirected) = REDIRECTED.scope(Cell::new(None), sent).await;
        sent.map_err(|error| self.explain(error, redirected.unwrap_or(destination)))
    }

    /// The way out, for SDKs that demand a `reqwest::Client`.
    ///
    /// What comes out keeps what the token decided: trust, routes, name resolution, the deadline
    /// for connections and `https_only`, and with them the options of the
    /// [builder](crate::HttpClientBuilder).
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
        self.client
    }

    fn permit(&self, destination: &Destination) -> Result<(), TransportError> {
        self.transport.permit(destination)?;
        // reqwest keeps the brackets of the literal, and rustls does not take them for a name.
        let route = self.transport.routes().to(destination);
        if destination.secure
            && matches!(destination.host, url::Host::Ipv6(_))
            && !route.is_direct()
        {
            return Err(invalid_request(
                "HTTPS to an IPv6 address through a proxy is not possible; use a host name, \
                 or name the address in NO_PROXY",
            ));
        }
        Ok(())
    }

    fn explain(&self, error: reqwest::Error, destination: Destination) -> TransportError {
        // A URL may hold a token.
        let error = error.without_url();
        if error.is_builder() {
            return invalid_request(error);
        }
        // It may be a redirect that led to where nothing is sent.
        if let Err(refused) = self.permit(&destination) {
            return refused;
        }
        if !error.is_connect() {
            return error.into();
        }
        let attempt = self.transport.attempt(&destination, self.connect_timeout);
        if error.is_timeout() {
            return attempt.timed_out();
        }
        let phase = phase(&error, &destination, attempt.route.is_direct());
        attempt.failed(phase, Box::new(error))
    }
}

tokio::task_local! {
    /// Where the request that is being sent was last redirected to. reqwest's errors name the
    /// host that was asked first.
    static REDIRECTED: Cell<Option<Destination>>;
}

/// Obeys `policy`, and notes where it leads.
pub(super) fn noted(policy: redirect::Policy) -> redirect::Policy {
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
            .field("transport", &self.transport)
            .finish_non_exhaustive()
    }
}

/// How far a connection came. Behind the proxy, reqwest's connector fails with the
/// `io::Error` of the TLS handshake itself; on the way to it, with an error of the tunnel.
fn phase(error: &reqwest::Error, destination: &Destination, direct: bool) -> Phase {
    if direct {
        return Phase::Host;
    }
    let mut next: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = next {
        next = error.source();
        if error.is::<hyper_util::client::legacy::Error>() {
            break;
        }
    }
    match next {
        Some(cause) if destination.secure && cause.is::<std::io::Error>() => Phase::Host,
        _ => Phase::Proxy,
    }
}
