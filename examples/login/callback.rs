//! The end of a login in a browser: a page on loopback to which the server sends the person back
//! (RFC 8252, 7.3).

use std::io;
use std::time::Duration;

use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::routing::get;
use oauth2::{AuthorizationCode, CsrfToken, RedirectUrl};
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::timeout;

pub(crate) struct Callback(TcpListener);

#[derive(Debug, thiserror::Error)]
pub(crate) enum CallbackError {
    #[error("the login was refused: {0}")]
    Refused(String),
    #[error("nobody has logged in within {} s", LONGEST.as_secs())]
    Late,
    #[error("the page on loopback broke down")]
    Broken(#[from] io::Error),
}

/// RFC 6749, 4.1.2.
#[derive(Deserialize)]
struct Answer {
    state: String,
    code: Option<String>,
    error: Option<String>,
}

type Outcome = Result<AuthorizationCode, CallbackError>;

impl Callback {
    pub(crate) async fn listen() -> io::Result<Self> {
        Ok(Self(TcpListener::bind("127.0.0.1:0").await?))
    }

    pub(crate) fn url(&self) -> Result<RedirectUrl, Box<dyn std::error::Error>> {
        let port = self.0.local_addr()?.port();
        Ok(RedirectUrl::new(format!(
            "http://127.0.0.1:{port}/callback"
        ))?)
    }

    /// The code that belongs to this login. What carries another state is somebody else's.
    pub(crate) async fn code(self, state: CsrfToken) -> Outcome {
        let (answered, mut answers) = mpsc::channel(1);
        let page = Router::new()
            .route("/callback", get(answer))
            .with_state((state.into_secret(), answered));
        let outcome = async {
            tokio::select! {
                // The page outlives its answer, so that the person sees it.
                ended = axum::serve(self.0, page).into_future() => Err(CallbackError::from(
                    ended.err().unwrap_or_else(|| io::ErrorKind::BrokenPipe.into()),
                )),
                Some(outcome) = async {
                    let outcome = answers.recv().await;
                    tokio::time::sleep(FAREWELL).await;
                    outcome
                } => outcome,
            }
        };
        timeout(LONGEST, outcome)
            .await
            .unwrap_or(Err(CallbackError::Late))
    }
}

async fn answer(
    State((state, answered)): State<(String, mpsc::Sender<Outcome>)>,
    Query(answer): Query<Answer>,
) -> (StatusCode, &'static str) {
    if answer.state != state {
        return (
            StatusCode::BAD_REQUEST,
            "This is not the login that was begun.",
        );
    }
    let outcome = match (answer.code, answer.error) {
        (Some(code), _) => Ok(AuthorizationCode::new(code)),
        (None, error) => Err(CallbackError::Refused(error.unwrap_or_default())),
    };
    // A second answer is one too many.
    answered.try_send(outcome).ok();
    (
        StatusCode::OK,
        "You can close this page and go back to the program.",
    )
}

const LONGEST: Duration = Duration::from_secs(300);
const FAREWELL: Duration = Duration::from_millis(300);
