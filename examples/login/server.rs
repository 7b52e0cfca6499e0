//! An authorization server, as both logins need it: found by its metadata (RFC 8414), asked by the
//! crate `oauth2` over the token's HTTP client.

use std::time::Duration;

use oauth2::http::Request;
use oauth2::{AccessToken, ErrorResponse, HttpRequest, HttpResponse, RequestTokenError};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use trusted_transport::http::{Url, redirect};
use trusted_transport::{CaPolicy, HttpClient, TransportError, TrustedTransport};

pub(crate) struct Server<M> {
    pub(crate) metadata: Metadata<M>,
    client: HttpClient,
}

#[derive(Deserialize)]
pub(crate) struct Metadata<M> {
    issuer: Url,
    pub(crate) token_endpoint: Url,
    userinfo_endpoint: Url,
    /// What only one kind of login asks.
    #[serde(flatten)]
    pub(crate) more: M,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum ServerError {
    #[error("the login server was not reached")]
    Transport(#[from] TransportError),
    #[error("the login server answered with status {0}")]
    Status(u16),
    #[error("the answer of the login server cannot be read")]
    Content(#[from] serde_json::Error),
    #[error("the login server says that it is another one: {0}")]
    Another(Url),
    #[error("the login server has refused: {0}")]
    Refused(String),
    /// What is wrong with an answer that may hold tokens is not told: it may be one of them.
    #[error("the login server did not answer as OAuth 2.0 has it")]
    Protocol,
}

impl<M: DeserializeOwned> Server<M> {
    /// Before anybody is sent to a browser: a network that cannot be trusted shows here.
    pub(crate) async fn discover(issuer: &str) -> Result<Self, Box<dyn std::error::Error>> {
        let issuer = Url::parse(issuer)?;
        // Codes and tokens are never sent without TLS, whatever the metadata says.
        let transport = TrustedTransport::builder(CaPolicy::from_env().load()?).https_only(true);
        let client = transport
            .build()?
            .http()
            // Wherever a redirect led, it would be shown the codes.
            .redirect(redirect::Policy::none())
            .timeout(Duration::from_secs(30))
            .build()?;
        let request = Request::get(well_known(&issuer).as_str()).body(Vec::new())?;
        let metadata: Metadata<M> = content(&client, request).await?;
        // RFC 8414, 3.3.
        match metadata.issuer == issuer {
            true => Ok(Self { metadata, client }),
            false => Err(ServerError::Another(metadata.issuer).into()),
        }
    }

    /// What `oauth2` asks with.
    pub(crate) async fn asked(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let response = self.client.exchange(request, LARGEST).await?;
        Ok(response.map(Vec::from))
    }

    /// Whose token it is.
    pub(crate) async fn name(
        &self,
        token: &AccessToken,
    ) -> Result<String, Box<dyn std::error::Error>> {
        #[derive(Deserialize)]
        struct UserInfo {
            name: String,
        }
        let request = Request::get(self.metadata.userinfo_endpoint.as_str());
        let request = request.header("authorization", format!("Bearer {}", token.secret()));
        let user: UserInfo = content(&self.client, request.body(Vec::new())?).await?;
        // What a server says is text, and nothing that steers a terminal.
        Ok(user.name.replace(char::is_control, "\u{fffd}"))
    }
}

impl<T: ErrorResponse> From<RequestTokenError<TransportError, T>> for ServerError {
    fn from(error: RequestTokenError<TransportError, T>) -> Self {
        match error {
            RequestTokenError::Request(error) => Self::Transport(error),
            RequestTokenError::ServerResponse(refusal) => Self::Refused(refusal.to_string()),
            RequestTokenError::Parse(..) | RequestTokenError::Other(_) => Self::Protocol,
        }
    }
}

/// RFC 8414, 3.1: in front of the issuer's path, of which a slash at the end is no part.
fn well_known(issuer: &Url) -> Url {
    let path = issuer.path().trim_end_matches('/');
    let mut url = issuer.clone();
    url.set_path(&format!("/.well-known/oauth-authorization-server{path}"));
    url
}

async fn content<T: DeserializeOwned>(
    client: &HttpClient,
    request: HttpRequest,
) -> Result<T, ServerError> {
    let response = client.exchange(request, LARGEST).await?;
    match response.status().is_success() {
        true => Ok(serde_json::from_slice(response.body())?),
        false => Err(ServerError::Status(response.status().as_u16())),
    }
}

/// No answer of a login server is longer, in bytes.
const LARGEST: usize = 64 * 1024;
