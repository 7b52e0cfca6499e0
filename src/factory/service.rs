//! The HTTP client as a `tower` service, in the types of the crate `http`: for libraries that bring
//! their own requests, and for middleware.

use std::any::Any;
use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use reqwest::Body;
use sync_wrapper::SyncWrapper;
use tower_service::Service;

use super::error::TransportError;
use super::http::HttpClient;
use super::whole::converted;

/// Sends requests in the types of the crate [`http`](https://docs.rs/http), which many libraries have
/// in common: OAuth clients, gRPC, middleware from tower. What they get is what
/// [`execute`](HttpClient::execute) returns, trailers included; its errors, and its cancellation.
///
/// The URI has to be absolute, or it is [`TransportError::InvalidRequest`]. The version of the request
/// counts: with HTTP/2, a connection that agreed on HTTP/1.1 is an error. Redirects are followed as the
/// client's options say; a request whose body is not [`http::Body`](crate::http::Body) is not sent twice,
/// neither for them nor for a retry.
///
/// A response is over when its body has been read: its failure is a [`reqwest::Error`](crate::http::Error),
/// which [`TransportError::from`] and [`explain`](crate::TrustedTransport::explain) understand.
///
/// ```
/// # use trusted_transport::{HttpClient, TransportError};
/// use tower::ServiceExt as _;
///
/// async fn status(client: HttpClient) -> Result<u16, TransportError> {
///     let request = http::Request::get("https://example.com/").body(String::new());
///     let request = request.expect("a request by the book");
///     Ok(client.oneshot(request).await?.status().as_u16())
/// }
/// ```
impl<B> Service<http::Request<B>> for HttpClient
where
    B: http_body::Body + Send + 'static,
    B::Data: Into<Bytes>,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Response = http::Response<Body>;
    type Error = TransportError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, TransportError>> + Send>>;

    /// It is always ready: how many requests are sent at a time is for the program to say.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let client = self.clone();
        Box::pin(async move {
            let request = converted(request.map(body))?;
            Ok(client.execute(request).await?.into())
        })
    }
}

/// reqwest's own body stays what it is, since it knows whether it can be sent again.
fn body<B>(body: B) -> Body
where
    B: http_body::Body + Send + 'static,
    B::Data: Into<Bytes>,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let mut body = Some(body);
    match (&mut body as &mut dyn Any).downcast_mut::<Option<Body>>() {
        Some(own) => own.take().unwrap_or_default(),
        None => body.map_or_else(Body::default, |body| Body::wrap(Alone::from(body))),
    }
}

/// A body that has one user at a time, in the place of one that several may look at. What they may
/// ask is noted down beforehand.
struct Alone<B> {
    body: SyncWrapper<Pin<Box<B>>>,
    size: SizeHint,
    ended: bool,
}

impl<B: http_body::Body> From<B> for Alone<B> {
    fn from(body: B) -> Self {
        Self {
            size: body.size_hint(),
            ended: body.is_end_stream(),
            body: SyncWrapper::new(Box::pin(body)),
        }
    }
}

impl<B: http_body::Body> http_body::Body for Alone<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let body = self.body.get_mut();
        let frame = body.as_mut().poll_frame(cx);
        let (size, ended) = (body.size_hint(), body.is_end_stream());
        self.size = size;
        self.ended = ended;
        frame
    }

    fn size_hint(&self) -> SizeHint {
        self.size
    }

    fn is_end_stream(&self) -> bool {
        self.ended
    }
}
