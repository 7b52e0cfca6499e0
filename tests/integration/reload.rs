//! When a bundle changes, whatever was made from the token trusts accordingly, from the next
//! handshake on; when it cannot be loaded, everything stays as it was.

mod atomic;
mod load;
mod memory;
mod pools;
#[cfg(feature = "raw")]
mod raw;
mod variables;

use std::path::{Path, PathBuf};

use tempfile::TempDir;
use trusted_transport::ws::Message;
use trusted_transport::{
    HttpClient, ProxyPolicy, Refusal, Reloaded, TransportBuilder, TrustedTransport,
};
use trusted_transport_lab::{Authority, Origin};

use crate::fixtures::exclusive;
use crate::support::{self, HOST, Outcome};

pub(crate) const UNKNOWN: Outcome = Outcome::Refused(Refusal::UnknownIssuer);

/// A bundle that changes, and a second one that does not.
pub(crate) struct Bundle {
    folder: TempDir,
    path: PathBuf,
}

impl Bundle {
    pub(crate) fn of(authorities: &[&Authority]) -> Self {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("bundle.pem");
        let bundle = Self { folder, path };
        bundle.holds(authorities);
        bundle
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, text: impl AsRef<[u8]>) {
        std::fs::write(&self.path, text).expect("written");
    }

    pub(crate) fn holds(&self, authorities: &[&Authority]) {
        self.write(pem(authorities));
    }

    /// Trusts what it holds, and nothing else.
    pub(crate) fn builder(&self) -> TransportBuilder {
        let anchors = exclusive().bundle(&self.path).load().expect("it loads");
        TrustedTransport::builder(anchors).proxy(ProxyPolicy::Direct)
    }

    pub(crate) fn built(&self, origin: &Origin) -> TrustedTransport {
        support::built(self.builder(), origin)
    }
}

pub(crate) fn pem(authorities: &[&Authority]) -> String {
    authorities.iter().map(|it| it.pem()).collect()
}

pub(crate) async fn origin(authority: &Authority) -> Origin {
    let origin = Origin::https(authority.issue(&[HOST])).await;
    origin.expect("an origin")
}

/// One request with a client from before.
pub(crate) async fn get(client: &HttpClient, origin: &Origin) -> Outcome {
    match client.get(origin.url("https", HOST, "/")).send().await {
        Ok(response) => {
            response.text().await.expect("a body");
            Outcome::Connected
        }
        Err(error) => Outcome::from(&error),
    }
}

/// A request with this client, and a WebSocket of this token, which must agree.
async fn both(client: &HttpClient, transport: &TrustedTransport, origin: &Origin) -> Outcome {
    let http = get(client, origin).await;
    let websocket = support::wss(transport, &origin.url("wss", HOST, "/")).await;
    assert_eq!(http, websocket, "HTTP and WebSocket disagree");
    http
}

#[tokio::test]
async fn a_root_that_is_added_is_trusted_and_one_that_is_removed_is_not() {
    let [old, new, other] = ["Old", "New", "Other"].map(Authority::root);
    let bundle = Bundle::of(&[&old]);
    let (at_old, at_new, at_other) = (origin(&old).await, origin(&new).await, origin(&other).await);
    let transport = bundle.built(&at_old);
    // Everything here is from before, and stays the same throughout.
    let (client, copy) = (
        transport.http().build().expect("a client"),
        transport.clone(),
    );
    let verdicts = async || {
        [
            both(&client, &copy, &at_old).await,
            both(&client, &copy, &at_new).await,
            both(&client, &copy, &at_other).await,
        ]
    };
    assert_eq!(verdicts().await, [Outcome::Connected, UNKNOWN, UNKNOWN]);

    bundle.holds(&[&old, &new]);
    assert_eq!(verdicts().await, [Outcome::Connected, UNKNOWN, UNKNOWN]);
    assert_eq!(transport.reload().expect("it loads"), Reloaded::Changed);
    let both_trusted = [Outcome::Connected, Outcome::Connected, UNKNOWN];
    assert_eq!(verdicts().await, both_trusted);

    bundle.holds(&[&new]);
    assert_eq!(transport.reload().expect("it loads"), Reloaded::Changed);
    assert_eq!(verdicts().await, [UNKNOWN, Outcome::Connected, UNKNOWN]);
    let refused = at_other.handshakes_after(8).await;
    assert!(refused.iter().all(Result::is_err), "{refused:?}");
    assert_eq!(at_other.seen().len(), 0);
}

#[tokio::test]
async fn what_is_distrusted_by_a_reload_is_refused_as_such() {
    let [root, common] = ["Root", "Common"].map(Authority::root);
    let bundle = Bundle::of(&[&root, &common]);
    let (at_root, at_common) = (origin(&root).await, origin(&common).await);
    let transport = bundle.built(&at_root);
    let client = transport.http().build().expect("a client");
    assert_eq!(
        both(&client, &transport, &at_root).await,
        Outcome::Connected
    );

    bundle.write(common.pem() + &root.pem() + &root.rejected_pem());
    assert_eq!(transport.reload().expect("it loads"), Reloaded::Changed);
    let distrusted = Outcome::Refused(Refusal::Distrusted);
    assert_eq!(both(&client, &transport, &at_root).await, distrusted);
    assert_eq!(
        both(&client, &transport, &at_common).await,
        Outcome::Connected
    );
}

#[tokio::test]
async fn a_reload_that_fails_changes_nothing_and_the_next_one_may_succeed() {
    let [root, new] = ["Root", "New"].map(Authority::root);
    let bundle = Bundle::of(&[&root]);
    let (at_root, at_new) = (origin(&root).await, origin(&new).await);
    let transport = bundle.built(&at_root);
    let client = transport.http().http1_only().build().expect("a client");
    assert_eq!(get(&client, &at_root).await, Outcome::Connected);
    let (report, url) = (transport.report(), at_root.url("wss", HOST, "/"));

    let cut = new.pem();
    let damages: [(&str, Option<&str>); 4] = [
        ("unreadable", None),
        ("no_usable_certificate", Some("")),
        ("corrupt", Some(&cut[..cut.len() / 2])),
        ("no_usable_certificate", Some(&new.rejected_pem())),
    ];
    for (kind, text) in damages {
        match text {
            Some(text) => bundle.write(text),
            None => std::fs::remove_file(bundle.path()).expect("removed"),
        }
        let error = transport.reload().expect_err(kind);
        assert_eq!(error.kind(), kind);
        assert!(error.hint().is_some(), "{error}");
        let after = transport.report();
        assert!(std::sync::Arc::ptr_eq(&after, &report), "{kind}");
        assert_eq!(get(&client, &at_root).await, Outcome::Connected, "{kind}");
        assert_eq!(both(&client, &transport, &at_new).await, UNKNOWN, "{kind}");
    }
    assert_eq!(at_root.connections(), 1, "one connection all the time");
    for resumed in [false, true] {
        // The tickets of the first connection went to the other origin, which has the same name.
        assert_eq!(support::wss(&transport, &url).await, Outcome::Connected);
        let last = at_root.handshakes().pop().expect("one").expect("trusted");
        assert_eq!(last.resumed, resumed, "sessions go on");
    }

    bundle.holds(&[&new]);
    transport.reload().expect("it loads again");
    assert_eq!(both(&client, &transport, &at_new).await, Outcome::Connected);
    assert_eq!(both(&client, &transport, &at_root).await, UNKNOWN);
}

#[tokio::test]
async fn without_a_change_connections_and_sessions_are_kept() {
    let root = Authority::root("Root");
    let bundle = Bundle::of(&[&root]);
    let origin = origin(&root).await;
    let transport = bundle.built(&origin);
    let client = transport.http().http1_only().build().expect("a client");
    assert_eq!(get(&client, &origin).await, Outcome::Connected);

    for text in [root.pem(), format!("a comment\n{}", root.pem().repeat(2))] {
        bundle.write(text);
        assert_eq!(transport.reload().expect("it loads"), Reloaded::Unchanged);
        assert_eq!(get(&client, &origin).await, Outcome::Connected);
        assert_eq!((origin.connections(), origin.open()), (1, 1));
    }
    assert_eq!(transport.report().bundle.duplicates, 1, "of the last load");
    support::get(&transport, &origin.url("https", HOST, "/"))
        .await
        .expect("trusted");
    let last = origin.handshakes().pop().expect("one").expect("trusted");
    assert!(last.resumed, "the session from before is resumed");
}

#[tokio::test]
async fn report_and_fingerprint_are_those_of_the_newest_trust() {
    let [old, new] = ["Old", "New"].map(Authority::root);
    let bundle = Bundle::of(&[&old]);
    let transport = TrustedTransport::new(exclusive().bundle(bundle.path()).load().expect("it"));
    let transport = transport.expect("a token");
    let (copy, before) = (transport.clone(), transport.report());
    bundle.holds(&[&old, &new]);
    transport.reload().expect("it loads");
    let after = copy.report();
    assert_eq!((before.anchors, after.anchors), (Some(1), Some(2)));
    assert_eq!(before.bundle.accepted.len(), 1, "what somebody holds stays");
    assert_ne!(before.fingerprint, after.fingerprint);
    assert_eq!(copy.anchors().report().fingerprint, after.fingerprint);
    let debug = format!("{copy:?}");
    assert!(debug.contains(&after.fingerprint), "{debug}");

    bundle.holds(&[&old]);
    transport.reload().expect("it loads");
    assert_eq!(copy.report().fingerprint, before.fingerprint);
}

#[tokio::test]
async fn an_open_websocket_goes_on_whatever_is_trusted_now() {
    let [old, new] = ["Old", "New"].map(Authority::root);
    let bundle = Bundle::of(&[&old]);
    let origin = origin(&old).await;
    let transport = bundle.built(&origin);
    let url = origin.url("wss", HOST, "/");
    let (mut socket, _) = transport.websocket(&url).await.expect("trusted");
    let later = transport.websocket(&url);
    bundle.holds(&[&new]);
    transport.reload().expect("it loads");
    socket.send("still here").await.expect("sent");
    let echo = socket.next().await.expect("an answer").expect("a message");
    assert_eq!(echo, Message::text("still here"));
    let error = later.await.expect_err("begun before, connected after");
    assert_eq!(Outcome::from(&error), UNKNOWN);
}
