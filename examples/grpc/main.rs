//! gRPC under the policy of a token: tonic brings the protocol, the token its TLS.
//!
//! `cargo run --example grpc` needs no network: the server is in this process, and echoes.

mod server;
mod text;

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;

use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tokio::net::TcpStream;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::{Channel, Endpoint, Uri};
use trusted_transport::{BaseRoots, CaPolicy, ProxyPolicy, TransportError, TrustedTransport};
use trusted_transport_lab::Authority;

use text::Text;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let authority = Authority::root("Example Root");
    let server = server::start(&authority.issue(&["grpc.test"])).await?;

    let transport = trusting(&authority)?;
    let channel = channel(&transport, server).await?;
    println!("answer: {}", say(channel, "hello").await?);

    let stranger = trusting(&Authority::root("Another Root"))?;
    let Err(error) = self::channel(&stranger, server).await else {
        return Err("nobody should have been trusted".into());
    };
    let failure = stranger.explain(&error).ok_or(error)?;
    println!("refused: {failure}");
    Ok(())
}

/// A program says `CaPolicy::from_env()` here.
fn trusting(authority: &Authority) -> Result<TrustedTransport, TransportError> {
    let anchors = CaPolicy::platform()
        .base(BaseRoots::None)
        .bundle_pem("the example's authority", authority.pem())
        .load()?;
    TrustedTransport::builder(anchors)
        .proxy(ProxyPolicy::Direct)
        .build()
}

async fn say(channel: Channel, text: &str) -> Result<String, Box<dyn Error>> {
    let mut client = tonic::client::Grpc::new(channel);
    client.ready().await?;
    let path = PathAndQuery::from_static("/echo.Echo/Say");
    let request = tonic::Request::new(text.to_owned());
    Ok(client.unary(request, path, Text).await?.into_inner())
}

/// A channel whose connections are judged as the token's own are. The way there is this
/// function's: no proxy, and no resolution of names.
async fn channel(
    transport: &TrustedTransport,
    address: SocketAddr,
) -> Result<Channel, tonic::transport::Error> {
    let mut config = ClientConfig::clone(&transport.rustls_config());
    // gRPC is HTTP/2; the token's configuration leaves the choice of protocol to whoever has it.
    config.alpn_protocols = vec![b"h2".to_vec()];
    let config = Arc::new(config);
    let connector = tower::service_fn(move |uri: Uri| connect(uri, address, config.clone()));
    Endpoint::from_static("https://grpc.test")
        .connect_with_connector(connector)
        .await
}

#[expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "TLS with the token's own configuration, for a protocol that it does not speak"
)]
async fn connect(
    uri: Uri,
    address: SocketAddr,
    config: Arc<ClientConfig>,
) -> Result<TokioIo<tokio_rustls::client::TlsStream<TcpStream>>, Box<dyn Error + Send + Sync>> {
    let name = uri.host().unwrap_or_default().to_owned().try_into()?;
    let stream = TcpStream::connect(address).await?;
    let connector = tokio_rustls::TlsConnector::from(config);
    Ok(TokioIo::new(connector.connect(name, stream).await?))
}
