//! A conversation goes on over as many connections as it takes; nothing is lost or told twice.

use std::sync::PoisonError;

use stage::realtime::{Fate, Heard, Log, played, scene};
use stage::{Bundle, Ended, Scene};

#[tokio::test]
async fn messages_survive_two_connections_that_are_cut_off() {
    let fates = [Fate::CutOff(1), Fate::Missed(1), Fate::Lasts];
    let (ended, heard) = talks(&fates).await;
    // The second message is heard and its answer lost; the fourth is lost under way.
    let (sessions, seen): (Vec<_>, Vec<_>) = heard.hellos.into_iter().unzip();
    assert_eq!(
        sessions,
        [None, Some("session"), Some("session")].map(|it| it.map(str::to_owned))
    );
    assert!(seen.is_sorted() && seen[2] > 0, "{seen:?}");
    assert_eq!(ended.errors.matches("(again in ").count(), 2, "{ended:?}");
}

#[tokio::test]
async fn a_peer_that_answers_nothing_is_left() {
    for fate in [Fate::Dead(2), Fate::Deaf] {
        let (ended, heard) = talks(&[fate, Fate::Lasts]).await;
        assert_eq!(heard.hellos.len(), 2, "{fate:?}");
        assert!(ended.errors.contains("not answered for 3 s"), "{ended:?}");
    }
}

#[tokio::test]
async fn a_peer_that_only_answers_pings_is_kept() {
    // A ping comes every second, and patience ends after three.
    let (scene, log) = played(&[Fate::Slow(5)]);
    let scene = scene.typed("one\n").interrupted_at("you said: one");
    let (_stage, ended) = crate::succeeds("realtime_socket", scene).await;
    let heard = taken(&log);
    assert_eq!(heard.hellos.len(), 1, "{ended:?}");
    assert_eq!(ended.errors, "");
}

#[tokio::test]
async fn a_server_that_goes_away_is_connected_to_again() {
    for code in [1001, 1011, 1012, 1013] {
        let (ended, heard) = talks(&[Fate::Closed(2, code), Fate::Lasts]).await;
        assert_eq!(heard.hellos.len(), 2, "{code}");
        // The answer repeats the server's code.
        assert_eq!(heard.closes.last(), Some(&1000), "{code}");
        let code = format!("with code {code}");
        assert!(ended.errors.contains(&code), "{ended:?}");
    }
}

#[tokio::test]
async fn a_server_that_closes_for_a_reason_of_its_own_is_not() {
    for code in [1000, 1002, 1008, 4001] {
        let (ended, heard) = fails(&[Fate::Closed(2, code), Fate::Lasts]).await;
        assert_eq!(heard.hellos.len(), 1, "{code}");
        let code = format!("error: the server closed the connection with code {code}\n");
        assert_eq!(ended.errors, code);
    }
}

#[tokio::test]
async fn an_upgrade_that_is_refused_is_tried_again_if_it_may_pass() {
    let (_, heard) = talks(&[Fate::Refused(503), Fate::Refused(429), Fate::Lasts]).await;
    assert_eq!(heard.hellos.len(), 3);
    for status in [401, 403, 404] {
        let (ended, heard) = fails(&[Fate::Refused(status), Fate::Lasts]).await;
        assert_eq!(heard.hellos.len(), 1, "{status}");
        let status = format!("with status {status}");
        assert!(ended.errors.contains(&status), "{ended:?}");
    }
}

#[tokio::test]
async fn it_gives_up_where_nothing_gets_on() {
    let (ended, heard) = fails(&[Fate::Missed(0)]).await;
    assert_eq!(heard.hellos.len(), 6);
    assert!(
        ended.errors.contains("\nerror: the connection "),
        "{ended:?}"
    );
    // Other programs do not come back at the same moments.
    let (other, _) = fails(&[Fate::Missed(0)]).await;
    assert_eq!(delays(&ended).len(), 5, "{ended:?}");
    assert_ne!(delays(&ended), delays(&other));
}

#[tokio::test]
async fn it_does_not_give_up_as_long_as_something_gets_on() {
    let words: Vec<String> = (1..=10).map(|it| it.to_string()).collect();
    let (scene, log) = played(&[Fate::Missed(1)]);
    let scene = scene.typed(words.join("\n"));
    let (_stage, ended) = crate::succeeds("realtime_socket", scene).await;
    let heard = taken(&log);
    assert_eq!(heard.messages, words);
    assert_eq!(heard.hellos.len(), 10, "{ended:?}");
}

#[tokio::test]
async fn a_session_that_is_not_known_any_more_is_an_error() {
    let (ended, heard) = fails(&[Fate::CutOff(1), Fate::Forgetful]).await;
    assert_eq!(heard.hellos.len(), 2);
    let error = "\nerror: the server does not know the session any more\n";
    assert!(ended.errors.ends_with(error), "{ended:?}");
}

#[tokio::test]
async fn the_end_of_the_input_is_a_farewell() {
    let (ended, heard) = talks(&[Fate::Lasts]).await;
    assert_eq!(heard.closes, [1000]);
    assert_eq!(ended.errors, "");
}

#[tokio::test]
async fn ctrl_c_is_a_farewell() {
    let (scene, log) = played(&[Fate::Lasts]);
    let scene = scene.typed("one\ntwo\n").interrupted_at("you said: two");
    let (_stage, ended) = crate::succeeds("realtime_socket", scene).await;
    assert_eq!(taken(&log).closes, [1000]);
    assert_eq!(ended.output, "you said: one\nyou said: two\n");
    assert_eq!(ended.errors, "");
}

#[tokio::test]
async fn ctrl_c_says_what_may_not_have_arrived() {
    let (scene, log) = played(&[Fate::Unsure]);
    let scene = scene.typed("one\n").interrupted_at("you said: one");
    let (_, ended) = crate::run("realtime_socket", scene, Bundle::Company).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_eq!(taken(&log).closes, [1000]);
    let error = "error: 1 of the messages may not have arrived\n";
    assert_eq!(ended.errors, error);
}

#[tokio::test]
async fn a_farewell_is_not_waited_for_without_end() {
    let (ended, heard) = talks(&[Fate::Rude]).await;
    assert_eq!(heard.closes, [1000]);
    assert!(
        ended.errors.contains("not answered the farewell"),
        "{ended:?}"
    );
}

#[tokio::test]
async fn a_line_that_is_no_message_is_reported_and_the_next_one_sent() {
    let long = "\u{1f375}".repeat(2000);
    let lines = [
        (long.as_bytes(), "too long"),
        (b"\xff\xfe", "invalid utf-8"),
    ];
    for (line, told) in lines {
        let (scene, log) = played(&[Fate::Lasts]);
        let scene = scene.typed([b"one\n", line, b"\ntwo\n"].concat());
        let (_, ended) = crate::run("realtime_socket", scene, Bundle::Company).await;
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert_eq!(taken(&log).messages, ["one", "two"]);
        assert!(ended.errors.contains(told), "{ended:?}");
        let error = "\nerror: 1 of the messages may not have arrived\n";
        assert!(ended.errors.ends_with(error), "{ended:?}");
    }
}

#[tokio::test]
async fn what_is_typed_is_sent_as_it_is() {
    // The longest line, in characters of four bytes, and one without an end.
    let long = "\u{1f375}".repeat(1023);
    let (scene, log) = played(&[Fate::Lasts]);
    let scene = scene.typed(format!("  one\t \r\n\n{long}\ntwo "));
    crate::succeeds("realtime_socket", scene).await;
    assert_eq!(taken(&log).messages, ["  one\t ", "", &long, "two "]);
}

#[tokio::test]
async fn what_the_server_says_does_not_steer_the_terminal() {
    let (scene, _) = played(&[Fate::Lasts]);
    let scene = scene.typed("\u{1b}[2Jone\u{9b}1m");
    let (_stage, ended) = crate::succeeds("realtime_socket", scene).await;
    assert_eq!(ended.output, "you said: \u{fffd}[2Jone\u{fffd}1m\n");
}

#[tokio::test]
async fn the_token_is_never_sent_without_tls() {
    let told = "a connection to localhost without TLS was refused";
    crate::connects_to_nobody("realtime_socket", scene().without_tls(), told).await;
}

#[tokio::test]
async fn nothing_is_said_without_a_token() {
    let told = "REALTIME_TOKEN has to hold the token";
    crate::connects_to_nobody("realtime_socket", scene().without_variables(), told).await;
}

#[tokio::test]
async fn it_fails_without_the_bundle() {
    crate::fails_without_the_bundle("realtime_socket", scene).await;
}

/// Four messages are typed; each is heard once, and its answer printed once.
async fn talks(fates: &[Fate]) -> (Ended, Heard) {
    let (scene, log) = typed(fates);
    let (_stage, ended) = crate::succeeds("realtime_socket", scene).await;
    let heard = taken(&log);
    assert_eq!(heard.messages, WORDS);
    assert_eq!(heard.doubles, 0);
    let answers: String = WORDS.map(|word| format!("you said: {word}\n")).concat();
    assert_eq!(ended.output, answers);
    (ended, heard)
}

async fn fails(fates: &[Fate]) -> (Ended, Heard) {
    let (scene, log) = typed(fates);
    let (_, ended) = crate::run("realtime_socket", scene, Bundle::Company).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    (ended, taken(&log))
}

fn delays(ended: &Ended) -> Vec<&str> {
    let lines = ended.errors.lines();
    let lines = lines.filter_map(|line| line.strip_prefix("(again in "));
    lines
        .filter_map(|line| Some(line.split_once(':')?.0))
        .collect()
}

fn typed(fates: &[Fate]) -> (Scene, Log) {
    let (scene, log) = played(fates);
    (
        scene.typed(WORDS.map(|word| format!("{word}\n")).concat()),
        log,
    )
}

fn taken(log: &Log) -> Heard {
    log.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

const WORDS: [&str; 4] = ["one", "two", "three", "four"];
