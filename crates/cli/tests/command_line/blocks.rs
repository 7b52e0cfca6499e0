//! Blocks of a bundle that the lab does not write.

use base64::Engine as _;
use trusted_transport_lab::Authority;

use crate::run::Result;

/// X.509, but with another algorithm named outside of the signed part than inside, which the
/// verifier refuses.
pub(crate) fn unusable(authority: &Authority) -> Result<String> {
    const ECDSA_WITH_SHA256: [u8; 8] = [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
    let mut der = authority.der().to_vec();
    let outer = der
        .windows(ECDSA_WITH_SHA256.len())
        .rposition(|part| part == ECDSA_WITH_SHA256)
        .ok_or("the lab signs with ECDSA and SHA-256")?;
    der[outer + ECDSA_WITH_SHA256.len() - 1] = 3;
    Ok(pem("CERTIFICATE", &der))
}

/// As `openssl x509 -trustout -setalias` writes it: an X509_AUX of a UTF8String alone.
pub(crate) fn with_alias(authority: &Authority, alias: &str) -> Result<String> {
    let length = u8::try_from(alias.len())?;
    let aux = [&[0x30, length + 2, 0x0c, length], alias.as_bytes()].concat();
    let der = [authority.der().as_ref(), &aux].concat();
    Ok(pem("TRUSTED CERTIFICATE", &der))
}

pub(crate) fn pem(label: &str, der: &[u8]) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n")
}
