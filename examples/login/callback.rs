//! The end of a login in a browser: a page on loopback to which the server sends the person back
//! (RFC 8252, 7.3).

use std::future::IntoFuture as _;
use std::io;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::routing::get;
use oauth2::{AuthorizationCode, CsrfToken, RedirectUrl};
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

pub(crate) struct Callback(TcpListener);

#[derive(Debug, thiserror::Error)]
pub(crate) enum CallbackError {
    #[error("the login was refused: {0}")]
    Refused(String),
    #[error("nobody has logged in within {} s", .0.as_secs())]
    Late(Duration),
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
    pub(crate) async fn code(self, state: CsrfToken, longest: Duration) -> Outcome {
        let (answered, mut answers) = mpsc::channel(1);
        let (close, closed) = oneshot::channel::<()>();
        let page = Router::new()
            .route("/callback", get(answer))
            .with_state((state.into_secret(), answered));
        let page = axum::serve(self.0, page).with_graceful_shutdown(async {
            closed.await.ok();
        });
        let mut page = pin!(page.into_future());
        let outcome = tokio::select! {
            ended = &mut page => Err(ended.err().unwrap_or_else(|| io::ErrorKind::BrokenPipe.into()).into()),
            Some(outcome) = answers.recv() => outcome,
            () = tokio::time::sleep(longest) => Err(CallbackError::Late(longest)),
        };
        // The person sees the answer even if the program ends with it.
        drop(close);
        timeout(FAREWELL, page).await.ok();
        outcome
    }
}

async fn answer(
    State((state, answered)): State<(String, mpsc::Sender<Outcome>)>,
    Query(answer): Query<Answer>,
) -> (StatusCode, &'static str) {
    let (outcome, told) = match (answer.code, answer.error) {
        _ if answer.state != state => return (StatusCode::BAD_REQUEST, STRANGER),
        (None, None) => return (StatusCode::BAD_REQUEST, STRANGER),
        (Some(code), None) => (Ok(AuthorizationCode::new(code)), DONE),
        (_, Some(error)) => (Err(CallbackError::Refused(error)), REFUSED),
    };
    // A second answer is one too many.
    answered.try_send(outcome).ok();
    (StatusCode::OK, told)
}

const FAREWELL: Duration = Duration::from_secs(1);
const DONE: &str = "You can close this page and go back to the program.";
const REFUSED: &str = "The login was refused. You can close this page.";
const STRANGER: &str = "This is not the login that was begun.";
