//! Every byte arrives, in pieces; a second attempt starts from the start; who stops reading is left.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};
use stage::voice_upload::{Plan, played, scene};
use stage::{Bundle, Stage};
use tempfile::NamedTempFile;
use tokio::time::sleep;

#[tokio::test]
async fn a_second_attempt_sends_the_whole_tone_again_under_the_same_key() {
    let (scene, ledger) = played(Plan::BusyAtFirst);
    let (_stage, ended) = crate::succeeds("voice_upload", scene).await;
    let heard = ledger.heard();
    assert_eq!(heard.len(), 2, "{ended:?}");
    assert_eq!(heard[0], heard[1]);
    assert_eq!(heard[0].bytes, 44 + 32_000, "{ended:?}");
    assert_eq!(heard[0].key.len(), 32, "{heard:?}");
    assert!(heard[0].about.contains("32044"), "{heard:?}");
    assert!(ended.errors.contains("status 503"), "{ended:?}");
    // It is no terminal: there is nothing but the line about the second attempt.
    assert_eq!(ended.errors.lines().count(), 1, "{ended:?}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_long_recording_is_never_in_memory_as_a_whole() {
    let recording = recording();
    let (scene, ledger) = played(Plan::Takes);
    let scene = scene.argument(recording.path().to_string_lossy());
    let stage = Stage::start(scene).await.expect("a stage");
    let program = crate::program("voice_upload");
    let mut peak = 0;
    let ended = stage.run_beside(&program, Bundle::Company, async |id| {
        while let Some(now) = peak_memory(id) {
            peak = now;
            sleep(Duration::from_millis(5)).await;
        }
    });
    let ended = ended.await.expect("it ends");
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let heard = ledger.heard();
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert_eq!(heard[0].bytes, LENGTH as u64);
    assert_eq!(heard[0].sha256, digest(recording.path()));
    assert!(peak > 0, "its memory was not seen");
    assert!(peak < 48 << 10, "{peak} KiB");
}

#[tokio::test]
async fn a_server_that_stops_reading_is_left() {
    let recording = recording();
    let (scene, ledger) = played(Plan::Stops);
    let scene = scene.argument(recording.path().to_string_lossy());
    let begun = Instant::now();
    let (_stage, ended) = crate::run("voice_upload", scene, Bundle::Company).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.errors.contains("nothing has moved"), "{ended:?}");
    assert_eq!(ledger.heard().len(), 2, "{ended:?}");
    assert!(
        begun.elapsed() < Duration::from_secs(30),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test]
async fn a_server_that_thinks_longer_than_it_may_read_is_waited_for() {
    let (scene, ledger) = played(Plan::Thinks);
    crate::succeeds("voice_upload", scene).await;
    assert_eq!(ledger.heard().len(), 1);
}

#[tokio::test]
async fn no_token_is_sent_where_it_can_be_read() {
    crate::connects_to_nobody(
        "voice_upload",
        played(Plan::Takes).0.without_tls(),
        "without TLS",
    )
    .await;
}

#[tokio::test]
async fn no_byte_of_a_voice_goes_to_a_stranger() {
    let (scene, ledger) = played(Plan::Takes);
    let (stage, ended) = crate::run("voice_upload", scene, Bundle::Stranger).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_eq!(stage.asked().len(), 1, "{ended:?}");
    assert_eq!(ledger.heard(), []);
}

#[tokio::test]
async fn it_fails_without_the_bundle() {
    crate::fails_without_the_bundle("voice_upload", scene).await;
}

fn recording() -> NamedTempFile {
    let file = NamedTempFile::new().expect("a file");
    let bytes: Vec<u8> = (0..LENGTH).map(|it| (it / 251 + it) as u8).collect();
    fs::write(file.path(), bytes).expect("room for it");
    file
}

fn digest(file: &Path) -> Vec<u8> {
    Sha256::digest(fs::read(file).expect("the recording")).to_vec()
}

/// In KiB; `None` if the process is over.
#[cfg(target_os = "linux")]
fn peak_memory(id: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|it| it.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

const LENGTH: usize = 64 << 20;
