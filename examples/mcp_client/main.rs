//! An MCP client over streamable HTTP: the library `rmcp` brings the protocol, an `HttpClient` the
//! connections (`over.rs` with `answer.rs`, to be copied as they are). Tools are listed, one is called,
//! and what the server says meanwhile is printed. A stream that breaks is resumed, a session that is
//! gone begun anew, and the last one ended.
//!
//! `cargo run --example mcp_client` rehearses it on loopback, behind a proxy that re-signs TLS;
//! with a URL behind it, `-- https://mcp.example.com/mcp`, it is run for real, and `MCP_TOKEN` holds
//! the token for the server.

mod answer;
mod over;

use std::env;
use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use rmcp::model::{CallToolRequestParams, ProgressNotificationParam};
use rmcp::service::{ClientInitializeError, NotificationContext, RoleClient};
use rmcp::{ClientHandler, ServiceExt as _};
use tokio::sync::Notify;
use tokio::time::timeout;
use trusted_transport::{CaPolicy, TrustedTransport, in_full};

use over::Mcp;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Some(url) = env::args().nth(1) else {
        return stage::rehearse(stage::mcp::scene()).await;
    };
    match run(&url).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", in_full(&*error));
            ExitCode::FAILURE
        }
    }
}

async fn run(url: &str) -> Result<(), Box<dyn Error>> {
    let token = env::var("MCP_TOKEN").map_err(|_| "MCP_TOKEN has to hold the token")?;
    let transport = TrustedTransport::builder(CaPolicy::from_env().load()?);
    let mcp = Mcp::over(transport)?.to(url, &token);
    let guest = Guest::default();
    let changed = guest.changed.clone();
    let session = timeout(PATIENCE, guest.serve(mcp)).await?;
    let session = session.map_err(NoSession::from)?;
    for tool in timeout(PATIENCE, session.list_all_tools()).await?? {
        let about = tool.description.unwrap_or_default();
        println!("tool {}: {}", shown(&tool.name), shown(&about));
    }
    let order = CallToolRequestParams::new("brew");
    let answer = timeout(PATIENCE, session.call_tool(order)).await??;
    for text in answer.content.iter().filter_map(|it| it.as_text()) {
        println!("answer: {}", shown(&text.text));
    }
    timeout(PATIENCE, changed.notified()).await?;
    session.cancel().await?;
    Ok(())
}

/// Who listens to what the server says by itself.
#[derive(Default)]
struct Guest {
    changed: Arc<Notify>,
}

impl ClientHandler for Guest {
    async fn on_progress(
        &self,
        progress: ProgressNotificationParam,
        _: NotificationContext<RoleClient>,
    ) {
        println!("progress: {}", shown(&progress.message.unwrap_or_default()));
    }

    async fn on_tool_list_changed(&self, _: NotificationContext<RoleClient>) {
        println!("the server has other tools now");
        self.changed.notify_one();
    }
}

#[derive(Debug, thiserror::Error)]
#[error("no session was begun with the MCP server")]
struct NoSession(#[source] Box<dyn Error + Send + Sync>);

/// What is behind it is in a field, where nobody who asks for the source finds it.
impl From<ClientInitializeError> for NoSession {
    fn from(error: ClientInitializeError) -> Self {
        match error {
            ClientInitializeError::TransportError { error, .. } => Self(error.error),
            error => Self(error.into()),
        }
    }
}

/// What a server says is text, and nothing that steers a terminal.
fn shown(text: &str) -> String {
    text.replace(|it: char| it.is_control() && it != '\n', "\u{fffd}")
}

const PATIENCE: Duration = Duration::from_secs(30);
