//! Bundles, blocks of them that no library writes, and the policy that trusts nothing else.

use trusted_transport::{BaseRoots, CaError, CaPolicy, TrustReport};
use trusted_transport_lab::Authority;

/// Trusts the bundle that is added, whatever the machine trusts.
pub(crate) fn exclusive() -> CaPolicy {
    CaPolicy::platform().base(BaseRoots::None)
}

pub(crate) fn loaded(pem: &str) -> Result<TrustReport, CaError> {
    let anchors = exclusive().bundle_pem("bundle", pem).load()?;
    Ok(anchors.report().clone())
}

pub(crate) fn report(pem: &str) -> TrustReport {
    loaded(pem).expect("the bundle loads")
}

/// X.509 that the verifier refuses, as one block.
pub(crate) fn unusable(authority: &Authority) -> String {
    pem("CERTIFICATE", &unusable_der(authority))
}

/// X.509, but with another algorithm named outside of the signed part than inside, which the
/// verifier refuses.
pub(crate) fn unusable_der(authority: &Authority) -> Vec<u8> {
    const ECDSA_WITH_SHA256: [u8; 8] = [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
    let mut der = authority.der().to_vec();
    let outer = der
        .windows(ECDSA_WITH_SHA256.len())
        .rposition(|part| part == ECDSA_WITH_SHA256)
        .expect("the lab signs with ECDSA and SHA-256");
    der[outer + ECDSA_WITH_SHA256.len() - 1] = 3;
    der
}

/// As `openssl x509 -trustout` writes it with these object identifiers in these lists.
pub(crate) fn with_settings(der: &[u8], trust: Option<&[&[u8]]>, reject: &[&[u8]]) -> String {
    let list = |tag: u8, purposes: &[&[u8]]| {
        let purposes = purposes.iter().flat_map(|oid| element(6, oid));
        element(tag, &purposes.collect::<Vec<u8>>())
    };
    let trust = trust.map(|trust| list(0x30, trust)).unwrap_or_default();
    let aux = element(0x30, &[trust, list(0xa0, reject)].concat());
    pem("TRUSTED CERTIFICATE", &[der, &aux].concat())
}

/// One element (X.690, 8.1).
pub(crate) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let leading = length.iter().take_while(|&&byte| byte == 0).count();
    let length = &length[leading..];
    let head = match length {
        [] => vec![tag, 0],
        &[short @ ..0x80] => vec![tag, short],
        _ => {
            let bytes = u8::try_from(length.len()).expect("at most eight");
            [&[tag, 0x80 | bytes], length].concat()
        }
    };
    [&head, content].concat()
}

pub(crate) fn pem(label: &str, der: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n")
}

pub(crate) const SERVER_AUTH: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 1];
pub(crate) const CLIENT_AUTH: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 2];
pub(crate) const ANY_PURPOSE: &[u8] = &[0x55, 0x1d, 0x25, 0];
