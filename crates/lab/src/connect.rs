//! The HTTP side of a proxy: it reads requests, demands credentials, and makes tunnels or forwards.
//! Every request is recorded before it is answered, so a client that has its answer finds it there.

use std::convert::Infallible;
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::answer::empty;
use crate::forward::forward;
use crate::intercept::Interceptor;
use crate::proxy::{ProxyRequest, ProxySeen, Shared};
use crate::server::{HANDSHAKE, IDLE};
use crate::target::dial;
use crate::tunnel::tunnel;

pub(crate) type Body = Either<Full<Bytes>, Incoming>;

pub(crate) async fn serve<S>(stream: S, shared: Arc<Shared>, interceptor: Option<Arc<Interceptor>>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request| {
        let (shared, interceptor) = (shared.clone(), interceptor.clone());
        async move { Ok::<_, Infallible>(answer(request, shared, interceptor).await) }
    });
    // How a connection ended is for the client to notice.
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(IDLE)
        .max_buf_size(64 * 1024)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades()
        .await;
}

async fn answer(
    request: Request<Incoming>,
    shared: Arc<Shared>,
    interceptor: Option<Arc<Interceptor>>,
) -> Response<Body> {
    let Some((kind, host, port)) = asked(&request) else {
        return refused(StatusCode::BAD_REQUEST);
    };
    let mut seen = ProxySeen {
        kind,
        target: format!("{host}:{port}"),
        credentials: presented(request.headers()),
        granted: false,
        headers: request.headers().clone(),
        intercepted: false,
    };
    let outcome = match verdict(&seen, &shared) {
        Some(status) => Err(status),
        None => dial(&host, port).await.map_err(|_| StatusCode::BAD_GATEWAY),
    };
    seen.granted = outcome.is_ok();
    let number = shared.requests.push(seen);
    match outcome {
        Err(status) => refused(status),
        Ok(stream) if kind == ProxyRequest::Forward => {
            forward(request, stream, &shared.tasks).await
        }
        Ok(stream) => {
            let tasks = shared.tasks.clone();
            tasks.spawn(connected(
                request,
                stream,
                host,
                number,
                shared,
                interceptor,
            ));
            empty(StatusCode::OK).map(Either::Left)
        }
    }
}

/// What the request is for, or `None` if it is not one for a proxy.
fn asked(request: &Request<Incoming>) -> Option<(ProxyRequest, String, u16)> {
    let uri = request.uri();
    let host = uri.host().filter(|host| !host.is_empty())?.to_owned();
    if request.method() == Method::CONNECT {
        Some((ProxyRequest::Connect, host, uri.port_u16()?))
    } else {
        let plain = uri.scheme() == Some(&http::uri::Scheme::HTTP);
        plain.then(|| (ProxyRequest::Forward, host, uri.port_u16().unwrap_or(80)))
    }
}

/// The status to refuse with, if the request is to be refused before any target is tried.
fn verdict(seen: &ProxySeen, shared: &Shared) -> Option<StatusCode> {
    if shared.credentials.is_some() && shared.credentials != seen.credentials {
        return Some(StatusCode::PROXY_AUTHENTICATION_REQUIRED);
    }
    shared.refuse
}

fn presented(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::PROXY_AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    String::from_utf8(BASE64_STANDARD.decode(encoded.trim()).ok()?).ok()
}

pub(crate) fn refused(status: StatusCode) -> Response<Body> {
    let mut response = empty(status).map(Either::Left);
    if status == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
        let challenge = HeaderValue::from_static("Basic realm=\"lab\"");
        let headers = response.headers_mut();
        headers.insert(header::PROXY_AUTHENTICATE, challenge);
    }
    response
}

/// What happens in a tunnel, once the client has been told that it stands.
async fn connected(
    request: Request<Incoming>,
    origin: TcpStream,
    host: String,
    number: usize,
    shared: Arc<Shared>,
    interceptor: Option<Arc<Interceptor>>,
) {
    let Ok(Ok(upgraded)) = timeout(HANDSHAKE, hyper::upgrade::on(request)).await else {
        return;
    };
    let client = TokioIo::new(upgraded);
    match interceptor {
        None => tunnel(client, origin).await,
        Some(interceptor) => {
            let intercepted = || {
                shared
                    .requests
                    .update(number, |seen| seen.intercepted = true)
            };
            interceptor
                .run(client, origin, &host, &shared.handshakes, intercepted)
                .await;
        }
    }
}
