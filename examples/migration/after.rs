//! What docs/migration.md leads to: one token, made first thing, and both transports from it.
//!
//! `cargo run --example migration_after` rehearses it on loopback, behind a proxy that re-signs TLS.

use std::env;
use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use trusted_transport::http::StatusCode;
use trusted_transport::ws::Message;
use trusted_transport::{HttpClient, TransportError, TrustedTransport, WebSocket, in_full};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut urls = env::args().skip(1);
    let (Some(https), Some(wss)) = (urls.next(), urls.next()) else {
        return stage::rehearse(stage::migration::scene()).await;
    };
    match run(&https, &wss).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", in_full(&*error));
            ExitCode::FAILURE
        }
    }
}

async fn run(https: &str, wss: &str) -> Result<(), Box<dyn Error>> {
    let transport = TrustedTransport::from_env()?;
    println!("over HTTPS: {}", status(&client(&transport)?, https).await?);
    let mut socket = socket(&transport, wss).await?;
    let next = tokio::time::timeout(LIMIT, socket.next()).await?;
    if let Some(Message::Text(text)) = next.transpose()? {
        println!("over WSS: {text}");
    }
    tokio::time::timeout(LIMIT, socket.close(None)).await??;
    Ok(())
}

fn client(transport: &TrustedTransport) -> Result<HttpClient, TransportError> {
    transport.http().timeout(LIMIT).build()
}

async fn socket(transport: &TrustedTransport, url: &str) -> Result<WebSocket, TransportError> {
    let (socket, _response) = transport.websocket(url).await?;
    Ok(socket)
}

async fn status(client: &HttpClient, url: &str) -> Result<StatusCode, TransportError> {
    Ok(client.get(url).send().await?.status())
}

const LIMIT: Duration = Duration::from_secs(30);
