//! The only reader of the process environment, for CA and proxy variables alike.
//! A snapshot is taken once and passed on as a value, so that precedence can be
//! decided, and tested, without the process.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// The variables that a policy may name, as they were when they were read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Environment(BTreeMap<String, OsString>);

impl Environment {
    /// Reads the named variables, and no others.
    pub(crate) fn read<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> Self {
        names
            .into_iter()
            .filter_map(|name| {
                let value = std::env::var_os(name.as_ref())?;
                Some((name.as_ref().to_owned(), value))
            })
            .collect()
    }

    /// The value as it stands, also when it is empty.
    pub(crate) fn get(&self, name: &str) -> Option<&OsStr> {
        self.0.get(name).map(OsString::as_os_str)
    }

    /// The value, where an empty one counts as unset.
    pub(crate) fn non_empty(&self, name: &str) -> Option<&OsStr> {
        self.get(name).filter(|value| !value.is_empty())
    }
}

impl<N: Into<String>, V: Into<OsString>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        Self(
            pairs
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }
}

/// Where temporary files go, which a variable may say.
pub(crate) fn temporary_folder() -> PathBuf {
    std::env::temp_dir()
}

/// The variables of [`CaPolicy::from_env`](crate::CaPolicy::from_env), first winner first.
pub(crate) const CA_VARIABLES: [&str; 2] = ["CODEX_CA_CERTIFICATE", "SSL_CERT_FILE"];

/// Read by OpenSSL programs, decides nothing here, and is reported when it is set.
pub(crate) const CA_DIRECTORY_VARIABLE: &str = "SSL_CERT_DIR";
