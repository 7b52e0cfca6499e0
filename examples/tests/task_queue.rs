//! Questions are conditional, a task has one owner, and whoever stops gives back what it holds.

use std::time::{Duration, Instant};

use stage::task_queue::{Ledger, Plan, played, scene};
use stage::{Bundle, Ended, Stage};
use tokio::process::Command;
use tokio::time::{sleep, timeout};

#[tokio::test]
async fn tasks_are_claimed_done_and_dropped_when_cancelled() {
    let (scene, ledger) = played(Plan::Everyday);
    let (_stage, ended) = crate::succeeds("task_queue", scene).await;
    let deeds = [
        "claim 1",
        "result 1 TEA 1",
        "refuse 2",
        "claim 3",
        "give back 3",
    ];
    assert_eq!(ledger.deeds(), deeds, "{ended:?}");
    assert!(ended.errors.contains("status 503"), "{ended:?}");
    assert!(
        ended.output.contains("task 2: somebody else has it"),
        "{ended:?}"
    );
    assert!(
        ended
            .output
            .contains("task 3: dropped, since it was cancelled"),
        "{ended:?}"
    );
    assert_changes_only(&ledger);
}

#[tokio::test]
async fn dates_do_where_there_are_no_entity_tags() {
    let (scene, ledger) = played(Plan::Dated);
    crate::succeeds("task_queue", scene).await;
    assert_eq!(ledger.deeds().len(), 4, "{:?}", ledger.deeds());
    let dated =
        |(asked, _): &(Option<String>, u16)| asked.as_ref().is_none_or(|it| it.ends_with("GMT"));
    assert!(ledger.looks().iter().all(dated), "{:?}", ledger.looks());
    assert_changes_only(&ledger);
}

/// Each list was sent once: the question after it has its validator, and is answered with 304 as
/// long as nothing has changed.
fn assert_changes_only(ledger: &Ledger) {
    let looks = ledger.looks();
    assert!(looks.iter().any(|(_, status)| *status == 304), "{looks:?}");
    let first = looks.iter().position(|(_, status)| *status == 200);
    let (before, after) = looks.split_at(first.expect("a list") + 1);
    assert!(before.iter().all(|(asked, _)| asked.is_none()), "{looks:?}");
    assert!(after.iter().all(|(asked, _)| asked.is_some()), "{looks:?}");
}

#[tokio::test]
async fn no_task_is_done_twice_by_two_workers() {
    let (scene, ledger) = played(Plan::Many);
    let stage = Stage::start(scene).await.expect("a stage");
    let program = crate::program("task_queue");
    let worker = || stage.run(&program, Bundle::Company);
    let (one, other) = tokio::try_join!(worker(), worker()).expect("both end");
    assert_eq!(
        (one.code, other.code),
        (Some(0), Some(0)),
        "{one:?} {other:?}"
    );
    let deeds = ledger.deeds();
    for deed in ["claim", "result"] {
        let done = deeds.iter().filter(|it| it.starts_with(deed));
        assert_eq!(done.count(), 20, "{deeds:?}");
    }
    for worker in [one, other] {
        assert!(
            worker.output.contains("done"),
            "one has had nothing to do: {worker:?}"
        );
    }
}

/// Whoever asked again would be told that somebody else has it.
#[tokio::test]
async fn a_claim_whose_answer_is_lost_is_given_back_and_made_again() {
    let (scene, ledger) = played(Plan::Lost);
    let (_stage, ended) = crate::succeeds("task_queue", scene).await;
    let deeds = ["claim 1", "give back 1", "claim 1", "result 1 TEA 1"];
    assert_eq!(ledger.deeds(), deeds, "{ended:?}");
}

/// The list is the same as before, and must be seen again all the same.
#[tokio::test]
async fn a_claim_that_does_not_arrive_is_made_again() {
    let (scene, ledger) = played(Plan::Astray);
    let (_stage, ended) = crate::succeeds("task_queue", scene).await;
    let deeds = ["lose 1", "claim 1", "result 1 TEA 1"];
    assert_eq!(ledger.deeds(), deeds, "{ended:?}");
}

#[tokio::test]
async fn a_task_that_is_lost_by_the_time_it_is_done_ends_nothing() {
    let (scene, ledger) = played(Plan::Late);
    let (_stage, ended) = crate::succeeds("task_queue", scene).await;
    assert_eq!(ledger.deeds(), ["claim 1"], "{ended:?}");
    assert!(ended.output.contains("another's by then"), "{ended:?}");
}

#[tokio::test]
async fn who_is_locked_out_gives_back_what_it_holds_and_says_so() {
    let (scene, ledger) = played(Plan::Locked);
    let (_stage, ended) = crate::run("task_queue", scene, Bundle::Company).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.errors.contains("status 403"), "{ended:?}");
    assert_eq!(ledger.deeds(), ["claim 1", "give back 1"], "{ended:?}");
}

#[tokio::test]
async fn no_token_is_sent_where_it_can_be_read() {
    crate::connects_to_nobody("task_queue", scene().without_tls(), "without TLS").await;
    crate::connects_to_nobody("task_queue", scene().without_variables(), "QUEUE_TOKEN").await;
}

#[cfg(unix)]
#[tokio::test]
async fn ctrl_c_gives_the_task_back_at_once() {
    let (scene, ledger) = played(Plan::Endless);
    let stage = Stage::start(scene).await.expect("a stage");
    let mut pressed = None;
    let ended = interrupted(&stage, async |id| {
        ledger.done("claim 1").await;
        sleep(Duration::from_millis(100)).await;
        pressed = Some(Instant::now());
        press_ctrl_c(id).await;
    })
    .await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ledger.deeds(), ["claim 1", "give back 1"], "{ended:?}");
    let took = pressed.expect("it was pressed").elapsed();
    assert!(took < Duration::from_secs(5), "{took:?}");
}

/// The way back is cut off first, so that it would take a while to find that out.
#[cfg(unix)]
#[tokio::test]
async fn a_second_ctrl_c_waits_for_nothing() {
    let (scene, ledger) = played(Plan::Endless);
    let stage = Stage::start(scene).await.expect("a stage");
    let ended = interrupted(&stage, async |id| {
        ledger.done("claim 1").await;
        ledger.hang();
        press_ctrl_c(id).await;
        sleep(Duration::from_millis(300)).await;
        press_ctrl_c(id).await;
    })
    .await;
    assert_eq!(ended.code, Some(130), "{ended:?}");
    assert_eq!(ledger.deeds(), ["claim 1"], "{ended:?}");
}

#[cfg(unix)]
async fn interrupted(stage: &Stage, beside: impl AsyncFnOnce(u32)) -> Ended {
    let program = crate::program("task_queue");
    let running = stage.run_beside(&program, Bundle::Company, beside);
    let ended = timeout(Duration::from_secs(30), running).await;
    ended.expect("it ends in time").expect("it has run")
}

#[cfg(unix)]
async fn press_ctrl_c(id: u32) {
    let status = Command::new("kill")
        .args(["-INT", &id.to_string()])
        .status();
    assert!(status.await.expect("kill").success());
}

#[tokio::test]
async fn it_fails_without_the_bundle() {
    crate::fails_without_the_bundle("task_queue", scene).await;
}
