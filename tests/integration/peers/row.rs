//! One line of the table: what a peer, set up in one way, came to. Each test leaves its lines in a
//! folder, and `table` puts them together.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::process::installed;

/// A peer in one setup, and how HTTPS and WSS ended with the right bundle and with the wrong one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Row {
    pub(super) peer: String,
    pub(super) setup: String,
    pub(super) version: String,
    /// HTTPS and WSS with the right bundle, then with the wrong one.
    pub(super) ends: [String; 4],
}

impl Row {
    /// From the words for HTTPS and WSS, with the one bundle and with the other.
    pub(super) fn of(peer: &str, version: &str, setup: &str, words: Vec<[String; 2]>) -> Self {
        let words: Vec<String> = words.into_iter().flatten().collect();
        Self {
            peer: peer.to_owned(),
            setup: setup.to_owned(),
            version: version.to_owned(),
            ends: words.try_into().expect("two bundles and two transports"),
        }
    }

    /// Prints it, and leaves it for the table.
    pub(super) fn write(&self) {
        println!("{self:?}");
        fs::create_dir_all(folder()).expect("a directory");
        let name = format!("{} {}.json", self.peer, self.setup).replace('/', " ");
        let text = serde_json::to_string_pretty(&self.json()).expect("text");
        fs::write(folder().join(name), text).expect("written");
    }

    /// What the tests have left, in alphabetical order.
    pub(super) fn all() -> Vec<Self> {
        let files = fs::read_dir(folder()).expect("the tests of the peers have left their rows");
        let rows = files.map(|file| {
            let text = fs::read_to_string(file.expect("a file").path()).expect("text");
            Self::read(&serde_json::from_str(&text).expect("JSON"))
        });
        let mut rows: Vec<Self> = rows.collect();
        rows.sort_by_key(|row| (row.peer.to_lowercase(), row.setup.clone()));
        rows
    }

    pub(super) fn json(&self) -> Value {
        let [https, wss, https_refused, wss_refused] = &self.ends;
        json!({
            "peer": self.peer,
            "version": self.version,
            "setup": self.setup,
            "right_bundle": {"https": https, "wss": wss},
            "wrong_bundle": {"https": https_refused, "wss": wss_refused},
        })
    }

    fn read(json: &Value) -> Self {
        let text = |pointer: &str| {
            let text = json.pointer(pointer).and_then(Value::as_str);
            text.expect("a row").to_owned()
        };
        Self {
            peer: text("/peer"),
            setup: text("/setup"),
            version: text("/version"),
            ends: [
                "/right_bundle/https",
                "/right_bundle/wss",
                "/wrong_bundle/https",
                "/wrong_bundle/wss",
            ]
            .map(text),
        }
    }
}

fn folder() -> PathBuf {
    installed("rows")
}
