//! The identity that a client shows to servers which ask for one: a certificate chain and its
//! private key, read from PEM as strictly as a bundle, and found to belong together.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::sign::CertifiedKey;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use zeroize::Zeroizing;

use super::identity_error::IdentityError;
use super::keypair::{Source, read};
use crate::ca;

/// A certificate with its chain and private key, for servers that want to know who connects
/// (TLS client authentication, RFC 8446, 4.3.2).
///
/// It is given to [`identity`](crate::TransportBuilder::identity) for the destinations, or to
/// [`proxy_identity`](crate::TransportBuilder::proxy_identity) for `https://` proxies, and
/// neither ever sees the other's. It is shown only to a peer that asks, and only in a handshake
/// in which that peer's own certificate was accepted.
///
/// The certificate itself comes first, then each one's issuer; the root may be left out. The
/// private key is not encrypted. Whether key and certificate belong together is known when the
/// transport is built, since the crypto provider reads the key.
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use trusted_transport::{CaPolicy, ClientIdentity, TrustedTransport};
///
/// let identity = ClientIdentity::from_files("client.pem", "client.key")?;
/// let transport = TrustedTransport::builder(CaPolicy::from_env().load()?)
///     .identity(identity)
///     .build()?;
/// # let _ = transport;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct ClientIdentity(Arc<Inner>);

struct Inner {
    chain: Vec<CertificateDer<'static>>,
    key: Zeroizing<PrivateKeyDer<'static>>,
    /// Where the key is from.
    path: Option<PathBuf>,
}

impl ClientIdentity {
    /// The chain and the private key from one PEM text.
    ///
    /// # Errors
    /// See [`from_pem_parts`](Self::from_pem_parts).
    pub fn from_pem(pem: impl AsRef<[u8]>) -> Result<Self, IdentityError> {
        Self::from_pem_parts(pem.as_ref(), pem.as_ref())
    }

    /// The chain from one PEM text, and the private key from another: PKCS#8, PKCS#1 or SEC1.
    /// What else is in them does not matter.
    ///
    /// # Errors
    /// If there is no certificate or not exactly one private key, if the key is encrypted, and
    /// if a block is damaged or the text is not PEM.
    pub fn from_pem_parts(
        chain: impl AsRef<[u8]>,
        key: impl AsRef<[u8]>,
    ) -> Result<Self, IdentityError> {
        Self::of(
            &Source::new(chain.as_ref(), None)?,
            &Source::new(key.as_ref(), None)?,
        )
    }

    /// The same from two files, or from one that is named twice. They are read at once, and not
    /// again.
    ///
    /// # Errors
    /// As [`from_pem_parts`](Self::from_pem_parts), and if one is not a regular file that can be
    /// read, or is larger than 1 MiB.
    pub fn from_files(
        chain: impl AsRef<Path>,
        key: impl AsRef<Path>,
    ) -> Result<Self, IdentityError> {
        let (chain, key) = (chain.as_ref(), key.as_ref());
        let (in_chain, in_key) = (read(chain)?, read(key)?);
        Self::of(
            &Source::new(&in_chain, Some(chain))?,
            &Source::new(&in_key, Some(key))?,
        )
    }

    fn of(chain: &Source<'_>, key: &Source<'_>) -> Result<Self, IdentityError> {
        Ok(Self(Arc::new(Inner {
            chain: chain.certificates()?,
            key: key.private_key()?,
            path: key.path(),
        })))
    }

    /// What rustls presents, if this provider can sign with the key and it is the first
    /// certificate's.
    pub(crate) fn certified(
        &self,
        provider: &CryptoProvider,
    ) -> Result<Arc<CertifiedKey>, IdentityError> {
        let Inner { chain, key, path } = &*self.0;
        let key = provider
            .key_provider
            .load_private_key(key.clone_key())
            .map_err(|error| IdentityError::UnsupportedKey {
                path: path.clone(),
                source: Some(error.into()),
            })?;
        if let Some(public) = key.public_key() {
            // Not rustls' own comparison: it refuses certificates of X.509 version 1, as
            // `openssl x509 -req` long made them, and servers do not.
            match chain.iter().position(|it| is_for(it, public.as_ref())) {
                Some(0) => {}
                Some(index) => return Err(not_first(chain, index)),
                None => return Err(mismatch(self.subject())),
            }
        }
        Ok(Arc::new(CertifiedKey::new(chain.clone(), key)))
    }

    fn subject(&self) -> String {
        let first = self.0.chain.first();
        first.map(|it| ca::subject_of(it)).unwrap_or_default()
    }
}

impl fmt::Debug for ClientIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientIdentity")
            .field("subject", &self.subject())
            .field("certificates", &self.0.chain.len())
            .finish_non_exhaustive()
    }
}

fn not_first(chain: &[CertificateDer<'_>], index: usize) -> IdentityError {
    IdentityError::NotFirst {
        subject: ca::subject_of(&chain[index]),
        position: index + 1,
    }
}

fn mismatch(subject: String) -> IdentityError {
    IdentityError::Mismatch { subject }
}

fn is_for(certificate: &[u8], public_key_info: &[u8]) -> bool {
    ca::parsed(certificate).is_some_and(|it| it.public_key().raw == public_key_info)
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::LazyLock;

    use trusted_transport_lab::{Authority, EndEntity};

    use super::*;

    /// The lab brings it, whatever the features of this crate are.
    pub(in crate::factory) static PROVIDER: LazyLock<CryptoProvider> =
        LazyLock::new(rustls::crypto::aws_lc_rs::default_provider);

    pub(in crate::factory) fn identity(name: &str) -> ClientIdentity {
        let issued = Authority::root("Root").issue(&[name]);
        ClientIdentity::from_pem_parts(issued.chain_pem(), issued.key_pem()).expect("an identity")
    }

    fn issued() -> EndEntity {
        Authority::root("Root")
            .intermediate("Intermediate")
            .issue(&["client"])
    }

    fn read(chain: &str, key: &str) -> Result<ClientIdentity, IdentityError> {
        ClientIdentity::from_pem_parts(chain, key)
    }

    fn fault(chain: &str, key: &str) -> IdentityError {
        read(chain, key).expect_err("a fault")
    }

    #[test]
    fn one_text_two_texts_and_two_files_give_the_same() {
        let issued = issued();
        let (chain, key) = (issued.chain_pem(), issued.key_pem());
        let directory = tempfile::tempdir().expect("a directory");
        let path = |name| directory.path().join(name);
        std::fs::write(path("chain"), &chain).expect("written");
        std::fs::write(path("key"), &key).expect("written");
        std::fs::write(path("both"), format!("{key}{chain}")).expect("written");
        for identity in [
            read(&chain, &key),
            ClientIdentity::from_pem(format!("{chain}{key}")),
            ClientIdentity::from_files(path("chain"), path("key")),
            ClientIdentity::from_files(path("both"), path("both")),
        ] {
            let identity = identity.expect("an identity");
            let certified = identity.certified(&PROVIDER).expect("they fit");
            assert_eq!(certified.cert, issued.chain);
        }
    }

    #[test]
    fn what_does_not_fit_is_told_apart() {
        let (one, other) = (issued(), issued());
        let certified = |chain: &str, key: &str| {
            let identity = read(chain, key).expect("an identity");
            identity.certified(&PROVIDER).expect_err("a fault")
        };
        let error = certified(&one.chain_pem(), &other.key_pem());
        assert!(
            matches!(&error, IdentityError::Mismatch { subject } if subject == "CN=client"),
            "{error:?}"
        );
        let mut reversed = one.clone();
        reversed.chain.reverse();
        let error = certified(&reversed.chain_pem(), &one.key_pem());
        assert!(
            matches!(&error, IdentityError::NotFirst { subject, position: 2 } if subject == "CN=client"),
            "{error:?}"
        );
    }

    #[test]
    fn a_key_that_the_provider_cannot_use_is_not_supported() {
        use base64::Engine as _;
        // PKCS#8 with an Ed448 key (RFC 8410, 7).
        let head = b"\x30\x47\x02\x01\0\x30\x05\x06\x03\x2b\x65\x71\x04\x3b\x04\x39";
        let key = base64::prelude::BASE64_STANDARD.encode([&head[..], &[1; 57]].concat());
        let key = format!("-----BEGIN PRIVATE KEY-----\n{key}\n-----END PRIVATE KEY-----\n");
        let identity = read(&issued().chain_pem(), &key).expect("PEM");
        let error = identity.certified(&PROVIDER).expect_err("no Ed448");
        assert!(
            matches!(
                &error,
                IdentityError::UnsupportedKey {
                    source: Some(_),
                    ..
                }
            ),
            "{error:?}"
        );
    }

    #[test]
    fn debug_shows_the_subject_and_no_key() {
        let issued = issued();
        let identity = read(&issued.chain_pem(), &issued.key_pem()).expect("an identity");
        assert_eq!(
            format!("{identity:?}"),
            r#"ClientIdentity { subject: "CN=client", certificates: 2, .. }"#
        );
        let error = fault(&issued.chain_pem(), &issued.key_pem().replace("END", "and"));
        let text = format!("{error:?} {error} {}", error.hint());
        for line in issued
            .key_pem()
            .lines()
            .filter(|line| !line.contains("KEY"))
        {
            assert!(!text.contains(line), "{text}");
        }
    }
}
