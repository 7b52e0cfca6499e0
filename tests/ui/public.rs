//! What the crate makes public, as rustdoc sees it: every item, and every type of another crate
//! that stands in a declaration, also of what is re-exported. Each new one is to be decided on.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use expect_test::expect_file;

use crate::cargo;

#[test]
#[ignore = "documents the crate, with all features: .ci/run does"]
fn nothing_new_is_public() {
    let doc = documented();
    let mut items = String::new();
    let mut foreign = BTreeMap::<String, BTreeSet<String>>::new();
    for (name, html) in pages(&doc) {
        // The names of headers are many, and plain data; their types are looked at.
        if !name.contains("/constant.") {
            items += &format!("{name}\n");
        }
        for declaration in declarations(&html) {
            for item in linked(declaration).filter(|item| is_foreign(item)) {
                let place = format!("{name}: {}", text(declaration));
                foreign.entry(item.to_owned()).or_default().insert(place);
            }
        }
    }
    let (raw, other): (Vec<_>, Vec<_>) = foreign.iter().partition(|(item, _)| is_raw(item));
    let raw = raw.into_iter().flat_map(|(item, places)| {
        let place = move |place| format!("{item} in {place}\n");
        places.iter().map(place)
    });
    assert_eq!(raw.collect::<String>(), KNOWN, "a raw type is public");
    let other: String = other.iter().map(|(item, _)| format!("{item}\n")).collect();
    expect_file!["public.txt"].assert_eq(&format!("{items}\n{other}"));
}

#[test]
fn nothing_is_hidden_from_rustdoc() {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../../src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let source = fs::read_to_string(&path).expect("a source");
            for way in ["doc(hidden", "extern crate", "macro_export"] {
                let hides = source.contains(way);
                assert!(!hides, "{} has `{way}`", path.display());
            }
        }
    }
}

/// The folder with the crate's pages.
fn documented() -> PathBuf {
    let (workspace, target) = cargo::folders();
    let own = target.join("public");
    // rustdoc links to a crate whose folder is there, and leaves out other links.
    for library in cargo::libraries() {
        fs::create_dir_all(own.join("doc").join(library)).expect("a folder");
    }
    let crate_folder = own.join("doc/trusted_transport");
    fs::remove_dir_all(&crate_folder).ok();
    let document =
        "doc --locked --offline --quiet --lib --no-deps --all-features -p trusted-transport";
    let status = cargo::command(document)
        .current_dir(workspace)
        .env("CARGO_TARGET_DIR", &own)
        // What is compiled already is not compiled again.
        .env("CARGO_BUILD_BUILD_DIR", &target)
        .status();
    assert!(status.expect("cargo").success(), "cargo {document}");
    crate_folder
}

/// Names and contents, in order.
fn pages(doc: &Path) -> BTreeMap<String, String> {
    let mut pages = BTreeMap::new();
    let mut folders = vec![doc.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path
                .extension()
                .is_some_and(|extension| extension == "html")
            {
                let name = path.strip_prefix(doc).expect("below it").display();
                let html = fs::read_to_string(&path).expect("a page");
                // Private modules lead on to where their items are public.
                if !html.contains("http-equiv=\"refresh\"") {
                    pages.insert(name.to_string().replace(".html", ""), html);
                }
            }
        }
    }
    assert!(pages.len() > 40, "rustdoc has changed: {:?}", pages.keys());
    pages
}

/// Signatures, fields, variants, heads of implementations and associated types, but for what is
/// implemented for everything.
fn declarations(html: &str) -> impl Iterator<Item = &str> {
    let end = html.find("id=\"blanket-implementations\"");
    let html = &html[..end.unwrap_or(html.len())];
    let between = |start: &'static str, end: &'static str| {
        let parts = html.split(start).skip(1);
        parts.filter_map(move |part| Some(part.split_once(end)?.0))
    };
    between("<pre class=\"rust item-decl\">", "</pre>")
        .chain(between("class=\"code-header\">", "</h"))
        .chain(between("<dt id=\"reexport.", "</dt>"))
}

/// The items that a declaration links to, such as `struct http::uri::Uri`.
fn linked(declaration: &str) -> impl Iterator<Item = &str> {
    let titles = declaration.split("title=\"").skip(1);
    titles.filter_map(|title| Some(title.split_once('"')?.0))
}

fn is_foreign(item: &str) -> bool {
    let (kind, path) = item.split_once(' ').unwrap_or_default();
    let root = path.split("::").next();
    kind != "primitive" && !matches!(root, Some("alloc" | "core" | "std" | "trusted_transport"))
}

/// A variant, or an associated type, is as raw as what it belongs to.
fn is_raw(item: &str) -> bool {
    item.split([':', ' ']).any(|part| RAW.contains(&part))
}

/// Without tags.
fn text(html: &str) -> String {
    let parts = html.split('<').enumerate();
    let plain: String = parts
        .map(|(number, part)| match number {
            0 => part,
            _ => part.split_once('>').map_or("", |(_, text)| text),
        })
        .collect();
    let plain = plain
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&");
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What makes connections without the token, whichever crate it is of.
pub(crate) const RAW: [&str; 25] = [
    "Certificate",
    "Client",
    "ClientBuilder",
    "ClientConnection",
    "ConfigBuilder",
    "Connector",
    "DangerousClientConfig",
    "DangerousClientConfigBuilder",
    "HttpConnector",
    "HttpsConnector",
    "HttpsConnectorBuilder",
    "Identity",
    "MaybeHttpsStream",
    "MaybeTlsStream",
    "Proxy",
    "RequestBuilder",
    "RootCertStore",
    "ServerCertVerifier",
    "TcpStream",
    "TlsConnector",
    "TlsStream",
    "TokioIo",
    "WebSocketContext",
    "WebSocketStream",
    "blocking",
];

/// Where they are, and may be: the way out, and what reqwest implements for its own client, which
/// a program that has no reqwest cannot name.
const KNOWN: &str = "\
struct reqwest::async_impl::client::Client in http/struct.Request: fn call(&mut self, req: Request) -> <&Client as Service<Request>>::Future
struct reqwest::async_impl::client::Client in http/struct.Request: fn call(&mut self, req: Request) -> <Client as Service<Request>>::Future
struct reqwest::async_impl::client::Client in http/struct.Request: fn poll_ready( &mut self, _cx: &mut Context<'_>, ) -> Poll<Result<(), <&Client as Service<Request>>::Error>>
struct reqwest::async_impl::client::Client in http/struct.Request: fn poll_ready( &mut self, _cx: &mut Context<'_>, ) -> Poll<Result<(), <Client as Service<Request>>::Error>>
struct reqwest::async_impl::client::Client in http/struct.Request: impl Service<Request> for &Client
struct reqwest::async_impl::client::Client in http/struct.Request: impl Service<Request> for Client
struct reqwest::async_impl::client::Client in struct.HttpClient: pub fn into_reqwest(self) -> Client
";
