//! A gRPC server that echoes, on loopback.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::io;
use std::net::SocketAddr;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tonic::codegen::Service;
use tonic::server::Grpc;
use tonic::{Request, Response, Status};
use trusted_transport_lab::EndEntity;

use crate::text::Text;

/// Serves until the process ends.
pub(crate) async fn start(end_entity: &EndEntity) -> io::Result<SocketAddr> {
    let acceptor = TlsAcceptor::from(end_entity.server_config(&[b"h2"]));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, acceptor.clone()));
        }
    });
    Ok(address)
}

async fn serve(stream: TcpStream, acceptor: TlsAcceptor) {
    // How a connection ends is for the client to notice.
    let Ok(stream) = acceptor.accept(stream).await else {
        return;
    };
    let service = service_fn(|request| async {
        Ok::<_, Infallible>(Grpc::new(Text).unary(Echo, request).await)
    });
    hyper::server::conn::http2::Builder::new(TokioExecutor::new())
        .serve_connection(TokioIo::new(stream), service)
        .await
        .ok();
}

struct Echo;

impl Service<Request<String>> for Echo {
    type Response = Response<String>;
    type Error = Status;
    type Future = Ready<Result<Self::Response, Status>>;

    fn poll_ready(
        &mut self,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), Status>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<String>) -> Self::Future {
        ready(Ok(Response::new(request.into_inner())))
    }
}
