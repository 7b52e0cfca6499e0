//! The rules of the house that a compiler does not check.

use std::fs;
use std::path::{Path, PathBuf};

fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut found = Vec::new();
    let mut folders = vec![root];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            match path.is_dir() {
                true => folders.push(path),
                false => {
                    let text = fs::read_to_string(&path).expect("a source");
                    found.push((path, text));
                }
            }
        }
    }
    assert!(found.len() > 5, "{folder} has moved");
    found
}

/// Lines of code, without comments.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
}

#[test]
fn ca_knows_no_transport() {
    for (path, text) in sources("src/ca") {
        for name in ["reqwest", "tokio", "hyper", "tungstenite", "factory"] {
            let found = code(&text).find(|line| line.contains(name));
            assert_eq!(found, None, "{} names {name}", path.display());
        }
    }
}

#[test]
fn the_environment_is_read_in_one_file() {
    for (path, text) in sources("src") {
        let reads = code(&text).any(|line| line.contains("env::var"));
        assert_eq!(reads, path.ends_with("ca/env.rs"), "{}", path.display());
    }
}

#[test]
fn one_file_makes_tls_configurations() {
    for (path, text) in sources("src") {
        let makes = code(&text).any(|line| line.contains("ClientConfig::builder"));
        assert_eq!(
            makes,
            path.ends_with("factory/tls.rs"),
            "{}",
            path.display()
        );
    }
}

#[test]
fn one_file_installs_a_provider_for_the_process() {
    for (path, text) in sources("src") {
        let installs = code(&text).any(|line| line.contains("install_default"));
        assert_eq!(
            installs,
            path.ends_with("factory/lockdown.rs"),
            "{}",
            path.display()
        );
    }
}

#[test]
fn one_file_starts_runtimes_and_threads() {
    for (path, text) in sources("src") {
        let starts = code(&text).any(|line| {
            [
                "runtime::Builder",
                "Runtime::new",
                "new_current_thread",
                "thread::Builder",
            ]
            .iter()
            .any(|way| line.contains(way))
        });
        let may = path.ends_with("factory/blocking/runtime.rs");
        assert_eq!(starts, may, "{}", path.display());
    }
}

#[test]
fn raw_clients_have_one_name_each_and_it_is_private() {
    for (path, text) in sources("src") {
        let named: Vec<_> = code(&text)
            .filter(|line| {
                ["reqwest::Client", "reqwest::blocking"]
                    .iter()
                    .any(|raw| line.contains(raw))
            })
            .collect();
        let alias: &[&str] = if path.ends_with("factory/http.rs") {
            &["pub(super) type RawClient = reqwest::Client;"]
        } else if path.ends_with("factory/recipe.rs") {
            &["pub(super) type RawBuilder = reqwest::ClientBuilder;"]
        } else {
            &[]
        };
        assert_eq!(named, alias, "{}", path.display());
    }
}
