//! The options of the HTTP client: those of reqwest that cannot change trust or route.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use reqwest::{redirect, retry};

use super::error::{TransportError, invalid_request};
use super::http::HttpClient;
use super::recipe::{RawBuilder, Recipe};
use super::tls::HttpVersions;
use super::transport::TrustedTransport;

macro_rules! options {
    ($($(#[$attribute:meta])* $name:ident($($argument:ident: $type:ty),*);)*) => {$(
        $(#[$attribute])*
        pub fn $name(self, $($argument: $type),*) -> Self {
            self.with(move |builder| builder.$name($($argument.clone()),*))
        }
    )*};
}

/// The options of an [`HttpClient`]; from [`TrustedTransport::http`].
///
/// They are those of reqwest that cannot change trust or route. What decides these (roots,
/// TLS, proxies, name resolution, sockets) is the token's, and there is no option for it here.
#[must_use = "a client is not built until `build` is called"]
pub struct HttpClientBuilder {
    recipe: Recipe,
    transport: TrustedTransport,
    /// The first option that is not valid.
    error: Option<TransportError>,
}

impl HttpClientBuilder {
    pub(crate) fn of(transport: TrustedTransport) -> Self {
        Self {
            recipe: Recipe::new(transport.connect_timeout()),
            transport,
            error: None,
        }
    }

    options! {
        /// Headers of every request that does not set them itself.
        default_headers(headers: HeaderMap);
        /// Whether redirects carry a `Referer`; they do unless this says otherwise.
        referer(enable: bool);
        /// The time for a request as a whole, body included; none unless this says otherwise.
        timeout(timeout: Duration);
        /// The time that a read may take; none unless this says otherwise.
        read_timeout(timeout: Duration);
        /// How long an idle connection is kept; 90 s unless this says otherwise.
        pool_idle_timeout(timeout: Option<Duration>);
        /// How many idle connections are kept for a host.
        pool_max_idle_per_host(max: usize);
        /// Sends headers as `Title-Case` in HTTP/1.
        http1_title_case_headers();
        /// Accepts header values that go on in the next line.
        http1_allow_obsolete_multiline_headers_in_responses(value: bool);
        /// Passes over headers that are not valid.
        http1_ignore_invalid_headers_in_responses(value: bool);
        /// Accepts blanks between a header's name and the colon.
        http1_allow_spaces_after_header_name_in_responses(value: bool);
        /// The most headers in a response.
        http1_max_headers(max: usize);
        /// Accepts HTTP/0.9 responses.
        http09_responses();
        /// The initial window of a stream, in bytes (RFC 9113, 6.9.2).
        #[cfg(feature = "http2")]
        http2_initial_stream_window_size(bytes: Option<u32>);
        /// The initial window of a connection, in bytes.
        #[cfg(feature = "http2")]
        http2_initial_connection_window_size(bytes: Option<u32>);
        /// Adapts the windows to the connection.
        #[cfg(feature = "http2")]
        http2_adaptive_window(enable: bool);
        /// The largest frame that is accepted, in bytes.
        #[cfg(feature = "http2")]
        http2_max_frame_size(bytes: Option<u32>);
        /// The largest header list that is accepted, in bytes.
        #[cfg(feature = "http2")]
        http2_max_header_list_size(bytes: u32);
        /// Pings a connection that was silent for so long.
        #[cfg(feature = "http2")]
        http2_keep_alive_interval(interval: Option<Duration>);
        /// Closes a connection whose ping is not answered in time.
        #[cfg(feature = "http2")]
        http2_keep_alive_timeout(timeout: Duration);
        /// Pings idle connections too.
        #[cfg(feature = "http2")]
        http2_keep_alive_while_idle(enable: bool);
        /// Sends small packets at once; on unless this says otherwise.
        tcp_nodelay(enable: bool);
        /// Probes a silent connection after so long.
        tcp_keepalive(after: Option<Duration>);
        /// The time between probes.
        tcp_keepalive_interval(interval: Option<Duration>);
        /// How many probes may stay unanswered.
        tcp_keepalive_retries(retries: Option<u32>);
        /// How long sent data may stay unacknowledged.
        #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
        tcp_user_timeout(timeout: Option<Duration>);
        /// Asks for and unpacks gzip.
        #[cfg(feature = "gzip")]
        gzip(enable: bool);
        /// Asks for and unpacks Brotli.
        #[cfg(feature = "brotli")]
        brotli(enable: bool);
        /// Asks for and unpacks Zstandard.
        #[cfg(feature = "zstd")]
        zstd(enable: bool);
        /// Asks for and unpacks deflate.
        #[cfg(feature = "deflate")]
        deflate(enable: bool);
    }

    /// What is done with redirects; ten are followed unless this says otherwise.
    pub fn redirect(mut self, policy: redirect::Policy) -> Self {
        self.recipe.redirect = Arc::new(policy);
        self
    }

    /// Which requests are sent again.
    ///
    /// A client with a policy of its own cannot be made anew when what is trusted changes
    /// ([`reload`](TrustedTransport::reload)): it obeys the new trust from the next handshake like
    /// every other, but connections that are open stay in its pool until they are idle for too
    /// long, and none of its sessions is resumed any more.
    pub fn retry(mut self, policy: retry::Builder) -> Self {
        self.recipe.retry = Some(Mutex::new(Some(policy)));
        self
    }

    /// The `User-Agent` of every request. A value that is not a header value is an error
    /// when the client is built.
    pub fn user_agent(
        mut self,
        value: impl TryInto<HeaderValue, Error: Into<http::Error>>,
    ) -> Self {
        match value.try_into() {
            Ok(value) => self.with(move |builder| builder.user_agent(value.clone())),
            Err(error) => {
                self.error.get_or_insert(invalid_request(error.into()));
                self
            }
        }
    }

    /// Keeps cookies between requests.
    #[cfg(feature = "cookies")]
    pub fn cookie_store(self, enable: bool) -> Self {
        match enable {
            // One jar, however often the client is made anew.
            true => self.cookie_provider(Arc::new(reqwest::cookie::Jar::default())),
            false => self.with(|builder| builder.cookie_store(false)),
        }
    }

    /// Keeps cookies in a store of the program's.
    #[cfg(feature = "cookies")]
    pub fn cookie_provider<C: reqwest::cookie::CookieStore + 'static>(self, store: Arc<C>) -> Self {
        self.with(move |builder| builder.cookie_provider(Arc::clone(&store)))
    }

    /// The time from name resolution to the end of the last handshake; the token's unless
    /// this says otherwise.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.recipe.connect_timeout = timeout;
        self
    }

    /// Speaks HTTP/1 only, and says so in the TLS handshake.
    pub fn http1_only(mut self) -> Self {
        self.recipe.versions = HttpVersions::Http1;
        self.with(|builder| builder.http1_only())
    }

    /// Speaks HTTP/2 only, and says so in the TLS handshake.
    #[cfg(feature = "http2")]
    pub fn http2_prior_knowledge(mut self) -> Self {
        self.recipe.versions = HttpVersions::Http2;
        self.with(|builder| builder.http2_prior_knowledge())
    }

    /// Builds the client.
    ///
    /// # Errors
    /// [`TransportError::InvalidRequest`] if an option is not valid.
    pub fn build(self) -> Result<HttpClient, TransportError> {
        match self.error {
            Some(error) => Err(error),
            None => HttpClient::of(self.recipe, self.transport),
        }
    }

    fn with(mut self, option: impl Fn(RawBuilder) -> RawBuilder + Send + Sync + 'static) -> Self {
        self.recipe.options.push(Box::new(option));
        self
    }
}

impl fmt::Debug for HttpClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClientBuilder")
            .field("transport", &self.transport)
            .finish_non_exhaustive()
    }
}
