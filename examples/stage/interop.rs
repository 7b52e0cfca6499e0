//! The service of `interop`: an answer for each library, to a request as it has to be.

use axum::extract::Form;
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Scene;

/// For the program with this library.
pub fn scene(library: &str) -> Scene {
    let service = Router::new()
        .route("/", get(attempt))
        .route("/responses", post(responses))
        .route("/token", post(token));
    Scene::of(service)
        .argument(library)
        .url("https", "/")
        .variable("CLIENT_SECRET", "secret")
        .variable("OPENAI_API_KEY", "secret")
}

async fn attempt(headers: HeaderMap) -> Result<&'static str, StatusCode> {
    let first = headers.get("x-attempt").is_some_and(|it| it == "1");
    first
        .then_some("the first attempt")
        .ok_or(StatusCode::BAD_REQUEST)
}

async fn responses(
    headers: HeaderMap,
    Json(question): Json<Value>,
) -> Result<Json<Value>, StatusCode> {
    let key = headers.get(header::AUTHORIZATION);
    if key.is_none_or(|key| key != "Bearer secret") || question["input"] != "Why tea?" {
        return Err(StatusCode::UNAUTHORIZED);
    }
    let text = json!({"type": "output_text", "text": "it was there", "annotations": []});
    let message = json!({"type": "message", "id": "m", "role": "assistant", "status": "completed", "content": [text]});
    Ok(Json(json!({
        "id": "r", "object": "response", "created_at": 1, "model": "tea", "status": "completed",
        "output": [message],
    })))
}

#[derive(Deserialize)]
struct Asked {
    grant_type: String,
}

/// RFC 6749, 4.4.
async fn token(headers: HeaderMap, Form(asked): Form<Asked>) -> Result<Json<Value>, StatusCode> {
    let secret = headers.get(header::AUTHORIZATION);
    // `example:secret`
    let known = secret.is_some_and(|it| it == "Basic ZXhhbXBsZTpzZWNyZXQ=");
    match known && asked.grant_type == "client_credentials" {
        true => Ok(Json(
            json!({"access_token": "a", "token_type": "bearer", "expires_in": 60}),
        )),
        false => Err(StatusCode::UNAUTHORIZED),
    }
}
