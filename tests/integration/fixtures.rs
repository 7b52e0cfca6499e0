//! Blocks of bundles that no library writes.

use trusted_transport_lab::Authority;

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
