//! A request of a program without async, on its way to [`HttpClient`].

use std::fmt;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Version};
use reqwest::{Body, Request};
use serde::Serialize;

use super::http::HttpClient;
use super::response::Response;
use crate::factory::error::TransportError;
use crate::factory::request::{self as with_async, parts};

/// A request that is not sent yet; from [`HttpClient`].
#[must_use = "a request is not sent until `send` is called"]
pub struct RequestBuilder {
    request: with_async::RequestBuilder,
    client: HttpClient,
}

impl RequestBuilder {
    pub(super) fn of(request: with_async::RequestBuilder, client: HttpClient) -> Self {
        Self { request, client }
    }

    parts!();

    /// The request, to be sent with [`HttpClient::execute`].
    ///
    /// # Errors
    /// [`TransportError::InvalidRequest`] if the URL, a header or the body is not valid.
    pub fn build(self) -> Result<Request, TransportError> {
        self.request.build()
    }

    /// Sends the request, and waits for the head of the response.
    ///
    /// # Errors
    /// [`TransportError::InvalidRequest`], and those of [`HttpClient::execute`].
    ///
    /// # Panics
    /// In async code.
    pub fn send(self) -> Result<Response, TransportError> {
        self.client.execute(self.request.build()?)
    }

    /// The same request again; `None` if its body is a stream.
    pub fn try_clone(&self) -> Option<Self> {
        Some(Self {
            request: self.request.try_clone()?,
            client: self.client.clone(),
        })
    }
}

impl fmt::Debug for RequestBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.request.fmt(f)
    }
}
