//! Answers that are taken whole: read to their end, and none that is longer than the program accepts.

use bytes::{Bytes, BytesMut};
use reqwest::{Body, Request, Response};

use super::error::{TransportError, invalid_request};
use super::http::HttpClient;
use super::request::RequestBuilder;

impl HttpClient {
    /// Sends a request in the types of the crate [`http`](https://docs.rs/http), and reads the answer to
    /// its end: for libraries that bring their requests and take an answer whole, such as those for
    /// OAuth. A body of more than `limit` bytes is not read further.
    ///
    /// How long it takes is for the client's [`timeout`](crate::HttpClientBuilder::timeout) to bound:
    /// without one, a server may send a byte now and then for ever.
    ///
    /// ```
    /// # use trusted_transport::{HttpClient, TransportError};
    /// async fn token(client: HttpClient, form: &str) -> Result<Vec<u8>, TransportError> {
    ///     let request = http::Request::post("https://login.example.com/token").body(form.to_owned());
    ///     let request = request.expect("a request by the book");
    ///     Ok(client.exchange(request, 64 * 1024).await?.into_body().into())
    /// }
    /// ```
    ///
    /// # Errors
    /// Those of [`execute`](Self::execute), [`TransportError::InvalidRequest`] if the URI is not absolute,
    /// and [`TransportError::AnswerTooLarge`].
    ///
    /// # Cancel safety
    /// That of [`execute`](Self::execute).
    pub async fn exchange<B: Into<Body>>(
        &self,
        request: http::Request<B>,
        limit: usize,
    ) -> Result<http::Response<Bytes>, TransportError> {
        let response = self.execute(converted(request)?).await?;
        whole(response, limit).await
    }
}

impl RequestBuilder {
    /// Sends the request, and reads the answer to its end. A body of more than `limit` bytes is not
    /// read further: [`Response::text`](crate::http::Response::text) and `json` take what a server
    /// sends, however much.
    ///
    /// ```
    /// # use trusted_transport::{HttpClient, TransportError};
    /// async fn orders(client: HttpClient) -> Result<Vec<u8>, TransportError> {
    ///     let request = client.get("https://api.example.com/orders");
    ///     Ok(request.exchange(1024 * 1024).await?.into_body().into())
    /// }
    /// ```
    ///
    /// # Errors
    /// Those of [`send`](Self::send), and [`TransportError::AnswerTooLarge`].
    ///
    /// # Cancel safety
    /// That of [`HttpClient::execute`].
    pub async fn exchange(self, limit: usize) -> Result<http::Response<Bytes>, TransportError> {
        whole(self.send().await?, limit).await
    }
}

async fn whole(
    mut response: Response,
    limit: usize,
) -> Result<http::Response<Bytes>, TransportError> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await? {
        if chunk.len() > limit - body.len() {
            let host = response.url().host_str().unwrap_or_default().to_owned();
            return Err(TransportError::AnswerTooLarge { host, limit });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(http::Response::from(response).map(|_: Body| body.freeze()))
}

/// A request of another library as one of reqwest's.
pub(super) fn converted<B: Into<Body>>(
    request: http::Request<B>,
) -> Result<Request, TransportError> {
    Request::try_from(request).map_err(|error| invalid_request(error.without_url()))
}
