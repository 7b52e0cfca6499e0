//! What the example programs are tried with: a service, the company's intercepting proxy before it, the
//! company's bundle as a file, and a person at the keyboard. The programs know nothing of it; they are
//! run as anybody would run them, with two variables and a URL.

pub mod api;
pub mod grpc;
pub mod interop;
pub mod login;
pub mod mcp;
pub mod migration;
pub mod realtime;
pub mod responses;
pub mod task_queue;
pub mod voice_upload;

mod play;
mod scene;
mod text;

pub use play::{Bundle, Ended, Stage};
pub use scene::{HOST, Person, Scene};
pub use text::Text;

use std::env;
use std::io;
use std::process::ExitCode;

/// Runs this very program with what the scene has for it: as it should be run, then without the
/// company's bundle. It is a success if the one succeeds and the other fails.
pub async fn rehearse(scene: Scene) -> ExitCode {
    match rehearsal(scene).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: the rehearsal failed: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn rehearsal(scene: Scene) -> io::Result<bool> {
    let program = env::current_exe()?;
    let stage = Stage::start(scene).await?;
    println!("# a service, and a proxy before it that re-signs TLS; both are in this process");
    let trusting = stage.show(&program, Bundle::Company).await?;
    println!("\n# the same without the company's bundle");
    let ignorant = stage.show(&program, Bundle::Unset).await?;
    Ok(trusting.code == Some(0) && ignorant.code == Some(1))
}
