//! A request on its way to [`HttpClient`]: reqwest's builder, from which no raw client can be
//! taken back out.

use std::fmt;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Version};
use reqwest::{Body, Request, Response};
use serde::Serialize;

use super::error::{TransportError, invalid_request};
use super::http::HttpClient;

/// A request that is not sent yet; from [`HttpClient`].
#[must_use = "a request is not sent until `send` is called"]
pub struct RequestBuilder {
    request: reqwest::RequestBuilder,
    client: HttpClient,
}

/// What a request can be given, with async and without.
macro_rules! parts {
    () => {
        parts! {
            /// Adds headers, in place of those of the same name.
            headers(headers: HeaderMap);
            /// HTTP Basic authentication (RFC 7617).
            basic_auth(user: impl fmt::Display, password: Option<impl fmt::Display>);
            /// A bearer token (RFC 6750).
            bearer_auth(token: impl fmt::Display);
            /// The body.
            body(body: impl Into<Body>);
            /// The time for this request, body included, in place of the client's.
            timeout(timeout: Duration);
            /// The version of HTTP.
            version(version: Version);
            /// Appends to the query of the URL.
            query[T: Serialize + ?Sized](query: &T);
            /// A body of the type `application/x-www-form-urlencoded`.
            form[T: Serialize + ?Sized](form: &T);
            /// A body of the type `application/json`.
            #[cfg(feature = "json")]
            json[T: Serialize + ?Sized](json: &T);
            /// A body of the type `multipart/form-data`.
            #[cfg(feature = "multipart")]
            multipart(form: reqwest::multipart::Form);
        }

        /// Adds a header.
        pub fn header<N, V>(mut self, name: N, value: V) -> Self
        where
            HeaderName: TryFrom<N, Error: Into<http::Error>>,
            HeaderValue: TryFrom<V, Error: Into<http::Error>>,
        {
            self.request = self.request.header(name, value);
            self
        }
    };
    ($($(#[$attribute:meta])* $name:ident $([$($generics:tt)*])? ($($argument:ident: $type:ty),*);)*) => {$(
        $(#[$attribute])*
        pub fn $name $(<$($generics)*>)? (mut self, $($argument: $type),*) -> Self {
            self.request = self.request.$name($($argument),*);
            self
        }
    )*};
}
#[cfg(feature = "blocking")]
pub(super) use parts;

impl RequestBuilder {
    pub(crate) fn of(request: reqwest::RequestBuilder, client: HttpClient) -> Self {
        Self { request, client }
    }

    parts!();

    /// The request, to be sent with [`HttpClient::execute`].
    ///
    /// # Errors
    /// [`TransportError::InvalidRequest`] if the URL, a header or the body is not valid.
    pub fn build(self) -> Result<Request, TransportError> {
        self.request
            .build()
            .map_err(|error| invalid_request(error.without_url()))
    }

    /// Sends the request.
    ///
    /// # Errors
    /// [`TransportError::InvalidRequest`], and those of [`HttpClient::execute`].
    ///
    /// # Cancel safety
    /// That of [`HttpClient::execute`].
    pub async fn send(self) -> Result<Response, TransportError> {
        let client = self.client.clone();
        client.execute(self.build()?).await
    }

    /// The same request again; `None` if its body is a stream.
    pub fn try_clone(&self) -> Option<Self> {
        Some(Self {
            request: self.request.try_clone()?,
            client: self.client.clone(),
        })
    }
}

// Headers and URL may hold a token.
impl fmt::Debug for RequestBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestBuilder").finish_non_exhaustive()
    }
}
