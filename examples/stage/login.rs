//! The service of `login_browser` and `login_device_code`: an authorization server that holds everybody
//! to the standards, and a person who logs in.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use trusted_transport::HttpClient;
use url::Url;

use crate::Scene;

/// What the person does at the server's page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// Logs in.
    Agrees,
    /// Logs in; before that, somebody else's answer comes, with a code and a state of their own.
    AgreesAfterAForgery,
    /// Does not want to.
    Refuses,
}

/// A login in the browser that goes well.
pub fn browser() -> Scene {
    browser_of(Mood::Agrees)
}

/// A login in the browser.
pub fn browser_of(mood: Mood) -> Scene {
    login(mood).person(Box::new(move |browser, line| {
        Box::pin(async move {
            if let Some(page) = line.strip_prefix("open this page in your browser: ") {
                if mood == Mood::AgreesAfterAForgery {
                    forge(&browser, page).await;
                }
                visit(&browser, page).await;
            }
        })
    }))
}

/// A login with a code on another device that goes well.
pub fn device() -> Scene {
    device_of(Mood::Agrees)
}

/// A login with a code on another device.
pub fn device_of(mood: Mood) -> Scene {
    login(mood).person(Box::new(|browser, line| {
        Box::pin(async move {
            let words: Vec<&str> = line.split(' ').collect();
            if let ["open", page, "on", .., code] = words[..] {
                visit(&browser, &format!("{page}?user_code={code}")).await;
            }
        })
    }))
}

fn login(mood: Mood) -> Scene {
    let server = Server {
        mood,
        state: Arc::default(),
    };
    let service = Router::new()
        .route("/.well-known/oauth-authorization-server", get(metadata))
        .route("/authorize", get(authorize))
        .route("/devices", post(device_code))
        .route("/activate", get(activate))
        .route("/token", post(token))
        .route("/userinfo", get(userinfo))
        .with_state(server);
    Scene::of(service).url("https", "/")
}

/// A program that has gone does not answer the browser any more, and the person shrugs.
async fn visit(browser: &HttpClient, page: &str) {
    browser.get(page).send().await.ok();
}

async fn forge(browser: &HttpClient, page: &str) {
    let asked = Url::parse(page).ok();
    let back = asked.and_then(|asked| {
        let mut pairs = asked.query_pairs();
        Some(
            pairs
                .find(|(name, _)| name == "redirect_uri")?
                .1
                .into_owned(),
        )
    });
    if let Some(back) = back {
        visit(browser, &format!("{back}?code=forged&state=forged")).await;
    }
}

#[derive(Clone)]
struct Server {
    mood: Mood,
    state: Arc<Mutex<Issued>>,
}

/// Everything that can be presented, once each but the access tokens.
#[derive(Default)]
struct Issued {
    count: usize,
    codes: HashMap<String, Granted>,
    devices: HashMap<String, Device>,
    access: HashSet<String>,
    refresh: HashSet<String>,
}

struct Granted {
    challenge: String,
    redirect_uri: String,
}

#[derive(Default)]
struct Device {
    user_code: String,
    /// What the person has said.
    agreed: Option<bool>,
    polls: usize,
}

impl Server {
    fn issued(&self) -> MutexGuard<'_, Issued> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Issued {
    fn next(&mut self, kind: &str) -> String {
        self.count += 1;
        format!("{kind}-{}", self.count)
    }

    fn code(&mut self, challenge: String, redirect_uri: String) -> String {
        let code = self.next("code");
        let granted = Granted {
            challenge,
            redirect_uri,
        };
        self.codes.insert(code.clone(), granted);
        code
    }

    fn tokens(&mut self) -> Response {
        let (access, refresh) = (self.next("access"), self.next("refresh"));
        self.access.insert(access.clone());
        self.refresh.insert(refresh.clone());
        let tokens = json!({"access_token": access, "refresh_token": refresh, "token_type": "bearer", "expires_in": 600});
        Json(tokens).into_response()
    }
}

async fn metadata(uri: Uri, headers: HeaderMap) -> Json<serde_json::Value> {
    let at = |path: &str| format!("{}{path}", own(&uri, &headers));
    Json(json!({
        "issuer": at("/"),
        "authorization_endpoint": at("/authorize"),
        "token_endpoint": at("/token"),
        "device_authorization_endpoint": at("/devices"),
        "userinfo_endpoint": at("/userinfo"),
    }))
}

/// Where the client believes it is.
fn own(uri: &Uri, headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|it| it.to_str().ok());
    let host = uri.authority().map_or(host, |it| Some(it.as_str()));
    format!("https://{}", host.unwrap_or_default())
}

#[derive(Deserialize)]
struct Authorize {
    response_type: String,
    client_id: String,
    redirect_uri: String,
    state: String,
    code_challenge: String,
    code_challenge_method: String,
}

async fn authorize(State(server): State<Server>, Query(asked): Query<Authorize>) -> Response {
    let by_the_book = asked.response_type == "code"
        && asked.client_id == CLIENT
        && asked.code_challenge_method == "S256"
        && asked.redirect_uri.starts_with("http://127.0.0.1:");
    let Ok(mut back) = Url::parse(&asked.redirect_uri) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    if !by_the_book {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let (name, value) = match server.mood {
        Mood::Refuses => ("error", "access_denied".to_owned()),
        Mood::Agrees | Mood::AgreesAfterAForgery => (
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

async fn device_code(
    State(server): State<Server>,
    uri: Uri,
    headers: HeaderMap,
) -> Json<serde_json::Value> {
    let mut issued = server.issued();
    let (device, user_code) = (issued.next("device"), issued.next("WDJB"));
    let entered = Device {
        user_code: user_code.clone(),
        ..Device::default()
    };
    issued.devices.insert(device.clone(), entered);
    Json(json!({
        "device_code": device,
        "user_code": user_code,
        "verification_uri": format!("{}/activate", own(&uri, &headers)),
        "expires_in": 60,
        "interval": 1,
    }))
}

#[derive(Deserialize)]
struct Activate {
    user_code: String,
}

async fn activate(State(server): State<Server>, Query(entered): Query<Activate>) -> StatusCode {
    let agreed = Some(server.mood != Mood::Refuses);
    let mut issued = server.issued();
    let mut devices = issued.devices.values_mut();
    match devices.find(|it| it.user_code == entered.user_code) {
        Some(device) => {
            device.agreed = agreed;
            StatusCode::OK
        }
        None => StatusCode::NOT_FOUND,
    }
}

#[derive(Deserialize)]
struct Asked {
    grant_type: String,
    client_id: Option<String>,
    code: Option<String>,
    code_verifier: Option<String>,
    redirect_uri: Option<String>,
    refresh_token: Option<String>,
    device_code: Option<String>,
}

async fn token(State(server): State<Server>, Form(asked): Form<Asked>) -> Response {
    let mut issued = server.issued();
    if asked.client_id.as_deref() != Some(CLIENT) {
        return refused("invalid_client");
    }
    let outcome = match asked.grant_type.as_str() {
        "authorization_code" => by_code(&mut issued, &asked),
        "refresh_token" => by_refresh(&mut issued, &asked),
        "urn:ietf:params:oauth:grant-type:device_code" => by_device(&mut issued, &asked),
        _ => Err("unsupported_grant_type"),
    };
    match outcome {
        Ok(()) => issued.tokens(),
        Err(error) => refused(error),
    }
}

fn refused(error: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({"error": error}))).into_response()
}

/// RFC 7636, 4.6.
fn by_code(issued: &mut Issued, asked: &Asked) -> Result<(), &'static str> {
    let code = asked.code.as_deref().unwrap_or_default();
    let granted = issued.codes.remove(code).ok_or("invalid_grant")?;
    let verifier = asked.code_verifier.as_deref().unwrap_or_default();
    let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
    let fits = challenge == granted.challenge
        && asked.redirect_uri.as_deref() == Some(&granted.redirect_uri);
    fits.then_some(()).ok_or("invalid_grant")
}

fn by_refresh(issued: &mut Issued, asked: &Asked) -> Result<(), &'static str> {
    let token = asked.refresh_token.as_deref().unwrap_or_default();
    let known = issued.refresh.remove(token);
    known.then_some(()).ok_or("invalid_grant")
}

/// RFC 8628, 3.5. The first time it is always too early.
fn by_device(issued: &mut Issued, asked: &Asked) -> Result<(), &'static str> {
    let code = asked.device_code.as_deref().unwrap_or_default();
    let device = issued.devices.get_mut(code).ok_or("invalid_grant")?;
    device.polls += 1;
    match device.agreed.filter(|_| device.polls > 1) {
        None => Err("authorization_pending"),
        Some(false) => Err("access_denied"),
        Some(true) => {
            issued.devices.remove(code);
            Ok(())
        }
    }
}

async fn userinfo(State(server): State<Server>, headers: HeaderMap) -> Response {
    let presented = headers.get(header::AUTHORIZATION);
    let presented = presented.and_then(|it| it.to_str().ok()?.strip_prefix("Bearer "));
    match presented.is_some_and(|token| server.issued().access.contains(token)) {
        true => Json(json!({"name": "Ada"})).into_response(),
        false => StatusCode::UNAUTHORIZED.into_response(),
    }
}

const CLIENT: &str = "example";
