//! `inspect` says which source won, what it holds, and why it cannot be used.

use std::collections::HashSet;
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use trusted_transport_lab::Authority;

use crate::run::{LIMIT, Result, binary, file, run, text};

const SYSTEM: &str = "/etc/ssl/certs/ca-certificates.crt";

#[tokio::test]
async fn every_distinct_block_of_the_system_bundle_is_accepted_if_there_is_that_file() -> Result {
    if !Path::new(SYSTEM).exists() {
        return Ok(());
    }
    let bundle = std::fs::read_to_string(SYSTEM)?;
    let blocks: HashSet<&str> = bundle
        .split("-----BEGIN CERTIFICATE-----")
        .skip(1)
        .collect();
    let ran = run(&["inspect", SYSTEM, "--json"], &[]).await?;
    let json = ran.json()?;
    assert_eq!(ran.code, Some(0), "{}", ran.output());
    assert_eq!(
        json["source"],
        json!({"kind": "explicit", "name": null, "path": SYSTEM})
    );
    let accepted = json["bundle"]["accepted"].as_array().map(Vec::len);
    assert_eq!(accepted, Some(blocks.len()));
    assert_eq!(json["error"], Value::Null);
    Ok(())
}

#[tokio::test]
async fn without_variables_and_arguments_the_source_is_the_platform() -> Result {
    let ran = run(&["inspect", "--json"], &[]).await?;
    let json = ran.json()?;
    // A machine without roots has a policy error, and says so.
    if json["error"].is_null() {
        assert_eq!(ran.code, Some(0));
        assert_eq!(json["source"]["kind"], "platform");
        assert_eq!(json["bundle"]["accepted"], json!([]));
        assert_eq!(json["anchors"], json["base"]["anchors"]);
        assert_eq!(json["lost"], json!([]));
    } else {
        assert_eq!(
            (ran.code, &json["error"]["kind"]),
            (Some(2), &json!("no_roots"))
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_bundle_that_is_not_there_is_an_error_with_a_remedy() -> Result {
    let variables = [
        ("CODEX_CA_CERTIFICATE", "/nonexistent"),
        ("SSL_CERT_FILE", SYSTEM),
    ];
    let ran = run(&["inspect", "--json"], &variables).await?;
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(2), ""));
    let error = &ran.json()?["error"];
    assert_eq!(error["kind"], "unreadable");
    assert_eq!(error["variable"], "CODEX_CA_CERTIFICATE");
    assert_eq!(error["path"], "/nonexistent");
    let said = |key: &str, what: &str| error[key].as_str().is_some_and(|it| it.contains(what));
    assert!(said("message", "/nonexistent"), "{error}");
    assert!(said("hint", "unset CODEX_CA_CERTIFICATE"), "{error}");

    let ran = run(&["inspect"], &variables).await?;
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""));
    let lines: Vec<&str> = ran.stderr.lines().collect();
    assert!(
        lines[0].starts_with("error: failed to read the CA bundle"),
        "{lines:?}"
    );
    assert!(lines[1].starts_with("cause: "), "{lines:?}");
    assert!(lines[2].starts_with("hint: "), "{lines:?}");
    Ok(())
}

#[tokio::test]
async fn a_corrupt_block_is_named_by_position_and_line() -> Result {
    let good = Authority::root("Good CA").pem();
    let cut = good.replace("-----END CERTIFICATE-----", "");
    let path = file("corrupt.pem", &format!("{good}{cut}"))?;
    let ran = run(&["inspect", text(&path)?, "--json"], &[]).await?;
    assert_eq!(ran.code, Some(2));
    let error = &ran.json()?["error"];
    assert_eq!(
        (&error["kind"], &error["position"]),
        (&json!("corrupt"), &json!(2))
    );
    assert_eq!(error["line"], json!(good.lines().count() + 1));
    Ok(())
}

#[tokio::test]
async fn the_variable_that_lost_is_listed() -> Result {
    let winner = file("winner.pem", &Authority::root("Winner CA").pem())?;
    let loser = file("loser.pem", &Authority::root("Loser CA").pem())?;
    let (winner, loser) = (text(&winner)?, text(&loser)?);
    let variables = [("CODEX_CA_CERTIFICATE", winner), ("SSL_CERT_FILE", loser)];
    let lost = json!([{"name": "SSL_CERT_FILE", "path": loser}]);

    let json = run(&["inspect", "--json"], &variables).await?.json()?;
    let source = json!({"kind": "variable", "name": "CODEX_CA_CERTIFICATE", "path": winner});
    assert_eq!((&json["source"], &json["lost"]), (&source, &lost));
    assert_eq!(json["bundle"]["accepted"][0]["subject"], "CN=Winner CA");

    let ran = run(&["inspect"], &variables).await?;
    assert!(ran.stdout.contains("CN=Winner CA"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("CN=Loser CA"), "{}", ran.stdout);
    assert!(
        ran.stdout
            .contains(&format!("not used  SSL_CERT_FILE (set to {loser})"))
    );

    // A file beats both, and both are listed.
    let json = run(&["inspect", loser, "--json"], &variables)
        .await?
        .json()?;
    let names: Vec<_> = json["lost"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|it| &it["name"])
        .collect();
    assert_eq!(names, ["CODEX_CA_CERTIFICATE", "SSL_CERT_FILE"]);
    assert_eq!(json["bundle"]["accepted"][0]["subject"], "CN=Loser CA");
    Ok(())
}

/// As in `trusted-transport inspect | head -1`.
#[tokio::test]
async fn a_reader_that_stops_reading_is_no_failure() -> Result {
    let many: String = (0..2000).map(|n| format!("# {n}\n")).collect();
    let roots: String = (0..400)
        .map(|n| Authority::root(&format!("CA number {n}")).pem())
        .collect();
    let path = file("many.pem", &format!("{many}{roots}"))?;
    let mut command = binary();
    command.args(["inspect", text(&path)?, "--json"]);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let stdout = child.stdout.take().ok_or("a pipe")?;
    let mut line = String::new();
    let mut reader = BufReader::with_capacity(16, stdout);
    reader.read_line(&mut line).await?;
    drop(reader);
    let output = tokio::time::timeout(LIMIT, child.wait_with_output()).await??;
    assert_eq!(String::from_utf8(output.stderr)?, "");
    assert_eq!((line.as_str(), output.status.code()), ("{\n", Some(0)));
    Ok(())
}
