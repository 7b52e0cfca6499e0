//! What the origin answers to requests that are not upgrades. The answer depends only on the
//! method and the path.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use percent_encoding::percent_decode_str;
use tokio::time::timeout;

use crate::server::IDLE;

const BODY_LIMIT: usize = 1024 * 1024;
const SLOW: Duration = Duration::from_secs(60);
const HELLO: &[u8] = b"hello from the lab\n";

pub(crate) async fn answer(
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(if let Some(answer) = asked_for(request.uri()) {
        answer
    } else if matches!(
        *request.method(),
        Method::POST | Method::PUT | Method::PATCH
    ) {
        echo(request).await
    } else {
        if request.uri().path() == "/slow" {
            tokio::time::sleep(SLOW).await;
        }
        text(HELLO)
    })
}

/// The answer that the path asks for, to an upgrade as well.
pub(crate) fn asked_for(uri: &Uri) -> Option<Response<Full<Bytes>>> {
    if let Some(status) = uri.path().strip_prefix("/status/") {
        return Some(empty(asked_status(status)));
    }
    (uri.path() == "/redirect").then(|| redirect(uri.query().unwrap_or_default()))
}

/// A response without a body.
pub(crate) fn empty(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}

fn text(body: &'static [u8]) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(body)));
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, plain);
    response
}

/// Informational statuses are no final answer, so they count as a bad request.
fn asked_status(digits: &str) -> StatusCode {
    digits
        .parse::<StatusCode>()
        .ok()
        .filter(|status| !status.is_informational())
        .unwrap_or(StatusCode::BAD_REQUEST)
}

fn redirect(query: &str) -> Response<Full<Bytes>> {
    let to = query.split('&').find_map(|pair| pair.strip_prefix("to="));
    let decoded: Option<Vec<u8>> = to.map(|to| percent_decode_str(to).collect());
    let Some(Ok(location)) = decoded.map(|to| HeaderValue::from_bytes(&to)) else {
        return empty(StatusCode::BAD_REQUEST);
    };
    let mut response = empty(StatusCode::FOUND);
    response.headers_mut().insert(header::LOCATION, location);
    response
}

async fn echo(request: Request<Incoming>) -> Response<Full<Bytes>> {
    let (parts, body) = request.into_parts();
    match timeout(IDLE, Limited::new(body, BODY_LIMIT).collect()).await {
        Ok(Ok(body)) => {
            let mut response = Response::new(Full::new(body.to_bytes()));
            if let Some(kind) = parts.headers.get(header::CONTENT_TYPE) {
                let headers = response.headers_mut();
                headers.insert(header::CONTENT_TYPE, kind.clone());
            }
            response
        }
        Ok(Err(_)) => empty(StatusCode::PAYLOAD_TOO_LARGE),
        Err(_) => empty(StatusCode::REQUEST_TIMEOUT),
    }
}
