//! A login where there is no browser: OAuth 2.0's device authorization grant (RFC 8628), with the crate
//! `oauth2`. The person enters a code on another device; the program asks until it is done.
//!
//! `cargo run --example login_device_code` rehearses it on loopback, behind a proxy that re-signs TLS;
//! with the issuer and the client's id behind it, `-- https://login.example.com/ my-client`, it is run for real.

#[path = "login/server.rs"]
mod server;

use std::env;
use std::error::Error;
use std::future::pending;
use std::process::ExitCode;
use std::time::Duration;

use oauth2::basic::BasicClient;
use oauth2::{
    ClientId, DeviceAuthorizationUrl, DeviceCodeErrorResponse, DeviceCodeErrorResponseType,
    HttpRequest, RequestTokenError, Scope, StandardDeviceAuthorizationResponse, TokenResponse as _,
    TokenUrl,
};
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio::time::sleep;
use trusted_transport::http::Url;
use trusted_transport::{TransportError, in_full};

use server::{Server, ServerError};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let outcome = match &words[..] {
        [] => return stage::rehearse(stage::login::device()).await,
        [issuer, client] => run(issuer, client).await,
        _ => Err("usage: login_device_code ISSUER CLIENT_ID".into()),
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
    device_authorization_endpoint: Url,
}

#[derive(Debug, thiserror::Error)]
enum LoginError {
    #[error("the login was refused on the other device")]
    Refused,
    #[error("nobody has entered the code in time")]
    Late,
    #[error("the login has failed")]
    Server(#[source] ServerError),
}

type PollError = RequestTokenError<TransportError, DeviceCodeErrorResponse>;

impl From<PollError> for LoginError {
    fn from(error: PollError) -> Self {
        match &error {
            RequestTokenError::ServerResponse(answer) => match answer.error() {
                DeviceCodeErrorResponseType::AccessDenied => Self::Refused,
                DeviceCodeErrorResponseType::ExpiredToken => Self::Late,
                _ => Self::Server(error.into()),
            },
            _ => Self::Server(error.into()),
        }
    }
}

async fn run(issuer: &str, client: &str) -> Result<(), Box<dyn Error>> {
    let server: Server<More> = Server::discover(issuer).await?;
    let devices = server.metadata.more.device_authorization_endpoint.clone();
    let client = BasicClient::new(ClientId::new(client.to_owned()))
        .set_device_authorization_url(DeviceAuthorizationUrl::from_url(devices))
        .set_token_uri(TokenUrl::from_url(server.metadata.token_endpoint.clone()));

    let details: StandardDeviceAuthorizationResponse = client
        .exchange_device_code()
        .add_scopes(SCOPES.map(|it| Scope::new(it.to_owned())))
        .request_async(&|request| server.asked(request))
        .await
        .map_err(ServerError::from)?;
    // What a server says is text, and nothing that steers a terminal.
    let [page, code] = [
        details.verification_uri().as_str(),
        details.user_code().secret(),
    ]
    .map(|it| it.replace(char::is_control, "\u{fffd}"));
    println!("open {page} on any device and enter {code}");

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
        tokens = asking.request_async(&ask, sleep, None) => tokens.map_err(LoginError::from)?,
        Some(error) = failures.recv() => return Err(ServerError::from(error).into()),
        // `oauth2` looks at the clock only after the interval that the server has named.
        () = sleep(details.expires_in().min(LONGEST)) => return Err(LoginError::Late.into()),
    };
    println!("logged in as {}", server.name(tokens.access_token()).await?);
    Ok(())
}

const LONGEST: Duration = Duration::from_secs(15 * 60);
const SCOPES: [&str; 2] = ["openid", "profile"];
