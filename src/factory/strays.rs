//! Counts the TLS of a process that is not the token's, for test suites: the gentle variant of
//! `lockdown`, which breaks nothing.

use std::backtrace::Backtrace;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, OnceLock};

use rustls::crypto::{CryptoProvider, GetRandomFailed, SecureRandom};

use super::crypto::default_provider;
use super::lockdown::{LockdownError, install};

/// Finds TLS that does not come from a [`TrustedTransport`](crate::TrustedTransport), in the test
/// suite of a program.
///
/// [`watch`](Self::watch) installs, as the process-wide default provider of rustls 0.23, that of
/// the enabled feature with a count of the random numbers that are drawn from it. What worked goes
/// on working, and so does what would have panicked for want of a default provider; a suite asserts
/// at its end that nothing was drawn.
///
/// ```no_run
/// use trusted_transport::Strays;
///
/// # /*
/// #[test]
/// # */
/// fn everything_goes_through_the_token() {
///     let strays = Strays::watch().expect("no other default provider");
///     // .. what the program does ..
///     assert_eq!(strays.random_draws(), 0, "{strays}");
/// }
/// # everything_goes_through_the_token();
/// ```
///
/// The text of it has the backtrace of the first draw, which leads to the stray. The count is that
/// of the process, so with `cargo test` the stray of one test can fail the assertion of another.
///
/// A token that is *given* the default provider is counted. It misses what [`lockdown`](crate::lockdown()) does not reach, and what is built but never
/// connects.
#[derive(Clone, Copy, Debug)]
pub struct Strays(&'static Counted);

impl Strays {
    /// Counts from the first call on; later calls give the same count.
    ///
    /// # Errors
    /// [`LockdownError::TooLate`] if the process has a default provider already, and
    /// [`LockdownError::NoCryptoProvider`] without the features `aws-lc-rs` and `ring`.
    pub fn watch() -> Result<Self, LockdownError> {
        static OUTCOME: LazyLock<Result<Strays, LockdownError>> = LazyLock::new(counting);
        OUTCOME.clone()
    }

    /// How often rustls, or anybody, has drawn random numbers from the default provider.
    ///
    /// A handshake draws several times, how often is up to rustls, and each of them at least once:
    /// only whether it is zero has a meaning. Servers that use the default provider count as well.
    pub fn random_draws(&self) -> usize {
        self.0.draws.load(Ordering::Relaxed)
    }
}

impl fmt::Display for Strays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.first.get() {
            None => f.write_str("no TLS outside of the token"),
            Some(first) => write!(
                f,
                "TLS outside of the token, for the first time at\n{first}"
            ),
        }
    }
}

/// The source of random numbers of the default provider.
#[derive(Debug)]
struct Counted {
    source: &'static dyn SecureRandom,
    draws: AtomicUsize,
    first: OnceLock<Backtrace>,
}

impl SecureRandom for Counted {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), GetRandomFailed> {
        self.first.get_or_init(Backtrace::force_capture);
        self.draws.fetch_add(1, Ordering::Relaxed);
        self.source.fill(bytes)
    }

    fn fips(&self) -> bool {
        self.source.fips()
    }
}

fn counting() -> Result<Strays, LockdownError> {
    static COUNTED: OnceLock<Counted> = OnceLock::new();
    let (provider, name) = default_provider().map_err(|_| LockdownError::NoCryptoProvider)?;
    let counted = COUNTED.get_or_init(|| Counted {
        source: provider.secure_random,
        draws: AtomicUsize::new(0),
        first: OnceLock::new(),
    });
    install(CryptoProvider {
        secure_random: counted,
        ..CryptoProvider::clone(&provider)
    })?;
    tracing::info!(
        target: crate::LOG_TARGET,
        crypto_provider = name,
        "TLS outside of the token is counted"
    );
    Ok(Strays(counted))
}
