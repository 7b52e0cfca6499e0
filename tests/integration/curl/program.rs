//! The `curl` command, asked about one chain: whether it accepts what the server presents, and
//! which of OpenSSL's errors it is if not.

use std::path::Path;
use std::process::{Output, Stdio};

use tokio::process::Command;
use trusted_transport_lab::Origin;

use super::chains::Chain;

/// What curl makes of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Accepted,
    /// By OpenSSL, with this number of `X509_V_ERR_..`.
    Refused(u32),
    /// By curl itself: OpenSSL was content.
    WrongHost,
}

/// Asks for `/` at the origin, which nobody has asked before.
///
/// # Panics
/// Panics if curl fails for anything else than the certificate.
pub(super) async fn ask(origin: &Origin, chain: &Chain, bundle: &Path) -> Verdict {
    let mut curl = trusting(bundle, chain);
    curl.args(["--max-time", "20", "--noproxy", "*"])
        .args(["--silent", "--show-error", "--output", "/dev/null"])
        .args(["--write-out", "%{http_code} %{ssl_verify_result}"]);
    // Some versions look a name up with the dot at its end, and some without.
    for host in [chain.host, chain.host.trim_end_matches('.')] {
        let address = format!("{host}:{}:{}", origin.port(), origin.addr().ip());
        curl.arg("--resolve").arg(address);
    }
    curl.arg(origin.url("https", chain.host, "/"));
    let output = curl.output().await.expect("curl runs");
    let verdict = verdict(origin, &output).await;
    verdict.unwrap_or_else(|| {
        panic!(
            "{}: this is not about a certificate: {output:?}",
            chain.name
        )
    })
}

/// The versions of curl and of its TLS library.
///
/// # Panics
/// Panics if that is not OpenSSL.
pub(super) async fn version() -> String {
    let output = command().arg("--version").output().await;
    let output = output.expect("curl runs");
    let said = String::from_utf8_lossy(&output.stdout);
    let version = said.lines().next().unwrap_or_default();
    assert!(
        version.contains(" OpenSSL/"),
        "the comparison is with OpenSSL, and this curl is built with another library: {version:?}"
    );
    version.to_owned()
}

async fn verdict(origin: &Origin, output: &Output) -> Option<Verdict> {
    let said = String::from_utf8_lossy(&output.stdout);
    let (status, result) = said.split_once(' ')?;
    match (output.status.code()?, status, result.parse().ok()?) {
        (0, "200", OK) => Some(Verdict::Accepted),
        (PEER_FAILED_VERIFICATION, "000", OK | NOT_ASKED) => Some(Verdict::WrongHost),
        (PEER_FAILED_VERIFICATION, "000", error) => Some(Verdict::Refused(error)),
        // curl reports the oldest of OpenSSL's errors, which is one of its cryptography if a list's
        // signature is false. What the server is told is unambiguous.
        (SSL_CONNECT_ERROR, "000", NOT_ASKED) => {
            let told = origin.handshakes_after(1).await.into_iter().next()?.err()?;
            let signature = told.contains("DecryptError");
            signature.then_some(Verdict::Refused(CRL_SIGNATURE_FAILURE))
        }
        _ => None,
    }
}

/// The bundle and nothing else: in the place of the machine's own certificates, a directory
/// without any.
fn trusting(bundle: &Path, chain: &Chain) -> Command {
    let mut curl = command();
    curl.arg("--cacert").arg(bundle);
    curl.arg("--capath").arg(bundle.with_file_name("empty"));
    if chain.revocation {
        curl.arg("--crlfile").arg(bundle);
    }
    curl.arg("--ciphers");
    curl.arg(format!("DEFAULT:@SECLEVEL={}", chain.level));
    curl
}

/// Without the configuration of the user or of the machine's OpenSSL.
fn command() -> Command {
    let mut curl = Command::new("curl");
    curl.arg("--disable")
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("OPENSSL_CONF", "/dev/null")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    curl
}

// Of `curl/curl.h`, as `CURLE_..`.
const SSL_CONNECT_ERROR: i32 = 35;
const PEER_FAILED_VERIFICATION: i32 = 60;

/// What curl reports before it has asked OpenSSL for its verdict.
const NOT_ASKED: u32 = 1;

// Of `openssl/x509_vfy.h`, as `X509_V_..` or `X509_V_ERR_..`.
const OK: u32 = 0;
pub(super) const UNABLE_TO_GET_ISSUER_CERT: u32 = 2;
pub(super) const UNABLE_TO_GET_CRL: u32 = 3;
pub(super) const CRL_SIGNATURE_FAILURE: u32 = 8;
pub(super) const CERT_NOT_YET_VALID: u32 = 9;
pub(super) const CERT_HAS_EXPIRED: u32 = 10;
pub(super) const CRL_NOT_YET_VALID: u32 = 11;
pub(super) const CRL_HAS_EXPIRED: u32 = 12;
pub(super) const DEPTH_ZERO_SELF_SIGNED_CERT: u32 = 18;
pub(super) const UNABLE_TO_GET_ISSUER_CERT_LOCALLY: u32 = 20;
pub(super) const CERT_REVOKED: u32 = 23;
pub(super) const PATH_LENGTH_EXCEEDED: u32 = 25;
pub(super) const INVALID_PURPOSE: u32 = 26;
pub(super) const CERT_REJECTED: u32 = 28;
pub(super) const UNHANDLED_CRITICAL_EXTENSION: u32 = 34;
pub(super) const KEYUSAGE_NO_CRL_SIGN: u32 = 35;
pub(super) const PERMITTED_VIOLATION: u32 = 47;
pub(super) const EXCLUDED_VIOLATION: u32 = 48;
pub(super) const EE_KEY_TOO_SMALL: u32 = 66;
pub(super) const CA_KEY_TOO_SMALL: u32 = 67;
pub(super) const CA_MD_TOO_WEAK: u32 = 68;
pub(super) const INVALID_CA: u32 = 79;
