//! Every option of reqwest's client is an option here, or is left out for a reason: an upgrade
//! of reqwest that brings another one asks for a decision.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use syn::parse::{Parse, ParseStream};
use syn::visit::Visit;

use crate::program::{cargo, output, repository};

/// The public functions of one type, all `cfg`s included.
struct Functions {
    of: &'static str,
    names: BTreeSet<String>,
}

impl Functions {
    fn of(of: &'static str) -> Self {
        let names = BTreeSet::new();
        Self { of, names }
    }

    fn read(&mut self, source: &Path) {
        let text = fs::read_to_string(source).expect("a source");
        self.visit_file(&syn::parse_file(&text).expect("Rust"));
    }
}

impl<'a> Visit<'a> for Functions {
    fn visit_item_impl(&mut self, item: &'a syn::ItemImpl) {
        let syn::Type::Path(of) = &*item.self_ty else {
            return;
        };
        if item.trait_.is_some() || !of.path.is_ident(self.of) {
            return;
        }
        for item in &item.items {
            match item {
                syn::ImplItem::Fn(function) if public(&function.vis) => {
                    self.names.insert(function.sig.ident.to_string());
                }
                syn::ImplItem::Macro(item) if item.mac.path.is_ident("options") => {
                    let options: Options = item.mac.parse_body().expect("options");
                    self.names.extend(options.0);
                }
                _ => {}
            }
        }
    }
}

fn public(visibility: &syn::Visibility) -> bool {
    matches!(visibility, syn::Visibility::Public(_))
}

/// What stands in `options! { .. }`: attributes, a name and its arguments.
struct Options(Vec<String>);

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut names = Vec::new();
        while !input.is_empty() {
            input.call(syn::Attribute::parse_outer)?;
            names.push(input.parse::<syn::Ident>()?.to_string());
            let arguments;
            syn::parenthesized!(arguments in input);
            arguments.parse_terminated(syn::FnArg::parse, syn::Token![,])?;
            input.parse::<syn::Token![;]>()?;
        }
        Ok(Self(names))
    }
}

/// Where the source is of the reqwest that `Cargo.lock` names.
async fn reqwest() -> PathBuf {
    let mut command = cargo();
    command
        .args(["metadata", "--format-version=1", "--locked", "--offline"])
        .args(["--filter-platform", &host().await])
        .current_dir(repository(""));
    let output = output(command).await;
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let mut found = packages
        .iter()
        .filter(|package| package["name"] == "reqwest");
    let manifest = found.next().expect("reqwest")["manifest_path"].as_str();
    assert!(found.next().is_none(), "there are two versions of reqwest");
    Path::new(manifest.expect("a path")).with_file_name("src")
}

/// The platform whose crates are here; those of others may not be.
async fn host() -> String {
    let mut command = tokio::process::Command::new("rustc");
    command.arg("-vV");
    let output = output(command).await;
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.expect("a platform").to_owned()
}

#[tokio::test]
async fn every_option_of_reqwest_is_mirrored_or_left_out_for_a_reason() {
    let mut theirs = Functions::of("ClientBuilder");
    for entry in fs::read_dir(reqwest().await.join("async_impl")).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            theirs.read(&path);
        }
    }
    assert!(theirs.names.len() > 80, "reqwest's options have moved");
    let mut ours = Functions::of("HttpClientBuilder");
    ours.read(&repository("src/factory/http_builder.rs"));
    let left_out: BTreeSet<String> = LEFT_OUT
        .iter()
        .flat_map(|(_, names)| names.iter().map(|&name| name.to_owned()))
        .collect();

    let undecided: Vec<_> = theirs
        .names
        .iter()
        .filter(|&name| !ours.names.contains(name) && !left_out.contains(name))
        .collect();
    assert!(
        undecided.is_empty(),
        "mirror them, or say why not: {undecided:#?}"
    );
    let stale: Vec<_> = left_out
        .iter()
        .filter(|&name| ours.names.contains(name) || !theirs.names.contains(name))
        .collect();
    assert!(stale.is_empty(), "no longer left out: {stale:#?}");
    let invented: Vec<_> = ours.names.difference(&theirs.names).collect();
    assert!(invented.is_empty(), "not reqwest's: {invented:#?}");
}

/// What `HttpClientBuilder` does not have, and why.
const LEFT_OUT: &[(&str, &[&str])] = &[
    (
        "a builder is had from `TrustedTransport::http()` alone",
        &["new"],
    ),
    (
        "what is trusted is the policy's: `CaPolicy`",
        &[
            "add_crl",
            "add_crls",
            "add_root_certificate",
            "danger_accept_invalid_certs",
            "danger_accept_invalid_hostnames",
            "tls_certs_merge",
            "tls_certs_only",
            "tls_crls_only",
            "tls_danger_accept_invalid_certs",
            "tls_danger_accept_invalid_hostnames",
        ],
    ),
    (
        "TLS is the token's, one configuration for HTTP and WebSocket",
        &[
            "identity",
            "max_tls_version",
            "min_tls_version",
            "tls_backend_native",
            "tls_backend_preconfigured",
            "tls_backend_rustls",
            "tls_early_data",
            "tls_sni",
            "tls_version_max",
            "tls_version_min",
            "use_native_tls",
            "use_preconfigured_tls",
            "use_rustls_tls",
        ],
    ),
    (
        "it writes the keys of connections into a file",
        &["tls_sslkeylogfile"],
    ),
    (
        "it logs what is sent, credentials included",
        &["connection_verbose"],
    ),
    (
        "the certificate of a peer is reqwest's type, which is no part of the interface",
        &["tls_info"],
    ),
    (
        "the routes are the token's: `TransportBuilder::proxy`",
        &["no_proxy", "proxy"],
    ),
    (
        "names are resolved by the token, for both transports: `TransportBuilder::resolve`",
        &[
            "dns_resolver",
            "hickory_dns",
            "no_hickory_dns",
            "resolve",
            "resolve_to_addrs",
        ],
    ),
    (
        "the token says it for both transports: `TransportBuilder::https_only`",
        &["https_only"],
    ),
    (
        "a WebSocket would leave from another address",
        &["interface", "local_address"],
    ),
    (
        "it leads elsewhere than to the host of the URL",
        &["unix_socket", "windows_named_pipe"],
    ),
    (
        "a layer could put another connection below the token's",
        &["connector_layer"],
    ),
    (
        "the same as the option without `no_`, and `false`",
        &["no_brotli", "no_deflate", "no_gzip", "no_zstd"],
    ),
    (
        "reqwest's HTTP/3 is unstable, and QUIC takes no route",
        &[
            "http3_congestion_bbr",
            "http3_conn_receive_window",
            "http3_max_field_section_size",
            "http3_max_idle_timeout",
            "http3_prior_knowledge",
            "http3_send_grease",
            "http3_send_window",
            "http3_stream_receive_window",
        ],
    ),
];
