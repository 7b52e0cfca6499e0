//! gRPC over the token's HTTP client: tonic takes it as the service that it sends its requests with.
//! No TLS and no connector of its own; proxies and errors are the token's.
//!
//! `cargo run --example grpc` rehearses it on loopback, behind a proxy that re-signs TLS;
//! with a URL behind it, `-- https://grpc.example.com/`, it is run for real.

use std::env;
use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

// In place of the messages that tonic-build generates.
use stage::Text;
use tokio_stream::StreamExt as _;
use tonic::client::Grpc;
use tonic::codegen::http::Uri;
use tonic::codegen::http::uri::PathAndQuery;
use trusted_transport::{HttpClient, TrustedTransport, in_full};

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
    // A status prints all that it is made of; the token finds its own words in it.
    let called = call(&transport, url).await;
    called.map_err(|error| transport.explain(&*error).map_or(error, Into::into))
}

async fn call(transport: &TrustedTransport, url: &str) -> Result<(), Box<dyn Error>> {
    // tonic's own deadlines are its channel's; this one is for a call as a whole.
    let client = transport.http().timeout(Duration::from_secs(30)).build()?;
    // What tonic-build generates is made like this too: `EchoClient::with_origin(client, url)`.
    let mut echo = Grpc::with_origin(client, url.parse::<Uri>()?);

    println!("answer: {}", shown(&say(&mut echo, "hello").await?));
    let mut answers = talk(&mut echo, ["one", "two", "three"]).await?;
    while let Some(answer) = answers.next().await {
        println!("answer: {}", shown(&answer?));
    }
    if let Err(status) = say(&mut echo, "").await {
        println!("refused: {}", shown(status.message()));
    }
    Ok(())
}

/// What a server says is text, and nothing that steers a terminal.
fn shown(text: &str) -> String {
    text.replace(char::is_control, "\u{fffd}")
}

async fn say(echo: &mut Grpc<HttpClient>, text: &str) -> Result<String, tonic::Status> {
    ready(echo).await?;
    let path = PathAndQuery::from_static("/echo.Echo/Say");
    let request = tonic::Request::new(text.to_owned());
    Ok(echo.unary(request, path, Text).await?.into_inner())
}

async fn talk<const N: usize>(
    echo: &mut Grpc<HttpClient>,
    texts: [&str; N],
) -> Result<tonic::Streaming<String>, tonic::Status> {
    ready(echo).await?;
    let path = PathAndQuery::from_static("/echo.Echo/Talk");
    let texts = tokio_stream::iter(texts.map(str::to_owned));
    let answers = echo
        .streaming(tonic::Request::new(texts), path, Text)
        .await?;
    Ok(answers.into_inner())
}

async fn ready(echo: &mut Grpc<HttpClient>) -> Result<(), tonic::Status> {
    let ready = echo.ready().await;
    ready.map_err(|error| tonic::Status::from_error(error.into()))
}
