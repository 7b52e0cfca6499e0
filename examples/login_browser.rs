//! A login in the browser: OAuth 2.0's authorization code with PKCE (RFC 6749, 7636), and a page on
//! loopback that the person comes back to (RFC 8252), with the crate `oauth2`.
//!
//! `cargo run --example login_browser` rehearses it on loopback, behind a proxy that re-signs TLS;
//! with the issuer and the client's id behind it, `-- https://login.example.com/ my-client`, it is run for real.

#[path = "login/callback.rs"]
mod callback;
#[path = "login/server.rs"]
mod server;

use std::env;
use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use oauth2::basic::BasicClient;
use oauth2::{
    AuthUrl, ClientId, CsrfToken, PkceCodeChallenge, Scope, TokenResponse as _, TokenUrl,
};
use serde::Deserialize;
use trusted_transport::http::Url;
use trusted_transport::in_full;

use callback::Callback;
use server::{Server, ServerError};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let outcome = match &words[..] {
        [] => return stage::rehearse(stage::login::browser()).await,
        [issuer, client] => run(issuer, client).await,
        _ => Err("usage: login_browser ISSUER CLIENT_ID".into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", in_full(&*error));
            ExitCode::FAILURE
        }
    }
}

#[derive(Deserialize)]
struct More {
    authorization_endpoint: Url,
}

async fn run(issuer: &str, client: &str) -> Result<(), Box<dyn Error>> {
    let server: Server<More> = Server::discover(issuer).await?;
    let callback = Callback::listen().await?;
    let client = BasicClient::new(ClientId::new(client.to_owned()))
        .set_auth_uri(AuthUrl::from_url(
            server.metadata.more.authorization_endpoint.clone(),
        ))
        .set_token_uri(TokenUrl::from_url(server.metadata.token_endpoint.clone()))
        .set_redirect_uri(callback.url()?);

    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (page, state) = client
        .authorize_url(CsrfToken::new_random)
        .add_scopes(SCOPES.map(|it| Scope::new(it.to_owned())))
        .set_pkce_challenge(challenge)
        .url();
    println!("open this page in your browser: {page}");
    let code = callback.code(state, LONGEST).await?;

    let ask = |request| server.asked(request);
    let tokens = client.exchange_code(code).set_pkce_verifier(verifier);
    let tokens = tokens
        .request_async(&ask)
        .await
        .map_err(ServerError::from)?;
    println!("logged in as {}", server.name(tokens.access_token()).await?);

    let refresh = tokens
        .refresh_token()
        .ok_or("the login cannot be renewed")?;
    let tokens = client
        .exchange_refresh_token(refresh)
        .request_async(&ask)
        .await
        .map_err(ServerError::from)?;
    println!(
        "still {} with a renewed token",
        server.name(tokens.access_token()).await?
    );
    Ok(())
}

const LONGEST: Duration = Duration::from_secs(300);
/// The last one is what most servers want to hear before they let a login be renewed.
const SCOPES: [&str; 3] = ["openid", "profile", "offline_access"];
