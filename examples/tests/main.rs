//! Every example as a program of its own, behind a proxy that re-signs TLS: with the company's bundle
//! it does what it is for, and without it fails before its service has seen a byte.

use std::env;
use std::path::PathBuf;

use stage::{Bundle, Ended, Scene, Stage};

mod backend_api;
mod grpc;
mod interop;
mod login;
mod mcp_client;
mod migration;
mod realtime_socket;
mod responses_stream;
mod task_queue;
mod voice_upload;

/// Cargo builds examples before it runs these tests, and puts them beside them.
fn program(name: &str) -> PathBuf {
    let test = env::current_exe().expect("the path of this test");
    let folder = test.ancestors().nth(2).expect("the folder of a profile");
    let program = folder.join("examples").join(name);
    let program = program.with_extension(env::consts::EXE_EXTENSION);
    assert!(
        program.is_file(),
        "{} is not there: cargo build --workspace --examples",
        program.display()
    );
    program
}

async fn run(name: &str, scene: Scene, bundle: Bundle) -> (Stage, Ended) {
    let stage = Stage::start(scene).await.expect("a stage");
    let ended = stage.run(&program(name), bundle).await;
    (stage, ended.expect("the program ends"))
}

/// It does what it is for; all of its connections were intercepted. Gives what it printed.
async fn succeeds(name: &str, scene: Scene) -> (Stage, Ended) {
    let (stage, ended) = run(name, scene, Bundle::Company).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let asked = stage.asked();
    assert!(!asked.is_empty(), "nothing went through the proxy");
    assert!(asked.iter().all(|it| it.intercepted), "{asked:?}");
    (stage, ended)
}

/// It says why and what to do, and tries only once: with the bundle of another company, or none, at the
/// proxy's certificate, and with a bundle that is not there before the first connection.
async fn fails_without_the_bundle(name: &str, scene: impl Fn() -> Scene) {
    for bundle in [Bundle::Stranger, Bundle::Unset] {
        let (stage, ended) = run(name, scene(), bundle).await;
        assert_eq!(ended.code, Some(1), "{bundle:?}: {ended:?}");
        assert!(ended.errors.contains("service.test"), "{ended:?}");
        assert!(ended.errors.contains("\nhint: "), "{ended:?}");
        assert!(!ended.errors.contains("secret"), "a token: {ended:?}");
        assert_eq!(stage.asked().len(), 1, "{ended:?}");
        assert_eq!(stage.requests(), 0, "{ended:?}");
    }

    let (stage, ended) = run(name, scene(), Bundle::Missing).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.errors.contains("missing.pem"), "{ended:?}");
    assert!(ended.errors.contains("SSL_CERT_FILE"), "{ended:?}");
    assert_eq!(stage.asked().len(), 0, "{ended:?}");
}

/// What it was called with is not enough, or not safe: it says so, and nobody hears of it.
async fn connects_to_nobody(name: &str, scene: Scene, told: &str) {
    let (stage, ended) = run(name, scene, Bundle::Company).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.errors.contains(told), "{ended:?}");
    assert!(!ended.errors.contains("secret"), "{ended:?}");
    assert_eq!(stage.asked().len(), 0, "{ended:?}");
    assert_eq!(stage.connections(), 0, "{ended:?}");
}
