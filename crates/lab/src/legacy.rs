//! Signatures with keys that the cryptographic provider refuses: RSA with fewer than 2048 bits. The
//! lab's servers sign with them all the same, so that it is the client who refuses.

use std::fmt;
use std::sync::Arc;

use num_bigint::BigUint;
use rustls::crypto::aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256;
use rustls::pki_types::PrivateKeyDer;
use rustls::sign::{Signer, SigningKey};
use rustls::{Error, SignatureAlgorithm, SignatureScheme};

/// The key as the provider loads it, or else as a weak RSA key.
///
/// # Panics
///
/// Panics if it is neither.
pub(crate) fn signing_key(key: &PrivateKeyDer<'static>) -> Arc<dyn SigningKey> {
    let provider = crate::tls::provider().key_provider;
    provider
        .load_private_key(key.clone_key())
        .unwrap_or_else(|error| {
            let weak = WeakRsa::from_pkcs8(key.secret_der());
            Arc::new(weak.unwrap_or_else(|| panic!("a key of the lab is readable: {error}")))
        })
}

/// A textbook RSA key: modulus and private exponent. Slow and not constant in time.
#[derive(Clone)]
struct WeakRsa {
    modulus: BigUint,
    exponent: BigUint,
}

impl WeakRsa {
    fn from_pkcs8(der: &[u8]) -> Option<Self> {
        let mut outer = Der(der).inside(SEQUENCE)?;
        outer.inside(INTEGER)?;
        outer.inside(SEQUENCE)?;
        let mut key = outer.inside(OCTETS)?.inside(SEQUENCE)?;
        key.inside(INTEGER)?;
        let modulus = BigUint::from_bytes_be(key.inside(INTEGER)?.0);
        key.inside(INTEGER)?;
        let exponent = BigUint::from_bytes_be(key.inside(INTEGER)?.0);
        Some(Self { modulus, exponent })
    }

    /// As long as the modulus.
    fn apply(&self, encoded: &[u8]) -> Vec<u8> {
        let message = BigUint::from_bytes_be(encoded);
        let signature = message.modpow(&self.exponent, &self.modulus).to_bytes_be();
        let mut padded = vec![0; self.bytes() - signature.len()];
        padded.extend(signature);
        padded
    }

    fn bytes(&self) -> usize {
        self.modulus.to_bytes_be().len()
    }
}

impl SigningKey for WeakRsa {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        let scheme = [
            SignatureScheme::RSA_PSS_SHA256,
            SignatureScheme::RSA_PKCS1_SHA256,
        ]
        .into_iter()
        .find(|scheme| offered.contains(scheme))?;
        let key = self.clone();
        Some(Box::new(WeakSigner { key, scheme }))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::RSA
    }
}

impl fmt::Debug for WeakRsa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakRsa").finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct WeakSigner {
    key: WeakRsa,
    scheme: SignatureScheme,
}

impl Signer for WeakSigner {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let digest = sha256(&[message]);
        let encoded = match self.scheme {
            SignatureScheme::RSA_PSS_SHA256 => pss(&digest, self.key.bytes()),
            _ => pkcs1(&digest, self.key.bytes()),
        };
        Ok(self.key.apply(&encoded))
    }

    fn scheme(&self) -> SignatureScheme {
        self.scheme
    }
}

/// EMSA-PKCS1-v1_5 (RFC 8017, section 9.2).
fn pkcs1(digest: &[u8], length: usize) -> Vec<u8> {
    let padding = length - 3 - SHA256_INFO.len() - digest.len();
    let mut encoded = vec![0, 1];
    encoded.resize(2 + padding, 0xff);
    encoded.push(0);
    encoded.extend_from_slice(SHA256_INFO);
    encoded.extend_from_slice(digest);
    encoded
}

/// EMSA-PSS (RFC 8017, section 9.1), for a modulus of whole bytes. The salt is constant: that hides
/// less, and verifies as well.
fn pss(digest: &[u8], length: usize) -> Vec<u8> {
    let salt = [0x5a; 32];
    let hash = sha256(&[&[0; 8], digest, &salt]);
    let mut block = vec![0; length - hash.len() - 1 - salt.len() - 1];
    block.push(1);
    block.extend_from_slice(&salt);
    let mask = (0u32..).flat_map(|counter| sha256(&[&hash, &counter.to_be_bytes()]));
    for (byte, mask) in block.iter_mut().zip(mask) {
        *byte ^= mask;
    }
    block[0] &= 0x7f;
    block.extend_from_slice(&hash);
    block.push(0xbc);
    block
}

fn sha256(parts: &[&[u8]]) -> Vec<u8> {
    let suite = TLS13_AES_128_GCM_SHA256.tls13();
    let suite = suite.expect("a suite of TLS 1.3");
    let mut hash = suite.common.hash_provider.start();
    for part in parts {
        hash.update(part);
    }
    hash.finish().as_ref().to_vec()
}

/// What is left to read of a DER encoding.
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    /// Steps over the next value, which must have this tag, and returns its contents.
    fn inside(&mut self, tag: u8) -> Option<Self> {
        let [first, length, rest @ ..] = self.0 else {
            return None;
        };
        let more = usize::from(length.saturating_sub(0x80));
        let (long, rest) = rest.split_at_checked(more)?;
        let length = if more == 0 {
            usize::from(*length)
        } else {
            long.iter()
                .fold(0, |sum, &byte| sum << 8 | usize::from(byte))
        };
        let (contents, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        (*first == tag).then_some(Self(contents))
    }
}

/// The `DigestInfo` of SHA-256, but for the digest.
const SHA256_INFO: &[u8] = &[
    0x30, 0x31, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0, 4, 0x20,
];
const INTEGER: u8 = 2;
const OCTETS: u8 = 4;
const SEQUENCE: u8 = 0x30;

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::pki_types::PrivatePkcs8KeyDer;

    /// With a key that the provider takes as well, so that it can check.
    #[test]
    fn textbook_signatures_verify() {
        let pem = include_str!("../fixtures/sha1-server.pem");
        let der = pem::parse_many(pem).expect("PEM").remove(0).into_contents();
        let weak = WeakRsa::from_pkcs8(&der).expect("an RSA key");
        let strong = signing_key(&PrivatePkcs8KeyDer::from(der).into());
        let spki = strong.public_key().expect("a public key");
        for scheme in [
            SignatureScheme::RSA_PKCS1_SHA256,
            SignatureScheme::RSA_PSS_SHA256,
        ] {
            let signer = weak.choose_scheme(&[scheme]).expect("a signer");
            let signature = signer.sign(b"message").expect("a signature");
            let algorithms = crate::tls::provider().signature_verification_algorithms;
            let mut mapping = algorithms.mapping.iter();
            let (_, verifiers) = mapping.find(|(known, _)| *known == scheme).expect("known");
            let verified = |message: &[u8]| {
                let key = public_key(&spki).expect("a public key");
                verifiers[0].verify_signature(key, message, &signature)
            };
            assert!(verified(b"message").is_ok() && verified(b"massage").is_err());
        }
    }

    /// What is inside of a `SubjectPublicKeyInfo`.
    fn public_key(spki: &[u8]) -> Option<&[u8]> {
        const BITS: u8 = 3;
        let mut outer = Der(spki).inside(SEQUENCE)?;
        outer.inside(SEQUENCE)?;
        outer.inside(BITS)?.0.get(1..)
    }
}
