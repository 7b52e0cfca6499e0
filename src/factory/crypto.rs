//! The cryptography of a token: which provider the features choose, and which key exchanges of it
//! are offered.

use std::sync::Arc;

use rustls::NamedGroup;
use rustls::crypto::CryptoProvider;

use super::error::TransportError;

/// Which key exchanges are offered; see
/// [`key_exchange`](crate::TransportBuilder::key_exchange).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyExchange {
    /// All of the provider's. With aws-lc-rs, X25519MLKEM768 is one of them: with it, what is
    /// recorded today cannot be decrypted by a quantum computer to come.
    #[default]
    All,
    /// Elliptic curves and finite fields alone (RFC 8446, 4.2.7). It is for middleboxes that drop
    /// the large first message of a post-quantum key exchange, and gives its protection up.
    Classical,
}

impl KeyExchange {
    /// The provider, less what is not to be offered.
    pub(crate) fn of(self, provider: Arc<CryptoProvider>) -> Arc<CryptoProvider> {
        match self {
            Self::All => provider,
            Self::Classical => {
                let mut provider = Arc::unwrap_or_clone(provider);
                provider.kx_groups.retain(|group| classical(group.name()));
                Arc::new(provider)
            }
        }
    }
}

/// What is not known here may be large.
fn classical(group: NamedGroup) -> bool {
    use NamedGroup as Group;
    matches!(
        group,
        Group::secp256r1
            | Group::secp384r1
            | Group::secp521r1
            | Group::X25519
            | Group::X448
            | Group::FFDHE2048
            | Group::FFDHE3072
            | Group::FFDHE4096
            | Group::FFDHE6144
            | Group::FFDHE8192
    )
}

/// The provider that the features choose, and its name: FIPS before aws-lc-rs before ring. A
/// library never installs one for the process.
pub(crate) fn default_provider() -> Result<(Arc<CryptoProvider>, &'static str), TransportError> {
    #[cfg(feature = "fips")]
    return Ok((
        Arc::new(rustls::crypto::default_fips_provider()),
        "aws-lc-rs in FIPS mode",
    ));
    #[cfg(all(feature = "aws-lc-rs", not(feature = "fips")))]
    return Ok((
        Arc::new(rustls::crypto::aws_lc_rs::default_provider()),
        "aws-lc-rs",
    ));
    #[cfg(all(feature = "ring", not(any(feature = "aws-lc-rs", feature = "fips"))))]
    return Ok((Arc::new(rustls::crypto::ring::default_provider()), "ring"));
    #[cfg(not(any(feature = "aws-lc-rs", feature = "fips", feature = "ring")))]
    return Err(TransportError::NoCryptoProvider);
}

#[cfg(test)]
mod tests {
    use rustls::crypto::aws_lc_rs::{ALL_KX_GROUPS, default_provider};

    use super::*;

    fn groups(key_exchange: KeyExchange) -> Vec<NamedGroup> {
        let provider = CryptoProvider {
            kx_groups: ALL_KX_GROUPS.to_vec(),
            ..default_provider()
        };
        let provider = key_exchange.of(Arc::new(provider));
        provider.kx_groups.iter().map(|it| it.name()).collect()
    }

    #[test]
    fn classical_key_exchange_is_all_that_is_not_post_quantum() {
        let classical = [
            NamedGroup::X25519,
            NamedGroup::secp256r1,
            NamedGroup::secp384r1,
        ];
        assert_eq!(groups(KeyExchange::Classical), classical);
        assert_eq!(groups(KeyExchange::All).len(), ALL_KX_GROUPS.len());
        assert!(!super::classical(NamedGroup::Unknown(0x11ed)));
    }
}
