//! Over a hundred chains, judged by curl and by this crate with the same bundle. Where the verdicts
//! differ, or what is said to be wrong, the difference is one that `docs/curl.md` gives a reason for.
//! `UPDATE_EXPECT=1` writes the list of verdicts anew.

mod chains;
mod program;
mod revocation;
mod verdicts;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use chains::Chain;
use expect_test::expect_file;
use trusted_transport::{CrlPolicy, ProxyPolicy, TrustedTransport};
use trusted_transport_lab::Origin;
use verdicts::{Class, Verdicts};

use crate::fixtures::exclusive;
use crate::support::{self, Outcome};

/// What this crate makes of the chain, over HTTPS and WSS.
async fn ours(origin: &Origin, chain: &Chain, bundle: &Path) -> Outcome {
    let policy = exclusive().bundle(bundle).crls(match chain.revocation {
        true => CrlPolicy::Enforce,
        false => CrlPolicy::Ignore,
    });
    let transport = TrustedTransport::builder(policy.load().expect("the bundle loads"))
        .proxy(ProxyPolicy::Direct)
        .resolve(chain.host, [origin.addr()])
        .build()
        .expect("a transport");
    let https = support::https(&transport, &origin.url("https", chain.host, "/")).await;
    let wss = support::wss(&transport, &origin.url("wss", chain.host, "/")).await;
    assert_eq!(https, wss, "{}", chain.name);
    https
}

async fn judged(chain: &Chain, bundle: &Path) -> Verdicts {
    std::fs::write(bundle, &chain.bundle).expect("written");
    let origin = Origin::https(chain.end_entity.clone()).await;
    let origin = origin.expect("an origin");
    let verdicts = Verdicts {
        curl: program::ask(&origin, chain, bundle).await,
        ours: ours(&origin, chain, bundle).await,
    };
    // Whoever refuses has said nothing.
    let accepted = verdicts.curl == program::Verdict::Accepted;
    let requests = usize::from(accepted) + 2 * usize::from(verdicts.ours == Outcome::Connected);
    assert_eq!(origin.seen().len(), requests, "{}: {verdicts}", chain.name);
    verdicts
}

#[tokio::test]
#[ignore = "needs curl; .ci/run runs it"]
async fn verdicts_differ_from_those_of_curl_only_where_documented() {
    println!("{}", program::version().await);
    let folder = tempfile::tempdir().expect("a directory");
    std::fs::create_dir(folder.path().join("empty")).expect("a directory");
    let mut documented: BTreeMap<String, Class> = page().into_iter().collect();
    let (mut table, mut faults) = (String::new(), Vec::new());
    for chain in chains::all() {
        let verdicts = judged(&chain, &folder.path().join("bundle.pem")).await;
        let class = documented.remove(chain.name);
        if !match class {
            None => verdicts.agree(),
            Some(class) => !verdicts.agree() && verdicts.differ_by(class),
        } {
            faults.push(format!("{}, {class:?}: {verdicts:?}", chain.name));
        }
        let class = class.map(|class| format!(" ({class:?})"));
        let class = class.unwrap_or_default();
        writeln!(table, "{}: {verdicts}{class}", chain.name).expect("text");
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(documented.is_empty(), "nobody has tried {documented:?}");
    expect_file!["curl/verdicts.txt"].assert_eq(&table);
}

#[test]
fn every_class_of_differences_from_curl_is_documented() {
    let page = page();
    let mut classes: Vec<Class> = page.iter().map(|(_, class)| *class).collect();
    classes.dedup();
    assert_eq!(classes, Class::ALL);
    let chains: BTreeMap<_, _> = page.iter().cloned().collect();
    assert_eq!(chains.len(), page.len(), "each chain is in one class");
}

/// The chains of `docs/curl.md`, and the class of each.
fn page() -> Vec<(String, Class)> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/curl.md");
    let page = std::fs::read_to_string(page).expect("a page");
    let mut chains = Vec::new();
    for row in page.lines().filter_map(|line| line.strip_prefix("| `")) {
        let mut cells = row.split(" | ");
        let name = cells.next().unwrap_or_default().trim_end_matches('`');
        let class = Class::ALL
            .into_iter()
            .find(|class| format!("{class:?}") == name);
        let class = class.unwrap_or_else(|| panic!("`{name}` is no class"));
        let named = cells.next().unwrap_or_default().split('`');
        chains.extend(named.skip(1).step_by(2).map(|it| (it.to_owned(), class)));
    }
    chains
}
