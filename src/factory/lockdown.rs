//! Locks the process down: rustls' default provider, which the token does without, becomes one
//! that nothing can be built with.

use std::io;
use std::sync::{Arc, LazyLock};

use rustls::Error;
use rustls::crypto::{
    CryptoProvider, GetRandomFailed, KeyProvider, SecureRandom, WebPkiSupportedAlgorithms,
};
use rustls::pki_types::PrivateKeyDer;
use rustls::sign::SigningKey;

/// Makes every user of rustls in this process fail that did not come through a
/// [`TrustedTransport`], before it has sent a byte.
///
/// It installs, as the process-wide default provider of rustls 0.23, one without cipher suites.
/// The token carries a provider of its own, and its clients, sockets and
/// [`rustls_config`](crate::TrustedTransport::rustls_config) work as before.
///
/// ```no_run
/// use trusted_transport::TrustedTransport;
///
/// fn main() -> Result<(), Box<dyn std::error::Error>> {
///     // Set up the log before, to see the line that says so.
///     trusted_transport::lockdown()?;
///     let transport = TrustedTransport::from_env()?;
///     // ..
/// #   let _ = transport;
///     Ok(())
/// }
/// ```
///
/// Call it in `main`, before everything but the log: the first default provider wins, and cannot
/// be replaced. A library never calls it. Calling it again is `Ok` and does nothing.
///
/// # What a stray sees
/// rustls has no better words for it. The log has them: one line at the level info, `process
/// locked down`, which quotes the text of rustls below.
///
/// | a stray | fails with |
/// |---|---|
/// | `reqwest::Client::builder().build()` | the error `builder error`, caused by `invalid TLS versions`; also for a client that is to send plain HTTP only |
/// | `reqwest::get(..)` | the same error |
/// | `reqwest::Client::new()` | the panic `Client::new(): reqwest::Error { kind: Builder, source: "invalid TLS versions" }` |
/// | `rustls::ClientConfig::builder()`, and `ServerConfig`'s | the panic ``called `Result::unwrap()` on an `Err` value: General("no usable cipher suites configured")`` |
/// | `tokio_tungstenite::connect_async` to `wss://` | the same panic; the TCP connection has been made, and not a byte is sent on it |
/// | `with_safe_default_protocol_versions()` on a builder with the default provider | the error `unexpected error: no usable cipher suites configured` |
/// | `CryptoProvider::install_default()` | its own provider, returned as the `Err` |
///
/// # Limits
/// - It reaches every user of rustls' default provider in the process: servers and database
///   drivers as well as clients. Give those that may go on a provider of their own, or the token's
///   `rustls_config`.
/// - It does not reach native-tls and OpenSSL, other versions of rustls, configurations with an
///   explicit provider, plain `http` and `ws`, nor what was built before the call. An
///   earlier raw client of reqwest is not even noticed: it installs no default provider.
/// - A token that is *given* the default provider, by
///   [`crypto_provider`](crate::TransportBuilder::crypto_provider), cannot be built either.
///
/// To find strays in a test suite instead of breaking them, use [`Strays`](crate::Strays).
///
/// # Errors
/// [`LockdownError::TooLate`] if there is a default provider already. Nothing has changed then.
///
/// [`TrustedTransport`]: crate::TrustedTransport
pub fn lockdown() -> Result<(), LockdownError> {
    static OUTCOME: LazyLock<Result<(), LockdownError>> = LazyLock::new(|| {
        install(locked_down())?;
        tracing::info!(
            target: crate::LOG_TARGET,
            others_fail_with = "no usable cipher suites configured",
            "process locked down: rustls' default provider refuses all TLS outside of the token"
        );
        Ok(())
    });
    OUTCOME.clone()
}

/// The process could not be locked down, or [`Strays`](crate::Strays) could not be watched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LockdownError {
    /// The process has a default provider, and rustls lets nobody replace it.
    #[error("this process has a default TLS crypto provider already")]
    TooLate,
    /// There is nothing that a watched handshake could be made with: no cryptography was
    /// compiled in.
    #[error("there is no TLS crypto provider")]
    NoCryptoProvider,
}

impl LockdownError {
    /// What to do about it, as a sentence for the person who writes the program.
    pub fn hint(&self) -> String {
        match self {
            Self::TooLate => {
                "make this call first thing in `main`, or in the test, and only one of `lockdown` \
                 and `Strays::watch`; remove calls of `CryptoProvider::install_default`, and look \
                 for what uses rustls before"
            }
            Self::NoCryptoProvider => "enable the feature `aws-lc-rs` or `ring`",
        }
        .to_owned()
    }

    /// Always false: the first default provider stays as long as the process.
    pub fn is_retryable(&self) -> bool {
        false
    }

    /// A stable word for the kind of error.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::TooLate => "too_late",
            Self::NoCryptoProvider => "no_crypto_provider",
        }
    }
}

impl From<LockdownError> for io::Error {
    fn from(error: LockdownError) -> Self {
        let kind = match error {
            LockdownError::TooLate => io::ErrorKind::AlreadyExists,
            LockdownError::NoCryptoProvider => io::ErrorKind::InvalidInput,
        };
        Self::new(kind, error)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the program asked for it, and not to connect with it"
)]
pub(super) fn install(provider: CryptoProvider) -> Result<(), LockdownError> {
    let installed = provider.install_default();
    installed.map_err(|_own| LockdownError::TooLate)
}

/// Without cipher suites, no configuration can be built, and none of the rest is asked; it
/// refuses all the same, for those who take a part of the provider by itself.
fn locked_down() -> CryptoProvider {
    CryptoProvider {
        cipher_suites: Vec::new(),
        kx_groups: Vec::new(),
        signature_verification_algorithms: WebPkiSupportedAlgorithms {
            all: &[],
            mapping: &[],
        },
        secure_random: &LockedDown,
        key_provider: &LockedDown,
    }
}

#[derive(Debug)]
struct LockedDown;

impl SecureRandom for LockedDown {
    fn fill(&self, _: &mut [u8]) -> Result<(), GetRandomFailed> {
        Err(GetRandomFailed)
    }
}

impl KeyProvider for LockedDown {
    fn load_private_key(&self, _: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, Error> {
        Err(Error::General(
            "this process was locked down by trusted_transport::lockdown".to_owned(),
        ))
    }
}
