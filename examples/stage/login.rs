//! The service of `login_browser` and `login_device_code`: an authorization server that holds everybody
//! to the standards, and a person who logs in.

mod grants;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{Form, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;
use trusted_transport::HttpClient;
use url::Url;

use crate::Scene;
use grants::{Asked, Issued};

/// How it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Story {
    /// The person logs in.
    Agrees,
    /// The person does not want to.
    Refuses,
    /// The server wants to be asked less often.
    Busy,
    /// The server forgets the device before the person comes.
    Forgets,
    /// The server wants to be asked once an hour, for a code that is good for a second.
    Unhurried,
    /// The server sends whoever asks for tokens elsewhere, where there are some.
    Redirects,
    /// The tokens come with more than anybody wants to read.
    Floods,
    /// The tokens come as numbers, which they are not.
    Garbles,
    /// The metadata is that of another server.
    Another,
    /// The tokens are to be asked for without TLS.
    Plain,
}

/// A login in the browser that goes well.
pub fn browser() -> Scene {
    browser_of(Story::Agrees)
}

/// A login in the browser, at a server that has its host for itself.
pub fn browser_of(story: Story) -> Scene {
    login(story, "/").person(Box::new(|browser, line| {
        Box::pin(async move {
            if let Some(page) = line.strip_prefix("open this page in your browser: ") {
                visit(&browser, page).await;
            }
        })
    }))
}

/// A login with a code on another device that goes well.
pub fn device() -> Scene {
    device_of(Story::Agrees)
}

/// A login with a code on another device, at a server that shares its host with others.
pub fn device_of(story: Story) -> Scene {
    login(story, "/acme").person(Box::new(|browser, line| {
        Box::pin(async move {
            let words: Vec<&str> = line.split(' ').collect();
            if let ["open", page, "on", .., code] = words[..] {
                visit(&browser, &format!("{page}?user_code={code}")).await;
            }
        })
    }))
}

fn login(story: Story, issuer: &'static str) -> Scene {
    let server = Server {
        story,
        issued: Arc::default(),
    };
    let service = Router::new()
        .route("/.well-known/oauth-authorization-server", get(metadata))
        .route(
            "/.well-known/oauth-authorization-server/{*of}",
            get(metadata),
        )
        .route("/authorize", get(authorize))
        .route("/devices", post(device_code))
        .route("/activate", get(activate))
        .route("/token", post(token))
        .route("/elsewhere", post(elsewhere))
        .route("/userinfo", get(userinfo))
        .with_state(server);
    Scene::of(service).url("https", issuer).argument(CLIENT)
}

/// A program that has gone does not answer the browser any more, and the person shrugs.
async fn visit(browser: &HttpClient, page: &str) {
    browser.get(page).send().await.ok();
}

#[derive(Clone)]
struct Server {
    story: Story,
    issued: Arc<Mutex<Issued>>,
}

impl Server {
    fn issued(&self) -> MutexGuard<'_, Issued> {
        self.issued.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// RFC 8414, 3: of the issuer whose path is behind its own.
async fn metadata(
    State(server): State<Server>,
    of: Option<Path<String>>,
    uri: Uri,
    headers: HeaderMap,
) -> Json<serde_json::Value> {
    let own = own(&uri, &headers);
    let at = |path: &str| format!("https://{own}/{path}");
    let issuer = match server.story {
        Story::Another => "https://other.test/".to_owned(),
        _ => at(&of.map(|Path(of)| of).unwrap_or_default()),
    };
    let token_endpoint = match server.story {
        Story::Plain => format!("http://{own}/token"),
        _ => at("token"),
    };
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": at("authorize"),
        "token_endpoint": token_endpoint,
        "device_authorization_endpoint": at("devices"),
        "userinfo_endpoint": at("userinfo"),
    }))
}

/// Where the client believes it is.
fn own(uri: &Uri, headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|it| it.to_str().ok());
    let host = uri.authority().map_or(host, |it| Some(it.as_str()));
    host.unwrap_or_default().to_owned()
}

#[derive(Deserialize)]
struct Authorize {
    response_type: String,
    client_id: String,
    redirect_uri: String,
    scope: String,
    state: String,
    code_challenge: String,
    code_challenge_method: String,
}

async fn authorize(State(server): State<Server>, Query(asked): Query<Authorize>) -> Response {
    let by_the_book = asked.response_type == "code"
        && asked.client_id == CLIENT
        && asked.code_challenge_method == "S256"
        && asked.redirect_uri.starts_with("http://127.0.0.1:")
        && grants::told_who(&asked.scope);
    let Ok(mut back) = Url::parse(&asked.redirect_uri) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    if !by_the_book {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let (name, value) = match server.story {
        Story::Refuses => ("error", "access_denied".to_owned()),
        _ => (
            "code",
            server
                .issued()
                .code(asked.code_challenge, asked.redirect_uri),
        ),
    };
    back.query_pairs_mut().append_pair(name, &value);
    back.query_pairs_mut().append_pair("state", &asked.state);
    Redirect::to(back.as_str()).into_response()
}

#[derive(Deserialize)]
struct DeviceAsked {
    client_id: String,
    scope: String,
}

/// RFC 8628, 3.2.
async fn device_code(
    State(server): State<Server>,
    uri: Uri,
    headers: HeaderMap,
    Form(asked): Form<DeviceAsked>,
) -> Response {
    if asked.client_id != CLIENT || !grants::told_who(&asked.scope) {
        return grants::refused("invalid_request");
    }
    let (interval, lifetime) = match server.story {
        Story::Unhurried => (3600, 1),
        _ => (1, 30),
    };
    let (device, user_code) = server.issued().device(interval);
    Json(json!({
        "device_code": device,
        "user_code": user_code,
        "verification_uri": format!("https://{}/activate", own(&uri, &headers)),
        "expires_in": lifetime,
        "interval": interval,
    }))
    .into_response()
}

#[derive(Deserialize)]
struct Activate {
    user_code: String,
}

async fn activate(State(server): State<Server>, Query(entered): Query<Activate>) -> StatusCode {
    let agreed = server.story != Story::Refuses;
    match server.issued().entered(&entered.user_code, agreed) {
        true => StatusCode::OK,
        false => StatusCode::NOT_FOUND,
    }
}

async fn token(State(server): State<Server>, Form(asked): Form<Asked>) -> Response {
    match server.story {
        Story::Redirects => Redirect::temporary("/elsewhere").into_response(),
        story => server.issued().answer(&asked, CLIENT, story),
    }
}

/// Nobody is to come here: a redirect would be shown codes, and tokens to be renewed.
async fn elsewhere(State(server): State<Server>, Form(asked): Form<Asked>) -> Response {
    server.issued().answer(&asked, CLIENT, server.story)
}

async fn userinfo(State(server): State<Server>, headers: HeaderMap) -> Response {
    let presented = headers.get(header::AUTHORIZATION);
    let presented = presented.and_then(|it| it.to_str().ok()?.strip_prefix("Bearer "));
    match presented.is_some_and(|token| server.issued().knows(token)) {
        true => Json(json!({"name": "Ada"})).into_response(),
        false => StatusCode::UNAUTHORIZED.into_response(),
    }
}

const CLIENT: &str = "example";
