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

/// X.509, but with another algorithm named outside of the signed part than inside, which the
/// verifier refuses.
pub(crate) fn unusable(authority: &Authority) -> String {
    const ECDSA_WITH_SHA256: [u8; 8] = [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
    let mut der = authority.der().to_vec();
    let outer = der
        .windows(ECDSA_WITH_SHA256.len())
        .rposition(|part| part == ECDSA_WITH_SHA256)
        .expect("the lab signs with ECDSA and SHA-256");
    der[outer + ECDSA_WITH_SHA256.len() - 1] = 3;
    pem("CERTIFICATE", &der)
}

pub(crate) fn pem(label: &str, der: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n")
}
