//! Logins in the browser and on another device: what the standards demand is sent, what does not belong
//! to the login is passed over, and nobody is sent to a browser from a network that is not trusted.

use stage::login::{Mood, browser, browser_of, device, device_of};
use stage::{Bundle, Ended};

#[tokio::test]
async fn somebody_logs_in_with_the_browser_and_stays_so() {
    let (_stage, ended) = crate::succeeds("login_browser", browser()).await;
    let told: Vec<&str> = ended.output.lines().skip(1).collect();
    assert_eq!(told, ["logged in as Ada", "still Ada with a renewed token"]);
    keeps_its_secrets(&ended);
}

#[tokio::test]
async fn an_answer_with_another_state_is_passed_over() {
    let scene = browser_of(Mood::AgreesAfterAForgery);
    let (_stage, ended) = crate::succeeds("login_browser", scene).await;
    assert!(ended.output.contains("logged in as Ada"), "{ended:?}");
}

#[tokio::test]
async fn a_refusal_in_the_browser_is_told() {
    let scene = browser_of(Mood::Refuses);
    let (_stage, ended) = crate::run("login_browser", scene, Bundle::Company).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_eq!(
        ended.errors,
        "error: the login was refused: access_denied\n"
    );
}

#[tokio::test]
async fn somebody_logs_in_on_another_device() {
    let (_stage, ended) = crate::succeeds("login_device_code", device()).await;
    assert_eq!(ended.output.lines().last(), Some("logged in as Ada"));
    keeps_its_secrets(&ended);
}

#[tokio::test]
async fn a_refusal_on_another_device_is_told() {
    let scene = device_of(Mood::Refuses);
    let (_stage, ended) = crate::run("login_device_code", scene, Bundle::Company).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.errors.contains("access_denied"), "{ended:?}");
}

#[tokio::test]
async fn the_browser_login_fails_without_the_bundle() {
    crate::fails_without_the_bundle("login_browser", browser).await;
}

#[tokio::test]
async fn the_device_login_fails_without_the_bundle() {
    crate::fails_without_the_bundle("login_device_code", device).await;
}

/// The codes and tokens of the stage have names.
fn keeps_its_secrets(ended: &Ended) {
    for secret in ["access-", "refresh-", "code-", "device-"] {
        assert!(!ended.output.contains(secret), "{ended:?}");
        assert!(!ended.errors.contains(secret), "{ended:?}");
    }
}
