//! An answer that is printed while it is made: over a WebSocket, and where the network does not let
//! one live, the rest of it as server-sent events over HTTPS. No word is lost or told twice.
//!
//! `cargo run --example responses_stream` rehearses it on loopback, behind a proxy that re-signs TLS;
//! with arguments, `-- https://api.example.com/v1/ "a question" 60`, it is run for real: the answer may
//! take 60 seconds, and `RESPONSES_TOKEN` holds the token for the service.

mod answer;
mod error;
mod question;

use std::env;
use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use tokio::time::timeout;
use trusted_transport::{CaPolicy, TrustedTransport, in_full};

use answer::Answer;
use error::StreamError;
use question::Question;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if arguments.is_empty() {
        return stage::rehearse(stage::responses::scene()).await;
    }
    match run(&arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {}", in_full(&*error));
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let [url, question, seconds] = arguments else {
        return Err("call it with a URL, a question and the seconds that it may take".into());
    };
    let token = env::var("RESPONSES_TOKEN").map_err(|_| "RESPONSES_TOKEN has to hold the token")?;
    // The token is never sent without TLS.
    let transport = TrustedTransport::builder(CaPolicy::from_env().load()?).https_only(true);
    let question = Question::of(&transport.build()?, url, &token, question)?;
    let limit = Duration::from_secs(seconds.parse()?);
    let mut answer = Answer::default();
    let asked = timeout(limit, question.ask(&mut answer)).await;
    asked.unwrap_or(Err(StreamError::Late(limit)))?;
    println!();
    Ok(())
}

/// What a service says is text, and nothing that steers a terminal.
fn shown(text: &str) -> String {
    text.replace(|it: char| it.is_control() && it != '\n', "\u{fffd}")
}
