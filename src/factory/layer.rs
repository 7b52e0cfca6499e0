//! What reqwest's connector is wrapped in: every connection is traced and has the token's deadline,
//! and its failure carries the trace.

use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tower_layer::Layer;
use tower_service::Service;

use super::trace::{Broken, Trace};

type BoxError = Box<dyn Error + Send + Sync>;

/// Traces every connection, and ends it after `limit`.
#[derive(Clone, Copy)]
pub(crate) struct Traced {
    pub(crate) limit: Duration,
}

impl<S> Layer<S> for Traced {
    type Service = TracedConnector<S>;

    fn layer(&self, connector: S) -> TracedConnector<S> {
        let limit = self.limit;
        TracedConnector { connector, limit }
    }
}

#[derive(Clone)]
pub(crate) struct TracedConnector<S> {
    connector: S,
    limit: Duration,
}

impl<R, S> Service<R> for TracedConnector<S>
where
    S: Service<R, Error = BoxError>,
    S::Future: Send + 'static,
    S::Response: 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.connector.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let (trace, limit) = (Trace::default(), self.limit);
        let connecting = trace.enter(|| self.connector.call(request));
        Box::pin(async move {
            let followed = trace.follow(limit, connecting).await;
            followed.map_err(|unfinished| Broken::from(unfinished).into())
        })
    }
}
