//! Libraries that bring their own protocol, over the token: what docs/using.md shows, run.
//!
//! `cargo run --example interop` rehearses one of them on loopback, behind a proxy that re-signs TLS;
//! with a library and a URL behind it, `-- oauth2 https://login.example.com/`, it is run for real.
//! `OPENAI_API_KEY` and `CLIENT_SECRET` hold what async-openai and oauth2 send.

use std::env;
use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use async_openai::config::OpenAIConfig;
use async_openai::types::responses::CreateResponseArgs;
use futures_util::future::BoxFuture;
use http_body_util::{BodyExt as _, Limited};
use oauth2::basic::BasicClient;
use oauth2::{ClientId, ClientSecret, HttpRequest, TokenResponse as _, TokenUrl};
use reqwest_middleware::{ClientBuilder, Next};
use tower::{ServiceBuilder, ServiceExt as _};
use trusted_transport::http::{Body, Request, Response, redirect};
use trusted_transport::{CaPolicy, HttpClientBuilder, TrustedTransport, in_full};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [library, url] = &arguments[..] else {
        return stage::rehearse(stage::interop::scene("oauth2")).await;
    };
    match run(library, url).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", in_full(&*error));
            ExitCode::FAILURE
        }
    }
}

async fn run(library: &str, url: &str) -> Result<(), Box<dyn Error>> {
    let transport = TrustedTransport::builder(CaPolicy::from_env().load()?)
        .https_only(true)
        .build()?;
    let told = match library {
        "async-openai" => async_openai(&transport, url).await,
        "oauth2" => oauth2(&transport, url).await,
        "reqwest-middleware" => reqwest_middleware(&transport, url).await,
        "tower" => tower(&transport, url).await,
        _ => Err("it is async-openai, oauth2, reqwest-middleware or tower".into()),
    };
    // Whatever the library has made of it, the token finds what it has refused.
    let told = told.map_err(|error| transport.explain(&*error).map_or(error, Into::into))?;
    println!("{library}: {told}");
    Ok(())
}

/// Redirects would take secrets to wherever they lead; and a library waits for as long as it is let.
fn careful(transport: &TrustedTransport) -> HttpClientBuilder {
    let client = transport.http().redirect(redirect::Policy::none());
    client.timeout(Duration::from_secs(30))
}

async fn async_openai(transport: &TrustedTransport, url: &str) -> Result<String, Box<dyn Error>> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the SDK takes nothing but a reqwest::Client"
    )]
    let http = careful(transport).build()?.into_reqwest();
    let key = env::var("OPENAI_API_KEY").map_err(|_| "OPENAI_API_KEY is not set")?;
    let config = OpenAIConfig::new()
        .with_api_base(url.trim_end_matches('/'))
        .with_api_key(key);
    let client = async_openai::Client::build(http, config);
    let question = CreateResponseArgs::default()
        .model("tea")
        .input("Why tea?")
        .build()?;
    let answer = client.responses().create(question).await?;
    Ok(answer.output_text().unwrap_or_default())
}

async fn oauth2(transport: &TrustedTransport, url: &str) -> Result<String, Box<dyn Error>> {
    let http = careful(transport).build()?;
    let ask = async |request: HttpRequest| {
        let response = http.exchange(request, LARGEST).await?;
        Ok::<_, trusted_transport::TransportError>(response.map(Vec::from))
    };
    let secret = env::var("CLIENT_SECRET").map_err(|_| "CLIENT_SECRET is not set")?;
    let client = BasicClient::new(ClientId::new("example".to_owned()))
        .set_client_secret(ClientSecret::new(secret))
        .set_token_uri(TokenUrl::new(format!("{url}token"))?);
    let tokens = client
        .exchange_client_credentials()
        .request_async(&ask)
        .await?;
    Ok(format!(
        "a token for {:?}",
        tokens.expires_in().unwrap_or_default()
    ))
}

async fn reqwest_middleware(
    transport: &TrustedTransport,
    url: &str,
) -> Result<String, Box<dyn Error>> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the middleware wraps nothing but a reqwest::Client"
    )]
    let http = careful(transport).build()?.into_reqwest();
    let client = ClientBuilder::new(http).with(counted).build();
    let response = client.get(url).send().await?;
    text(response.into()).await
}

fn counted<'a>(
    mut request: Request,
    extensions: &'a mut http::Extensions,
    next: Next<'a>,
) -> BoxFuture<'a, reqwest_middleware::Result<Response>> {
    let one = http::HeaderValue::from_static("1");
    request.headers_mut().insert("x-attempt", one);
    Box::pin(next.run(request, extensions))
}

async fn tower(transport: &TrustedTransport, url: &str) -> Result<String, Box<dyn Error>> {
    let service = ServiceBuilder::new()
        .concurrency_limit(4)
        .timeout(Duration::from_secs(30))
        .service(careful(transport).build()?);
    let request = http::Request::get(url)
        .header("x-attempt", "1")
        .body(String::new())?;
    let response = service
        .oneshot(request)
        .await
        .map_err(|error| error as Box<dyn Error>)?;
    text(response).await
}

/// As much as a program is ready to hold, from a server that may send for ever.
async fn text(response: http::Response<Body>) -> Result<String, Box<dyn Error>> {
    let body = Limited::new(response.into_body(), LARGEST).collect().await;
    let body = body.map_err(|error| error as Box<dyn Error>)?;
    Ok(String::from_utf8(body.to_bytes().into())?)
}

/// In bytes.
const LARGEST: usize = 64 * 1024;
