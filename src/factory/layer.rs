//! What reqwest's connector is wrapped in: every connection is traced and has the token's deadline,
//! and its failure carries the trace.

use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
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
        TracedConnector {
            connector: Arc::new(connector),
            ready: None,
            limit: self.limit,
        }
    }
}

/// hyper clones its connector for every request, and few of them connect: only for those is the
/// connector cloned that this one holds.
pub(crate) struct TracedConnector<S> {
    connector: Arc<S>,
    /// The clone that is asked whether it is ready, and then connects.
    ready: Option<S>,
    limit: Duration,
}

impl<S> Clone for TracedConnector<S> {
    fn clone(&self) -> Self {
        Self {
            connector: Arc::clone(&self.connector),
            ready: None,
            limit: self.limit,
        }
    }
}

impl<S: Clone> TracedConnector<S> {
    fn own(&mut self) -> &mut S {
        self.ready.get_or_insert_with(|| S::clone(&self.connector))
    }
}

impl<R, S> Service<R> for TracedConnector<S>
where
    S: Service<R, Error = BoxError> + Clone,
    S::Future: Send + 'static,
    S::Response: 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.own().poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let (trace, limit) = (Trace::default(), self.limit);
        let connecting = trace.enter(|| self.own().call(request));
        Box::pin(async move {
            let followed = trace.follow(limit, connecting).await;
            followed.map_err(|unfinished| Broken::from(unfinished).into())
        })
    }
}
