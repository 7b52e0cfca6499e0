//! The HTTP client of a program without async.

use std::fmt;

use http::Method;
use reqwest::{IntoUrl, Request};

use super::request::RequestBuilder;
use super::response::Response;
use super::runtime::Runtime;
use crate::factory::error::TransportError;
use crate::factory::http::{self as with_async, methods};
use crate::factory::http_builder::HttpClientBuilder;

/// An HTTP client whose connections are the token's. Cloning it is cheap, and clones share
/// their connections.
///
/// It is made by [`HttpClientBuilder::build_blocking`], and by nothing else.
#[derive(Clone)]
pub struct HttpClient {
    client: with_async::HttpClient,
    runtime: Runtime,
}

impl HttpClientBuilder {
    /// Builds a client for a program without async.
    ///
    /// # Errors
    /// [`TransportError::InvalidRequest`] if an option is not valid, and
    /// [`TransportError::Runtime`] if there is no thread for its connections.
    pub fn build_blocking(self) -> Result<HttpClient, TransportError> {
        Ok(HttpClient {
            client: self.build()?,
            runtime: Runtime::start()?,
        })
    }
}

impl HttpClient {
    methods!();

    /// Starts a request. A URL that is not valid is an error when it is sent.
    pub fn request(&self, method: Method, url: impl IntoUrl) -> RequestBuilder {
        RequestBuilder::of(self.client.request(method, url), self.clone())
    }

    /// Sends a request, and waits for the head of the response.
    ///
    /// # Errors
    /// Those of the client with async: [`HttpClient::execute`](crate::HttpClient::execute).
    ///
    /// # Panics
    /// In async code.
    pub fn execute(&self, request: Request) -> Result<Response, TransportError> {
        let response = self.runtime.wait(self.client.execute(request))?;
        Ok(Response::of(response, self.runtime.clone()))
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.client.fmt(f)
    }
}
