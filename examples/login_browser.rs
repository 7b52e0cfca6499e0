//! A login in the browser: OAuth 2.0's authorization code with PKCE (RFC 6749, 7636), and a page on
//! loopback that the person comes back to (RFC 8252), with the crate `oauth2`.
//!
//! `cargo run --example login_browser` rehearses it on loopback, behind a proxy that re-signs TLS;
//! with the issuer behind it, `-- https://login.example.com/`, it is run for real.

#[path = "login/callback.rs"]
mod callback;
#[path = "login/server.rs"]
mod server;

use std::env;
use std::error::Error;
use std::process::ExitCode;

use oauth2::basic::BasicClient;
use oauth2::{
    AuthUrl, ClientId, CsrfToken, PkceCodeChallenge, Scope, TokenResponse as _, TokenUrl,
};
use serde::Deserialize;
use trusted_transport::http::Url;
use trusted_transport::{TrustedTransport, in_full};

use callback::Callback;
use server::Server;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Some(issuer) = env::args().nth(1) else {
        return stage::rehearse(stage::login::browser()).await;
    };
    match run(&issuer).await {
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

async fn run(issuer: &str) -> Result<(), Box<dyn Error>> {
    let transport = TrustedTransport::from_env()?;
    let server: Server<More> = Server::discover(issuer, &transport).await?;
    let callback = Callback::listen().await?;
    let client = BasicClient::new(ClientId::new("example".to_owned()))
        .set_auth_uri(AuthUrl::from_url(
            server.metadata.more.authorization_endpoint.clone(),
        ))
        .set_token_uri(TokenUrl::from_url(server.metadata.token_endpoint.clone()))
        .set_redirect_uri(callback.url()?);

    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (page, state) = client
        .authorize_url(CsrfToken::new_random)
        .add_scope(Scope::new("profile".to_owned()))
        .set_pkce_challenge(challenge)
        .url();
    println!("open this page in your browser: {page}");
    let code = callback.code(state).await?;

    let ask = |request| server.asked(request);
    let tokens = client.exchange_code(code).set_pkce_verifier(verifier);
    let tokens = tokens.request_async(&ask).await?;
    println!("logged in as {}", server.name(tokens.access_token()).await?);

    let refresh = tokens
        .refresh_token()
        .ok_or("the login cannot be renewed")?;
    let tokens = client
        .exchange_refresh_token(refresh)
        .request_async(&ask)
        .await?;
    println!(
        "still {} with a renewed token",
        server.name(tokens.access_token()).await?
    );
    Ok(())
}
