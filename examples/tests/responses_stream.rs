//! An answer comes whole, over a WebSocket or over HTTPS or partly so; trust is never asked twice.

use std::sync::PoisonError;

use stage::responses::{Asked, Ending, Log, TEXT, played, scene, within};
use stage::{Bundle, Ended};

#[tokio::test]
async fn the_answer_comes_over_a_websocket() {
    let (ended, asked) = whole(Ending::Whole, Ending::Refused(500)).await;
    assert_eq!(hows(&asked), ["WSS"]);
    assert_eq!(ended.errors, "");
}

#[tokio::test]
async fn an_upgrade_that_is_refused_is_followed_by_https() {
    for status in [403, 404, 426, 502, 503] {
        let (ended, asked) = whole(Ending::Refused(status), Ending::Whole).await;
        assert_eq!(hows(&asked), ["WSS", "POST"], "{status}");
        assert_eq!(asked[1].last, None);
        let status = format!("with status {status}");
        assert!(ended.errors.contains(&status), "{ended:?}");
    }
}

#[tokio::test]
async fn https_goes_on_where_the_websocket_was_cut_off() {
    // Two events come before the first word, and the last word is the 16th event.
    for events in [1, 2, 3, 9, 15, 16] {
        let (_, asked) = whole(Ending::CutOff(events), Ending::Whole).await;
        assert_eq!(hows(&asked), ["WSS", "GET"], "{events}");
        assert_eq!(asked[1].last, Some(events - 1));
    }
}

#[tokio::test]
async fn a_question_that_was_heard_and_not_answered_is_asked_with_the_same_key() {
    let (_, asked) = whole(Ending::CutOff(0), Ending::Whole).await;
    assert_eq!(hows(&asked), ["WSS", "POST"]);
    assert!(!asked[0].key.is_empty());
    assert_eq!(asked[0].key, asked[1].key);
    assert_eq!(asked[1].last, None);
}

#[tokio::test]
async fn a_websocket_that_is_closed_too_early_is_one_that_failed() {
    for code in [1000, 1001, 1011, 1012] {
        let (ended, asked) = whole(Ending::Closed(4, code), Ending::Whole).await;
        assert_eq!(hows(&asked), ["WSS", "GET"], "{code}");
        let code = format!("with code {code}");
        assert!(ended.errors.contains(&code), "{ended:?}");
    }
}

#[tokio::test]
async fn a_websocket_that_falls_silent_is_left() {
    let (ended, asked) = whole(Ending::Silent(5), Ending::Whole).await;
    assert_eq!(hows(&asked), ["WSS", "GET"]);
    assert!(ended.errors.contains("nothing came for 10 s"), "{ended:?}");
}

#[tokio::test]
async fn an_event_that_is_missing_is_asked_for() {
    let (ended, asked) = whole(Ending::Without(7), Ending::Whole).await;
    assert_eq!(hows(&asked), ["WSS", "GET"]);
    assert_eq!(asked[1].last, Some(6));
    assert!(ended.errors.contains("before number 8"), "{ended:?}");
}

#[tokio::test]
async fn the_first_event_may_be_missing_too() {
    let (ended, asked) = whole(Ending::Without(0), Ending::Whole).await;
    assert_eq!(hows(&asked), ["WSS", "POST"]);
    assert!(ended.errors.contains("before number 1"), "{ended:?}");
    let (ended, _) = fails(Ending::Refused(503), Ending::Without(0)).await;
    assert!(ended.errors.contains("before number 1"), "{ended:?}");
    assert_eq!(ended.output, "");
}

#[tokio::test]
async fn an_event_that_cannot_be_asked_for_by_its_number_is_an_error() {
    for wss in [Ending::Refused(503), Ending::CutOff(3)] {
        let (ended, asked) = fails(wss, Ending::Misnamed).await;
        assert_eq!(asked.len(), 2, "{ended:?}");
        assert!(ended.errors.contains("is another one"), "{ended:?}");
    }
}

#[tokio::test]
async fn an_event_that_comes_again_is_not_told_again() {
    let (_, asked) = whole(Ending::CutOff(7), Ending::Again).await;
    assert_eq!(hows(&asked), ["WSS", "GET"]);
}

#[tokio::test]
async fn https_goes_on_too_as_long_as_it_gets_on() {
    let https = vec![Ending::CutOff(3), Ending::CutOff(4), Ending::Whole];
    let (scene, log) = played(Ending::Refused(503), https);
    let (_stage, ended) = crate::succeeds("responses_stream", scene).await;
    assert_eq!(ended.output, format!("{TEXT}\n"));
    let lasts: Vec<_> = taken(&log).iter().map(|asked| asked.last).collect();
    assert_eq!(lasts, [None, None, Some(2), Some(6)]);
}

#[tokio::test]
async fn an_error_tells_of_both_transports() {
    let https = [
        (Ending::Refused(502), "status 502"),
        (Ending::CutOff(0), "broke off before"),
        (Ending::Page, "not a stream of events"),
        (Ending::Moved, "status 307"),
    ];
    for (https, cause) in https {
        let (ended, asked) = fails(Ending::Refused(403), https).await;
        assert_eq!(hows(&asked), ["WSS", "POST"]);
        let (both, told) = ended.errors.split_once("\ncause: ").expect("a cause");
        assert!(both.contains("HTTPS did not bring the answer"), "{ended:?}");
        assert!(
            both.contains("upgrade with status 403 Forbidden)"),
            "{ended:?}"
        );
        assert!(told.contains(cause), "{ended:?}");
    }
}

#[tokio::test]
async fn what_is_no_matter_of_the_transport_is_not_asked_over_https() {
    let endings = [
        (Ending::Refused(401), "status 401"),
        (Ending::Closed(3, 1008), "with code 1008"),
        (Ending::Closed(3, 4001), "with code 4001"),
        (Ending::Large(3), "too long"),
    ];
    for (wss, cause) in endings {
        let (ended, asked) = fails(wss, Ending::Whole).await;
        assert_eq!(hows(&asked), ["WSS"], "{ended:?}");
        assert!(ended.errors.contains(cause), "{ended:?}");
    }
}

#[tokio::test]
async fn a_large_event_is_not_read_over_https_either() {
    for https in [Ending::Large(3), Ending::Comments(3)] {
        let (ended, asked) = fails(Ending::Refused(503), https).await;
        assert_eq!(hows(&asked), ["WSS", "POST"]);
        assert!(ended.errors.contains("larger than 1048576"), "{ended:?}");
    }
}

#[tokio::test]
async fn what_the_service_says_does_not_steer_the_terminal() {
    let (ended, _) = fails(Ending::Failed("\u{1b}[2Jtea\u{9b}1m\nmore"), Ending::Whole).await;
    let shown = "\u{fffd}[2Jtea\u{fffd}1m\nmore";
    assert_eq!(ended.output.trim_end(), shown);
    let error = "error: the service gave up: \\u{1b}[2Jtea\\u{9b}1m\nmore\n";
    assert!(ended.errors.ends_with(error), "{ended:?}");
}

#[tokio::test]
async fn the_token_is_never_sent_without_tls() {
    let told = "a connection to localhost without TLS was refused";
    crate::connects_to_nobody("responses_stream", scene().without_tls(), told).await;
}

#[tokio::test]
async fn nothing_is_asked_without_a_token() {
    let told = "RESPONSES_TOKEN has to hold the token";
    crate::connects_to_nobody("responses_stream", scene().without_variables(), told).await;
}

#[tokio::test]
async fn a_long_answer_is_read_over_either() {
    let (_, asked) = whole(Ending::Long, Ending::Refused(500)).await;
    assert_eq!(hows(&asked), ["WSS"]);
    let (_, asked) = whole(Ending::Refused(503), Ending::Long).await;
    assert_eq!(hows(&asked), ["WSS", "POST"]);
}

#[tokio::test]
async fn the_answer_may_take_so_long_and_no_longer() {
    for wss in [Ending::Silent(3), Ending::Refused(503)] {
        let (scene, _) = within(wss, vec![Ending::Silent(3)], "2");
        let (_, ended) = crate::run("responses_stream", scene, Bundle::Company).await;
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.errors.contains("longer than 2 s"), "{ended:?}");
    }
}

/// There, one connection is all that the proxy has seen: none follows over HTTPS.
#[tokio::test]
async fn it_fails_without_the_bundle() {
    crate::fails_without_the_bundle("responses_stream", scene).await;
}

/// The whole answer is there, each word once.
async fn whole(wss: Ending, https: Ending) -> (Ended, Vec<Asked>) {
    let (scene, log) = played(wss, vec![https]);
    let (_stage, ended) = crate::succeeds("responses_stream", scene).await;
    assert_eq!(ended.output, format!("{TEXT}\n"));
    (ended, taken(&log))
}

async fn fails(wss: Ending, https: Ending) -> (Ended, Vec<Asked>) {
    let (scene, log) = played(wss, vec![https]);
    let (_, ended) = crate::run("responses_stream", scene, Bundle::Company).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    (ended, taken(&log))
}

fn taken(log: &Log) -> Vec<Asked> {
    log.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

fn hows(asked: &[Asked]) -> Vec<&str> {
    asked.iter().map(|asked| asked.how.as_str()).collect()
}
