//! A login where there is no browser: OAuth 2.0's device authorization grant (RFC 8628), with the crate
//! `oauth2`. The person enters a code on another device; the program asks until it is done.
//!
//! `cargo run --example login_device_code` rehearses it on loopback, behind a proxy that re-signs TLS;
//! with the issuer behind it, `-- https://login.example.com/`, it is run for real.

#[path = "login/server.rs"]
mod server;

use std::env;
use std::error::Error;
use std::future::pending;
use std::process::ExitCode;

use oauth2::basic::BasicClient;
use oauth2::{
    ClientId, DeviceAuthorizationUrl, HttpRequest, Scope, StandardDeviceAuthorizationResponse,
    TokenResponse as _, TokenUrl,
};
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio::time::sleep;
use trusted_transport::http::Url;
use trusted_transport::{TrustedTransport, in_full};

use server::{Server, ServerError};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Some(issuer) = env::args().nth(1) else {
        return stage::rehearse(stage::login::device()).await;
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
    device_authorization_endpoint: Url,
}

async fn run(issuer: &str) -> Result<(), Box<dyn Error>> {
    let transport = TrustedTransport::from_env()?;
    let server: Server<More> = Server::discover(issuer, &transport).await?;
    let devices = server.metadata.more.device_authorization_endpoint.clone();
    let client = BasicClient::new(ClientId::new("example".to_owned()))
        .set_device_authorization_url(DeviceAuthorizationUrl::from_url(devices))
        .set_token_uri(TokenUrl::from_url(server.metadata.token_endpoint.clone()));

    let details: StandardDeviceAuthorizationResponse = client
        .exchange_device_code()
        .add_scope(Scope::new("profile".to_owned()))
        .request_async(&|request| server.asked(request))
        .await?;
    let (page, code) = (details.verification_uri(), details.user_code());
    println!(
        "open {} on any device and enter {}",
        page.as_str(),
        code.secret()
    );

    // `oauth2` asks again whatever has failed. What will not pass ends it here instead.
    let (failed, mut failures) = mpsc::channel(1);
    let ask = async |request: HttpRequest| match server.asked(request).await {
        Err(error) if !error.is_retryable() => {
            failed.try_send(error).ok();
            pending().await
        }
        outcome => outcome,
    };
    let asking = client.exchange_device_access_token(&details);
    let tokens = tokio::select! {
        tokens = asking.request_async(&ask, sleep, None) => tokens?,
        Some(error) = failures.recv() => return Err(ServerError::from(error).into()),
    };
    println!("logged in as {}", server.name(tokens.access_token()).await?);
    Ok(())
}
