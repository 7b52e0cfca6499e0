//! The demo shows the same in every environment.

use crate::run::{Result, run};

const ROWS: [&str; 6] = [
    "HTTPS GET direct ✓ 200 ✓ 200 as it must be",
    "WSS echo direct ✓ 101 ✓ 101 + echo as it must be",
    "HTTPS GET company's proxy ✗ UnknownIssuer ✓ 200 as it must be",
    "WSS echo company's proxy ✗ UnknownIssuer ✓ 101 + echo as it must be",
    "HTTPS GET impostor's proxy ✗ UnknownIssuer ✗ UnknownIssuer as it must be",
    "WSS echo impostor's proxy ✗ UnknownIssuer ✗ UnknownIssuer as it must be",
];

async fn six_rows_are_as_they_must_be(variables: &[(&str, &str)]) -> Result<String> {
    let ran = run(&["demo"], variables).await?;
    assert_eq!(ran.code, Some(0), "{}", ran.output());
    let rows: Vec<String> = ran
        .stdout
        .lines()
        .filter(|line| line.ends_with("as it must be"))
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(rows, ROWS, "{}", ran.stdout);
    assert!(!ran.stdout.contains("WRONG"), "{}", ran.stdout);
    assert!(!ran.stdout.contains('\x1b'), "colours in a pipe");
    Ok(ran.stdout)
}

#[tokio::test]
async fn in_a_clean_environment() -> Result {
    six_rows_are_as_they_must_be(&[]).await.map(drop)
}

#[tokio::test]
async fn in_a_polluted_environment_whose_own_policy_fails() -> Result {
    let dead = "http://127.0.0.1:9";
    let stdout = six_rows_are_as_they_must_be(&[
        ("SSL_CERT_FILE", "/nonexistent"),
        ("SSL_CERT_DIR", "/nonexistent"),
        ("HTTPS_PROXY", dead),
        ("https_proxy", dead),
        ("HTTP_PROXY", dead),
        ("ALL_PROXY", dead),
        ("NO_PROXY", "*"),
    ])
    .await?;
    let own = "error: failed to read the CA bundle `/nonexistent` (named by SSL_CERT_FILE)";
    assert!(stdout.contains(own), "{stdout}");
    assert!(stdout.contains("hint: "), "{stdout}");
    Ok(())
}
