//! A policy that is handed on: real programs ask the lab's origins, with the variables and the
//! bundle of `child_env`. `.ci/run` installs the programs that a machine may lack.

mod tools;
mod world;

use std::path::Path;

use tools::Tool;
use trusted_transport::{BaseRoots, CaPolicy, ChildEnv, ProxyPolicy, TrustedTransport};
use trusted_transport_lab::{Authority, Origin};
use world::{Seen, World};

use crate::environment;

/// It trusts the company's origin because the policy does, and the other one because of what is
/// in the environment otherwise; with the policy that is no longer so.
async fn obeys(tool: &Tool) {
    let world = World::new().await;
    let World { company, other, .. } = &world;
    let name = tool.name;
    let bare = world.ask(tool, company, |_| ()).await;
    assert_eq!(bare, Seen::Refusal, "{name} trusts the company by itself");
    let spoilt = world.ask(tool, other, |it| world.spoil(it)).await;
    assert_eq!(spoilt, Seen::Request, "{name} is not led astray");

    for base in [BaseRoots::None, BaseRoots::Platform] {
        let child_env = world
            .anchors(base)
            .child_env()
            .expect("a child environment");
        let case = format!("{name}, {base:?}");
        for (origin, expected) in [(company, Seen::Request), (other, Seen::Refusal)] {
            let clean = world.ask(tool, origin, |it| {
                child_env.apply(it);
            });
            assert_eq!(clean.await, expected, "{case}");
            let spoilt = world.ask(tool, origin, |it| {
                world.spoil(it);
                child_env.apply(it);
            });
            assert_eq!(spoilt.await, expected, "{case} in a spoilt environment");
        }
    }
}

#[tokio::test]
#[ignore = "needs curl; .ci/run runs it"]
async fn curl() {
    obeys(&tools::CURL).await;
}

#[tokio::test]
#[ignore = "needs python3; .ci/run runs it"]
async fn python() {
    obeys(&tools::PYTHON).await;
}

#[tokio::test]
#[ignore = "needs node; .ci/run runs it"]
async fn node() {
    for tool in [&tools::NODE, &tools::NODE_FETCH, &tools::NODE_OPENSSL] {
        obeys(tool).await;
    }
}

#[tokio::test]
#[ignore = "needs npm; .ci/run runs it"]
async fn npm() {
    obeys(&tools::NPM).await;
}

#[tokio::test]
#[ignore = "needs git; .ci/run runs it"]
async fn git() {
    obeys(&tools::GIT).await;
}

#[tokio::test]
#[ignore = "needs openssl; .ci/run runs it"]
async fn openssl() {
    obeys(&tools::OPENSSL).await;
}

#[tokio::test]
#[ignore = "needs openssl; .ci/run runs it"]
async fn cargo() {
    obeys(&tools::CARGO).await;
}

#[tokio::test]
#[ignore = "needs Python packages; .ci/run installs and names them"]
async fn python_packages() {
    let clients = [&tools::REQUESTS, &tools::HTTPX, &tools::HTTPLIB2];
    for tool in clients.into_iter().chain([&tools::PIP, &tools::UV]) {
        obeys(tool).await;
    }
}

#[tokio::test]
#[ignore = "needs deno; .ci/run installs and names it"]
async fn deno() {
    obeys(&tools::DENO).await;
}

/// Over HTTPS and WSS, in a process of its own.
#[tokio::test]
async fn programs_with_this_crate() {
    let [company, other] = ["Company", "Other"].map(Authority::root);
    let origin = async |authority: &Authority| {
        let origin = Origin::https(authority.issue(&["localhost"])).await;
        origin.expect("an origin")
    };
    let anchors = CaPolicy::platform().bundle_pem("the company's", company.pem());
    let anchors = anchors.load().expect("the bundle loads");
    let child_env = anchors.child_env().expect("a child environment");
    let variables: Vec<_> = child_env.variables().collect();
    let variables = variables
        .iter()
        .map(|(name, value)| (*name, Path::new(value)));
    let variables: Vec<_> = variables.collect();

    let (company, other) = (origin(&company).await, origin(&other).await);
    let trusted = environment::run(Some(&company), &variables).await;
    assert_eq!(trusted[1..], ["Connected", "Connected"]);
    let refused = ["Refused(UnknownIssuer)", "Refused(UnknownIssuer)"];
    let others = environment::run(Some(&other), &variables).await;
    assert_eq!(others[1..], refused);
}

#[test]
fn the_bundle_is_the_whole_policy_of_its_reader() {
    let root = Authority::root("Company").pem();
    let policy = CaPolicy::platform().bundle_pem("the company's", root);
    for base in [BaseRoots::None, BaseRoots::Platform] {
        let anchors = policy.clone().base(base).load().expect("it loads");
        let child_env = anchors.child_env().expect("a child environment");
        let exclusive = CaPolicy::platform().base(BaseRoots::None);
        let read = exclusive.bundle(child_env.path()).load().expect("it loads");
        let (report, read) = (anchors.report(), read.report());
        if report.anchors.is_some() {
            assert_eq!(report.anchors, read.anchors);
            assert_eq!(read.bundle.accepted.len(), read.anchors.unwrap_or_default());
        }
        if report.base.distrusted == Some(0) {
            assert_eq!(report.fingerprint, read.fingerprint);
        }
        assert_eq!(read.bundle.duplicates, 0);
    }
}

#[test]
fn a_reload_counts_for_the_next_bundle() {
    let folder = tempfile::tempdir().expect("a directory");
    let path = folder.path().join("company.pem");
    let [old, new] = ["Old", "New"].map(|name| Authority::root(name).pem());
    std::fs::write(&path, &old).expect("written");
    let policy = CaPolicy::platform().base(BaseRoots::None).bundle(&path);
    let transport = TrustedTransport::builder(policy.load().expect("it loads"))
        .proxy(ProxyPolicy::Direct)
        .build()
        .expect("a transport");

    let before = transport.child_env().expect("a child environment");
    std::fs::write(&path, &new).expect("written");
    transport.reload().expect("it loads");
    let after = transport.child_env().expect("a child environment");
    let text = |child_env: &ChildEnv| std::fs::read_to_string(child_env.path()).expect("text");
    assert_eq!(text(&before), format!("# CN=Old\n{old}"));
    assert_eq!(text(&after), format!("# CN=New\n{new}"));
}
