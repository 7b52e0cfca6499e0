//! How a raw HTTP client is made, as often as needed: the program's options first, then TLS, routes
//! and deadlines, so that no option can change what is trusted.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::{redirect, retry};

use super::error::{TransportError, invalid_request};
use super::http::{RawClient, noted};
use super::layer::Traced;
use super::route::{Destination, Routes};
use super::tls::{HttpVersions, Tls};
use super::trace;
use super::transport::TrustedTransport;

#[expect(
    clippy::disallowed_types,
    reason = "the factory wraps it; what comes out is a client of the token's"
)]
pub(super) type RawBuilder = reqwest::ClientBuilder;

/// The options of a client. When what is trusted changes, a new one is made by them: the old one's
/// idle connections were judged by what was trusted before.
pub(crate) struct Recipe {
    pub(crate) options: Vec<Box<dyn Fn(RawBuilder) -> RawBuilder + Send + Sync>>,
    pub(crate) versions: HttpVersions,
    pub(crate) redirect: Arc<redirect::Policy>,
    /// Can be used only once.
    pub(crate) retry: Option<Mutex<Option<retry::Builder>>>,
    pub(crate) connect_timeout: Duration,
}

impl Recipe {
    pub(crate) fn new(connect_timeout: Duration) -> Self {
        Self {
            options: Vec::new(),
            versions: HttpVersions::default(),
            redirect: Arc::default(),
            retry: None,
            connect_timeout,
        }
    }

    /// Whether a client can be made more than once.
    pub(crate) fn is_repeatable(&self) -> bool {
        self.retry.is_none()
    }

    pub(crate) fn client(
        &self,
        transport: &TrustedTransport,
        tls: &Tls,
    ) -> Result<RawClient, TransportError> {
        self.builder(transport, tls)
            .build()
            .map_err(invalid_request)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where an HTTP client begins; TLS is applied last, so that no \
                  option before it can change what is trusted"
    )]
    fn builder(&self, transport: &TrustedTransport, tls: &Tls) -> RawBuilder {
        let options = self.options.iter();
        let mut builder = options.fold(RawClient::builder(), |builder, option| option(builder));
        if let Some(retry) = &self.retry {
            let retry = retry.lock().unwrap_or_else(PoisonError::into_inner).take();
            builder = retry.into_iter().fold(builder, RawBuilder::retry);
        }
        let limit = self.connect_timeout;
        with_routes(builder, Arc::clone(transport.routes()))
            .redirect(noted(Arc::clone(&self.redirect)))
            // The layer's limit ends the connection, and knows what it was waiting for. This one
            // is divided among the addresses of a host.
            .connect_timeout(limit.saturating_add(limit / 64).saturating_add(MARGIN))
            .connector_layer(Traced { limit })
            .dns_resolver(Arc::new(transport.resolver().clone()))
            .https_only(transport.https_only())
            .tls_backend_preconfigured(tls.http(self.versions))
    }
}

/// reqwest's own search for proxies is off in any case. It asks once for every connection.
fn with_routes(builder: RawBuilder, routes: Arc<Routes>) -> RawBuilder {
    builder.no_proxy().proxy(reqwest::Proxy::custom(move |url| {
        let destination = Destination::of(url)?;
        let route = routes.to(&destination);
        trace::starts(&destination, &route);
        route.server().map(|proxy| proxy.url.clone())
    }))
}

const MARGIN: Duration = Duration::from_millis(20);
