//! A raw client that came out before the reload.

use trusted_transport_lab::Authority;

use super::{Bundle, origin};
use crate::support::HOST;

#[tokio::test]
async fn a_raw_client_from_before_obeys_from_the_next_handshake() {
    let [old, new] = ["Old", "New"].map(Authority::root);
    let bundle = Bundle::of(&[&old]);
    let (at_old, at_new) = (origin(&old).await, origin(&new).await);
    let transport = bundle.built(&at_old);
    let client = transport.http().pool_max_idle_per_host(0).http1_only();
    #[expect(clippy::disallowed_methods, reason = "what this is about")]
    let raw = client.build().expect("a client").into_reqwest();
    let urls = [&at_old, &at_new].map(|origin| origin.url("https", HOST, "/"));
    let verdicts = async || {
        let [old, new] = urls.each_ref().map(|url| raw.get(url).send());
        [old.await.is_ok(), new.await.is_ok()]
    };
    assert_eq!(verdicts().await, [true, false]);
    assert_eq!(verdicts().await, [true, false]);
    let before = at_old.handshakes().pop().expect("two").expect("trusted");
    assert!(before.resumed, "there is a session to be resumed");

    bundle.holds(&[&new]);
    transport.reload().expect("it loads");
    assert_eq!(verdicts().await, [false, true]);
}

#[tokio::test]
async fn a_raw_client_that_comes_out_after_a_reload_resumes_sessions() {
    let [root, more] = ["Root", "More"].map(Authority::root);
    let bundle = Bundle::of(&[&root]);
    let origin = origin(&root).await;
    let transport = bundle.built(&origin);
    let client = transport.http().pool_max_idle_per_host(0).http1_only();
    let client = client.build().expect("a client");
    bundle.holds(&[&root, &more]);
    transport.reload().expect("it loads");
    #[expect(clippy::disallowed_methods, reason = "what this is about")]
    let raw = client.into_reqwest();
    for _ in 0..2 {
        let sent = raw.get(origin.url("https", HOST, "/")).send().await;
        assert!(sent.is_ok(), "{sent:?}");
    }
    let last = origin.handshakes().pop().expect("two").expect("trusted");
    assert!(last.resumed);
}
