//! Logins in the browser and on another device: what the standards demand is sent, what does not belong
//! to the login is passed over, and nobody is sent to a browser from a network that is not trusted.

use std::time::Duration;

use oauth2::CsrfToken;
use stage::login::{Story, browser, browser_of, device, device_of};
use stage::{Bundle, Ended, Scene};
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::time::timeout;
use trusted_transport::HttpClient;
use trusted_transport::http::Url;

#[path = "../login/callback.rs"]
mod callback;

use callback::{Callback, CallbackError};

#[tokio::test]
async fn somebody_logs_in_with_the_browser_and_stays_so() {
    let (_stage, ended) = crate::succeeds("login_browser", browser()).await;
    let told: Vec<&str> = ended.output.lines().skip(1).collect();
    assert_eq!(told, ["logged in as Ada", "still Ada with a renewed token"]);
    keeps_its_secrets(&ended);
}

#[tokio::test]
async fn an_answer_that_is_not_of_this_login_is_passed_over() {
    let (scene, mut seen) = watched(Story::Agrees, |back, state| {
        let others = [
            "favicon.ico".to_owned(),
            "callback".to_owned(),
            "callback?code=forged&state=forged".to_owned(),
            format!("callback?state={state}"),
        ];
        others.iter().filter_map(|it| back.join(it).ok()).collect()
    });
    let (_stage, ended) = crate::succeeds("login_browser", scene).await;
    assert!(ended.output.contains("logged in as Ada"), "{ended:?}");
    let mut statuses = Vec::new();
    for _ in 0..5 {
        statuses.push(page(&mut seen).await.0);
    }
    assert_eq!(statuses, [404, 400, 400, 400, 200]);
}

#[tokio::test]
async fn a_refusal_in_the_browser_is_told_to_the_program_and_the_person() {
    let (scene, mut seen) = watched(Story::Refuses, |_, _| Vec::new());
    let (_stage, ended) = crate::run("login_browser", scene, Bundle::Company).await;
    fails(&ended, "the login was refused: access_denied");
    assert!(page(&mut seen).await.1.contains("was refused"));
}

#[tokio::test]
async fn nobody_is_waited_for_without_end() {
    let callback = Callback::listen().await.expect("a port");
    let url = callback.url().expect("a page on loopback");
    assert!(url.as_str().starts_with("http://127.0.0.1:"), "{url:?}");
    let moment = Duration::from_millis(20);
    let waiting = callback.code(CsrfToken::new("state".to_owned()), moment);
    let outcome = timeout(LONGEST, waiting).await.expect("an end");
    assert!(
        matches!(outcome, Err(CallbackError::Late(it)) if it == moment),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn somebody_logs_in_on_another_device() {
    let (_stage, ended) = crate::succeeds("login_device_code", device()).await;
    assert_eq!(ended.output.lines().last(), Some("logged in as Ada"));
    keeps_its_secrets(&ended);
}

#[tokio::test]
async fn a_server_that_wants_to_be_asked_less_often_is_obeyed() {
    let (_stage, ended) = crate::succeeds("login_device_code", device_of(Story::Busy)).await;
    assert_eq!(ended.output.lines().last(), Some("logged in as Ada"));
}

#[tokio::test]
async fn a_refusal_on_another_device_is_told() {
    let ended = device_login(Story::Refuses).await;
    fails(&ended, "the login was refused on the other device");
}

#[tokio::test]
async fn a_code_that_is_too_old_is_told() {
    let ended = device_login(Story::Forgets).await;
    fails(&ended, "nobody has entered the code in time");
}

#[tokio::test]
async fn a_code_is_not_waited_for_longer_than_it_is_good_for() {
    let ended = device_login(Story::Unhurried).await;
    fails(&ended, "nobody has entered the code in time");
}

#[tokio::test]
async fn codes_are_not_sent_where_a_redirect_leads() {
    for ended in both(Story::Redirects).await {
        assert!(ended.errors.contains("as OAuth 2.0 has it"), "{ended:?}");
    }
}

/// The device asks only once: what will not pass is not asked for until the code is too old.
#[tokio::test]
async fn no_more_is_read_than_tokens_are_long() {
    for ended in both(Story::Floods).await {
        assert!(ended.errors.contains("longer than 65536"), "{ended:?}");
        assert!(ended.errors.contains("\nhint: "), "{ended:?}");
    }
}

#[tokio::test]
async fn a_token_is_not_told_if_it_cannot_be_read() {
    for ended in both(Story::Garbles).await {
        assert!(ended.errors.contains("as OAuth 2.0 has it"), "{ended:?}");
        assert!(!ended.errors.contains("70007"), "{ended:?}");
    }
}

#[tokio::test]
async fn nobody_is_sent_to_the_pages_of_another_server() {
    for ended in both(Story::Another).await {
        assert!(ended.errors.contains("https://other.test/"), "{ended:?}");
        assert_eq!(ended.output, "");
    }
}

#[tokio::test]
async fn nothing_is_sent_without_tls() {
    for ended in both(Story::Plain).await {
        assert!(ended.errors.contains("without TLS"), "{ended:?}");
    }
}

#[tokio::test]
async fn the_browser_login_fails_without_the_bundle() {
    crate::fails_without_the_bundle("login_browser", browser).await;
}

#[tokio::test]
async fn the_device_login_fails_without_the_bundle() {
    crate::fails_without_the_bundle("login_device_code", device).await;
}

/// Both logins, which fail.
async fn both(story: Story) -> [Ended; 2] {
    let scene = browser_of(story);
    let (_stage, ended) = crate::run("login_browser", scene, Bundle::Company).await;
    let both = [ended, device_login(story).await];
    for ended in &both {
        assert_eq!(ended.code, Some(1), "{ended:?}");
        keeps_its_secrets(ended);
    }
    both
}

async fn device_login(story: Story) -> Ended {
    let scene = device_of(story);
    let (_stage, ended) = crate::run("login_device_code", scene, Bundle::Company).await;
    ended
}

fn fails(ended: &Ended, sentence: &str) {
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_eq!(ended.errors, format!("error: {sentence}\n"));
}

/// The codes and tokens of the stage have names.
fn keeps_its_secrets(ended: &Ended) {
    for secret in ["access-", "refresh-", "code-", "device-"] {
        assert!(!ended.output.contains(secret), "{ended:?}");
        assert!(!ended.errors.contains(secret), "{ended:?}");
    }
}

type Page = (u16, String);

/// A person whose browser goes to other pages first, and tells what it was shown at each.
fn watched(story: Story, before: fn(&Url, &str) -> Vec<Url>) -> (Scene, UnboundedReceiver<Page>) {
    let (shown, seen) = mpsc::unbounded_channel();
    let scene = browser_of(story).person(Box::new(move |browser, line| {
        let shown = shown.clone();
        Box::pin(async move {
            let Some(page) = line.strip_prefix("open this page in your browser: ") else {
                return;
            };
            let page = Url::parse(page).expect("a page");
            let back = Url::parse(&asked(&page, "redirect_uri")).expect("a page on loopback");
            for url in before(&back, &asked(&page, "state")) {
                shown.send(visit(&browser, url).await).ok();
            }
            shown.send(visit(&browser, page).await).ok();
        })
    }));
    (scene, seen)
}

fn asked(page: &Url, name: &str) -> String {
    let mut pairs = page.query_pairs();
    let pair = pairs.find(|(it, _)| it == name).expect("what is demanded");
    pair.1.into_owned()
}

async fn visit(browser: &HttpClient, url: Url) -> Page {
    let response = browser.get(url).send().await.expect("an answer");
    let status = response.status().as_u16();
    (status, response.text().await.expect("a page"))
}

async fn page(seen: &mut UnboundedReceiver<Page>) -> Page {
    let page = timeout(LONGEST, seen.recv()).await.expect("no answer");
    page.expect("the browser is open")
}

const LONGEST: Duration = Duration::from_secs(10);
