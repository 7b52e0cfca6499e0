//! What the authorization server has issued, and what it demands before it issues tokens.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::Story;

/// Everything that can be presented, once each but the access tokens.
#[derive(Default)]
pub(super) struct Issued {
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

struct Device {
    user_code: String,
    /// What the person has said.
    agreed: Option<bool>,
    interval: Duration,
    polled: Option<Instant>,
}

/// A request for tokens.
#[derive(Deserialize)]
pub(super) struct Asked {
    grant_type: String,
    client_id: Option<String>,
    code: Option<String>,
    code_verifier: Option<String>,
    redirect_uri: Option<String>,
    refresh_token: Option<String>,
    device_code: Option<String>,
}

type Outcome = Result<(), &'static str>;

impl Issued {
    pub(super) fn code(&mut self, challenge: String, redirect_uri: String) -> String {
        let code = self.next("code");
        let granted = Granted {
            challenge,
            redirect_uri,
        };
        self.codes.insert(code.clone(), granted);
        code
    }

    /// The code of the device, and that of the person. The interval is in seconds.
    pub(super) fn device(&mut self, interval: u64) -> (String, String) {
        let (code, user_code) = (self.next("device"), self.next("WDJB"));
        let device = Device {
            user_code: user_code.clone(),
            agreed: None,
            interval: Duration::from_secs(interval),
            polled: None,
        };
        self.devices.insert(code.clone(), device);
        (code, user_code)
    }

    /// The person has entered a code, and said whether it is wanted.
    pub(super) fn entered(&mut self, user_code: &str, agreed: bool) -> bool {
        let mut devices = self.devices.values_mut();
        let device = devices.find(|it| it.user_code == user_code);
        device.is_some_and(|device| device.agreed.replace(agreed).is_none())
    }

    pub(super) fn knows(&self, access: &str) -> bool {
        self.access.contains(access)
    }

    pub(super) fn answer(&mut self, asked: &Asked, client: &str, story: Story) -> Response {
        if asked.client_id.as_deref() != Some(client) {
            return refused("invalid_client");
        }
        let outcome = match asked.grant_type.as_str() {
            "authorization_code" => self.by_code(asked),
            "refresh_token" => self.by_refresh(asked),
            "urn:ietf:params:oauth:grant-type:device_code" => self.by_device(asked, story),
            _ => Err("unsupported_grant_type"),
        };
        match outcome {
            Ok(()) => self.tokens(story),
            Err(error) => refused(error),
        }
    }

    /// RFC 7636, 4.6.
    fn by_code(&mut self, asked: &Asked) -> Outcome {
        let code = asked.code.as_deref().unwrap_or_default();
        let granted = self.codes.remove(code).ok_or("invalid_grant")?;
        let verifier = asked.code_verifier.as_deref().unwrap_or_default();
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
        let fits = challenge == granted.challenge
            && asked.redirect_uri.as_deref() == Some(&granted.redirect_uri);
        fits.then_some(()).ok_or("invalid_grant")
    }

    /// What was issued before is good for nothing any more.
    fn by_refresh(&mut self, asked: &Asked) -> Outcome {
        let token = asked.refresh_token.as_deref().unwrap_or_default();
        let known = self.refresh.remove(token);
        self.access.clear();
        known.then_some(()).ok_or("invalid_grant")
    }

    /// RFC 8628, 3.5. The first time it is always too early.
    fn by_device(&mut self, asked: &Asked, story: Story) -> Outcome {
        let code = asked.device_code.as_deref().unwrap_or_default();
        let device = self.devices.get_mut(code).ok_or("invalid_grant")?;
        let last = device.polled.replace(Instant::now());
        match (last, story) {
            // Who does not keep to the interval is not asked to a second time.
            (Some(last), _) if last.elapsed() < device.interval => Err("invalid_request"),
            (Some(_), Story::Forgets) => Err("expired_token"),
            (None, Story::Busy) => {
                device.interval += Duration::from_secs(5);
                Err("slow_down")
            }
            (None, _) => Err("authorization_pending"),
            (Some(_), _) => device.agreed.ok_or("authorization_pending").and_then(|it| {
                self.devices.remove(code);
                it.then_some(()).ok_or("access_denied")
            }),
        }
    }

    fn tokens(&mut self, story: Story) -> Response {
        let (access, refresh) = (self.next("access"), self.next("refresh"));
        self.access.insert(access.clone());
        self.refresh.insert(refresh.clone());
        let mut tokens = json!({"access_token": access, "refresh_token": refresh, "token_type": "bearer", "expires_in": 600});
        match story {
            Story::Floods => tokens["padding"] = "x".repeat(128 * 1024).into(),
            Story::Garbles => tokens["refresh_token"] = SECRET.into(),
            _ => {}
        }
        Json(tokens).into_response()
    }

    fn next(&mut self, kind: &str) -> String {
        self.count += 1;
        format!("{kind}-{}", self.count)
    }
}

pub(super) fn refused(error: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({"error": error}))).into_response()
}

/// Without this scope, nobody is told whose token it is.
pub(super) fn told_who(scope: &str) -> bool {
    scope.split(' ').any(|it| it == "openid")
}

const SECRET: u64 = 7_000_700_070_007;
