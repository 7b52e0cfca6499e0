//! `inspect --json` is one object with the same keys in every case: programs read it.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use trusted_transport_lab::Authority;

use crate::blocks::{pem, unusable};
use crate::run::{Result, file, run, text};

const KEYS: [&str; 9] = [
    "anchors",
    "base",
    "bundle",
    "error",
    "fingerprint",
    "lost",
    "source",
    "variables",
    "warnings",
];
const ERROR: [&str; 8] = [
    "causes", "hint", "kind", "line", "message", "path", "position", "variable",
];
const BUNDLE: [&str; 9] = [
    "accepted",
    "crls",
    "distrusted",
    "duplicates",
    "files",
    "other",
    "private_keys",
    "revocation_lists",
    "unusable",
];
const ACCEPTED: [&str; 8] = [
    "alias",
    "file",
    "line",
    "not_after",
    "position",
    "sha256",
    "subject",
    "warnings",
];
const EXCLUDED: [&str; 8] = [
    "alias",
    "file",
    "line",
    "not_after",
    "position",
    "reason",
    "sha256",
    "subject",
];

fn keys(value: &Value) -> BTreeSet<&str> {
    let object = value.as_object().into_iter().flatten();
    object.map(|(key, _)| key.as_str()).collect()
}

fn has(value: &Value, expected: &[&str]) {
    let expected: BTreeSet<&str> = expected.iter().copied().collect();
    assert_eq!(keys(value), expected, "{value:#}");
}

/// One block of every kind, at the position that its variable says.
fn every_kind() -> Result<String> {
    let [one, two, three] = ["Accepted", "Distrusted", "Unusable"].map(Authority::root);
    let blocks = [
        one.pem(),
        two.rejected_pem(),
        unusable(&three)?,
        one.pem(),
        pem("X509 CRL", &[0x30, 0]),
        one.issue(&["localhost"]).key_pem(),
        pem("CERTIFICATE REQUEST", &[0x30, 0]),
    ];
    Ok(blocks.concat())
}

#[tokio::test]
async fn every_key_is_there_for_every_kind_of_block() -> Result {
    let path = file("contract.pem", &every_kind()?)?;
    let path = text(&path)?;
    let variables = [("CODEX_CA_CERTIFICATE", path), ("SSL_CERT_FILE", "/lost")];
    let ran = run(&["inspect", "--json"], &variables).await?;
    let json = ran.json()?;
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    has(&json, &KEYS);
    assert_eq!(
        json["source"],
        json!({"kind": "variable", "name": "CODEX_CA_CERTIFICATE", "path": path})
    );
    assert_eq!(
        json["lost"],
        json!([{"name": "SSL_CERT_FILE", "path": "/lost"}])
    );
    has(&json["base"], &["anchors", "distrusted", "ignored", "kind"]);
    let delegated = json["base"]["kind"] == "delegated";
    for key in ["anchors", "distrusted", "ignored"] {
        assert_eq!(json["base"][key].is_u64(), !delegated, "{key}");
    }
    let warnings = json["warnings"].as_array().ok_or("a list")?;
    assert!(warnings.iter().all(Value::is_string), "{warnings:?}");
    assert!(warnings.len() >= 3, "{warnings:?}");
    assert_eq!(json["error"], Value::Null);
    Ok(())
}

#[tokio::test]
async fn every_block_is_in_one_list_or_counted() -> Result {
    let path = file("contract-bundle.pem", &every_kind()?)?;
    let path = text(&path)?;
    let json = run(&["inspect", path, "--json"], &[]).await?.json()?;
    let bundle = &json["bundle"];
    has(bundle, &BUNDLE);
    for (state, position, expected) in [
        ("accepted", 1, ACCEPTED),
        ("distrusted", 2, EXCLUDED),
        ("unusable", 3, EXCLUDED),
    ] {
        let [certificate] = &bundle[state].as_array().ok_or(state)?[..] else {
            return Err(format!("one {state}: {bundle:#}").into());
        };
        has(certificate, &expected);
        assert_eq!(certificate["position"], position, "{certificate:#}");
        let sha256 = certificate["sha256"].as_str().map(str::len);
        assert_eq!(sha256, Some(64), "{certificate:#}");
    }
    for counted in ["duplicates", "crls", "private_keys", "other"] {
        assert_eq!(bundle[counted], 1, "{counted}");
    }
    assert_eq!(bundle["files"], json!([path]));
    Ok(())
}

#[tokio::test]
async fn the_text_counts_every_kind_and_shows_every_certificate() -> Result {
    let path = file("counted.pem", &every_kind()?)?;
    let arguments = ["inspect", text(&path)?];
    let ran = run(&arguments, &[]).await?;
    let counted = "1 accepted; 1 distrusted; 1 unusable; 1 duplicate; 1 CRL, not enforced; \
                   1 private key, passed over; 1 other block, passed over";
    assert!(ran.stdout.contains(counted), "{}", ran.stdout);

    let json = run(&[arguments[0], arguments[1], "--json"], &[]).await?;
    let json = json.json()?;
    for state in ["accepted", "distrusted", "unusable"] {
        let certificate = &json["bundle"][state][0];
        let part = |key: &str, length| certificate[key].as_str().and_then(|it| it.get(..length));
        let (sha256, day) = (part("sha256", 16), part("not_after", 10));
        let shown = ran.stdout.lines().any(|line| {
            line.starts_with(state)
                && sha256.is_some_and(|sha256| line.contains(sha256))
                && day.is_some_and(|day| line.contains(&format!("{day}, in ")))
        });
        assert!(shown, "{state}: {}", ran.stdout);
    }
    for warning in json["warnings"].as_array().into_iter().flatten() {
        let warning = warning.as_str().unwrap_or_default();
        assert!(ran.stdout.contains(&format!("warning      {warning}\n")));
    }
    assert!(
        ran.stdout
            .contains(json["fingerprint"].as_str().ok_or("text")?)
    );
    Ok(())
}

#[tokio::test]
async fn without_a_policy_only_the_error_is_not_null() -> Result {
    for all in [&[][..], &["--all"]] {
        let arguments = [&["inspect", "--json", "/nonexistent"], all].concat();
        let ran = run(&arguments, &[]).await?;
        let json = ran.json()?;
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(2), ""));
        has(&json, &KEYS);
        has(&json["error"], &ERROR);
        for key in KEYS.iter().filter(|key| **key != "error") {
            assert_eq!(json[key], Value::Null, "nothing is known of {key}");
        }
        for key in ["kind", "message", "hint"] {
            assert!(json["error"][key].is_string(), "{}", json["error"]);
        }
    }
    Ok(())
}

#[tokio::test]
async fn all_puts_the_base_roots_into_the_base() -> Result {
    let path = file("contract-all.pem", &Authority::root("Mine").pem())?;
    let ran = run(&["inspect", text(&path)?, "--json", "--all"], &[]).await?;
    let (json, code) = (ran.json()?, ran.code);
    assert_eq!(code, Some(0), "{}", ran.output());
    has(&json, &KEYS);
    let base = &json["base"];
    if base["kind"] == "delegated" {
        has(base, &["anchors", "distrusted", "ignored", "kind"]);
        return Ok(());
    }
    has(base, &["anchors", "distrusted", "ignored", "kind", "roots"]);
    has(&base["roots"], &BUNDLE);
    let accepted = base["roots"]["accepted"].as_array().ok_or("a list")?;
    assert_eq!(base["anchors"], accepted.len());
    accepted.iter().for_each(|root| has(root, &ACCEPTED));
    assert_eq!(json["bundle"]["accepted"][0]["subject"], "CN=Mine");
    Ok(())
}
