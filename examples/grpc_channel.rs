//! gRPC over tonic's own channel, which balances, keeps alive and connects in its own way: the token
//! gives it its TLS, by `rustls_config()`, and says which route to take. Databases and mail are alike.
//!
//! Where that is not needed, `grpc.rs` is shorter, and its errors explain themselves. `cargo run
//! --example grpc_channel` rehearses it on loopback, behind a proxy that re-signs TLS; with a URL
//! behind it, `-- https://grpc.example.com/`, it is run for real.

use std::env;
use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
// In place of the messages that tonic-build generates.
use stage::Text;
use tokio::net::TcpStream;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::{Channel, Endpoint, Uri};
use tower::{Service as _, service_fn};
use trusted_transport::{TrustedTransport, in_full};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Some(url) = env::args().nth(1) else {
        return stage::rehearse(stage::grpc::scene()).await;
    };
    match run(&url).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", in_full(&*error));
            ExitCode::FAILURE
        }
    }
}

async fn run(url: &str) -> Result<(), Box<dyn Error>> {
    let transport = TrustedTransport::from_env()?;
    // The token knows what it has refused, wherever the error comes out.
    let called = call(&transport, url).await;
    called.map_err(|error| transport.explain(&*error).map_or(error, Into::into))
}

async fn call(transport: &TrustedTransport, url: &str) -> Result<(), Box<dyn Error>> {
    let mut echo = Grpc::new(channel(transport, url).await?);
    echo.ready().await?;
    let path = PathAndQuery::from_static("/echo.Echo/Say");
    let request = tonic::Request::new("hello".to_owned());
    let answer = echo.unary(request, path, Text).await?;
    println!("answer: {}", shown(&answer.into_inner()));
    Ok(())
}

/// What a server says is text, and nothing that steers a terminal.
fn shown(text: &str) -> String {
    text.replace(char::is_control, "\u{fffd}")
}

async fn channel(transport: &TrustedTransport, url: &str) -> Result<Channel, Box<dyn Error>> {
    let mut config = ClientConfig::clone(&transport.rustls_config());
    // gRPC is HTTP/2; the token's configuration leaves the choice of protocol to whoever has it.
    config.alpn_protocols = vec![b"h2".to_vec()];
    let config = Arc::new(config);
    let proxy = transport.route(url)?.proxy();
    let proxy: Option<Uri> = proxy.map(|proxy| proxy.parse()).transpose()?;
    // One that wants credentials refuses. For those and others, `grpc.rs` has no more lines.
    if let Some(other) = proxy.as_ref().filter(|it| it.scheme_str() != Some("http")) {
        return Err(format!("this channel knows proxies with http:// only, not {other}").into());
    }
    let connector = service_fn(move |uri| connect(uri, proxy.clone(), config.clone()));
    let limit = Duration::from_secs(30);
    let endpoint = Endpoint::from_shared(url.to_owned())?
        .connect_timeout(limit)
        .timeout(limit);
    Ok(endpoint.connect_with_connector(connector).await?)
}

#[expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "TLS with the token's own configuration, for a channel that connects by itself"
)]
async fn connect(
    uri: Uri,
    proxy: Option<Uri>,
    config: Arc<ClientConfig>,
) -> Result<TokioIo<tokio_rustls::client::TlsStream<TcpStream>>, Box<dyn Error + Send + Sync>> {
    let name = uri.host().unwrap_or_default().to_owned().try_into()?;
    let mut direct = HttpConnector::new();
    direct.enforce_http(false);
    let stream = match proxy {
        Some(proxy) => Tunnel::new(proxy, direct).call(uri).await?,
        None => direct.call(uri).await?,
    };
    let connector = tokio_rustls::TlsConnector::from(config);
    Ok(TokioIo::new(
        connector.connect(name, stream.into_inner()).await?,
    ))
}
