//! Forwards an absolute-form request to its origin over a connection of its own. The connection is
//! closed with the answer: the lab has no need for a pool.

use http::header::{self, HeaderName};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Uri};
use http_body_util::Either;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::connect::{Body, refused};
use crate::server::{HANDSHAKE, IDLE, Tasks};

/// The fields that concern one hop only.
const HOP_BY_HOP: [HeaderName; 8] = [
    header::CONNECTION,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

pub(crate) async fn forward(
    mut request: Request<Incoming>,
    origin: TcpStream,
    tasks: &Tasks,
) -> Response<Body> {
    let authority = request.uri().authority().cloned();
    let host = authority.and_then(|a| HeaderValue::from_str(a.as_str()).ok());
    if let Some(host) = host {
        request.headers_mut().insert(header::HOST, host);
    }
    *request.uri_mut() = origin_form(request.uri());
    strip(request.headers_mut());
    match timeout(IDLE, exchange(request, origin, tasks)).await {
        Ok(Ok(mut response)) => {
            strip(response.headers_mut());
            response.map(Either::Right)
        }
        Ok(Err(_)) => refused(StatusCode::BAD_GATEWAY),
        Err(_) => refused(StatusCode::GATEWAY_TIMEOUT),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a proxy forwards plain HTTP; no TLS and no CA policy is involved"
)]
async fn exchange(
    request: Request<Incoming>,
    origin: TcpStream,
    tasks: &Tasks,
) -> hyper::Result<Response<Incoming>> {
    let io = TokioIo::new(origin);
    let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await?;
    tasks.spawn(async move {
        // An error of the connection reaches the client through the answer's body.
        let _ = timeout(IDLE + HANDSHAKE, connection).await;
    });
    sender.send_request(request).await
}

fn origin_form(uri: &Uri) -> Uri {
    let path = uri.path_and_query().cloned();
    Uri::from(path.unwrap_or_else(|| PathAndQuery::from_static("/")))
}

fn strip(headers: &mut HeaderMap) {
    for name in &HOP_BY_HOP {
        headers.remove(name);
    }
}
