//! Which sources there are and which one wins. Plain data: nothing is read but the
//! variables, until [`CaPolicy::load`].

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::anchors::{self, TrustAnchors};
use super::decision::{BaseRoots, CrlPolicy, Decision, Input, NamedBundle};
use super::env::{CA_DIRECTORY_VARIABLE, CA_VARIABLES, Environment};
use super::error::{BundleName, CaError};
use super::report::{LostVariable, SourceKind, TrustSource};

/// Decides what a program trusts: a bundle of CA certificates and the base roots it is
/// added to.
///
/// | order | source | meaning |
/// |---|---|---|
/// | 1 | [`bundle`](Self::bundle), [`bundle_pem`](Self::bundle_pem) | the bundles, added to the base; no variable is consulted |
/// | 2 | `CODEX_CA_CERTIFICATE` | path of a bundle, added to the base |
/// | 3 | `SSL_CERT_FILE` | path of a bundle, added to the base |
/// | 4 | none of these | the base alone |
///
/// The winner wins whole: a lower source, and `SSL_CERT_DIR`, influence nothing. A winner
/// that cannot be read, or that holds no usable certificate, is an error; there is no
/// fall-back. An empty variable counts as unset; a value that is not UTF-8 is a path like any
/// other; the path of a directory means every regular file in it.
///
/// The bundle's certificates are trust anchors, and each is accepted from a server that presents
/// exactly this one. A server's own certificate (CA:FALSE, or without basicConstraints and with a
/// keyUsage that signs no certificates) is accepted so and no otherwise. Name, dates, purposes and
/// critical extensions are checked as ever. Names are those of the subjectAltName: what has only a
/// common name is good for no host (RFC 9525, 2).
///
/// ```no_run
/// use trusted_transport::CaPolicy;
///
/// let anchors = CaPolicy::from_env().load()?;
/// println!("{}", anchors.report());
/// # Ok::<(), trusted_transport::CaError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a policy does nothing until it is loaded"]
pub struct CaPolicy {
    bundles: Vec<Bundle>,
    /// All that may name a bundle, in the order of precedence.
    names: Vec<String>,
    /// Those of them that are set and not empty.
    variables: Vec<Variable>,
    /// Set and not empty, but no source: `SSL_CERT_DIR`.
    ignored: Option<Variable>,
    base: BaseRoots,
    crls: CrlPolicy,
    limit: u64,
}

impl CaPolicy {
    /// Reads `CODEX_CA_CERTIFICATE` and `SSL_CERT_FILE`, once, now.
    pub fn from_env() -> Self {
        Self::from_variables(CA_VARIABLES)
    }

    /// Like [`from_env`](Self::from_env), with an application's own variables; the first
    /// that is set and not empty wins.
    pub fn from_variables<N: AsRef<str>>(names: impl IntoIterator<Item = N>) -> Self {
        let names: Vec<N> = names.into_iter().collect();
        let names = || names.iter().map(AsRef::as_ref);
        let environment = Environment::read(names().chain([CA_DIRECTORY_VARIABLE]));
        Self::from_environment(names(), &environment)
    }

    /// Consults no variable: the platform's roots, unless a bundle is named.
    pub fn platform() -> Self {
        Self::from_environment([], &Environment::default())
    }

    /// Adds the bundle at `path`, a file or a directory. The variables no longer count.
    pub fn bundle(mut self, path: impl Into<PathBuf>) -> Self {
        self.bundles.push(Bundle::Path(path.into()));
        self
    }

    /// Adds a bundle that the program holds in memory. `name` stands for it in errors and
    /// in the report. The variables no longer count.
    pub fn bundle_pem(mut self, name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        self.bundles.push(Bundle::Bytes {
            name: name.into(),
            bytes: bytes.into().into(),
        });
        self
    }

    /// Chooses what the bundle is added to; the platform's roots unless this says otherwise.
    pub fn base(mut self, base: BaseRoots) -> Self {
        self.base = base;
        self
    }

    /// Says whether the certificate revocation lists of the bundle, PEM blocks `X509 CRL` or files
    /// in DER, are enforced; [`CrlPolicy::Ignore`] unless this says otherwise.
    ///
    /// With [`CrlPolicy::Enforce`] a certificate is refused if its serial number stands in a list
    /// that its issuer has signed: a server's own certificate or an intermediate, and also if only
    /// one of several lists names it. (A newer list does not bring back what an older one revokes:
    /// take the older one out of the bundle.) A list that has expired counts as before, with a
    /// warning in the report. An issuer without a list revokes nothing.
    ///
    /// A list in the name of the issuer, but without a valid signature of the issuer's or of
    /// another trust anchor of that name, refuses all that the issuer has signed: what it would
    /// have said is not known. One that another trust anchor of that name has signed refuses what it
    /// names, unless the issuer has a list of its own: an authority with a new key may list what it
    /// has issued with the old one. A list that cannot be used (a delta or indirect list, an unknown
    /// critical extension, malformed) is left out and told in the report and the log.
    ///
    /// Where the operating system's verifier decides, nothing can be enforced, and
    /// [`load`](Self::load) is an error.
    pub fn crls(mut self, crls: CrlPolicy) -> Self {
        self.crls = crls;
        self
    }

    /// The most that is read for a bundle, in bytes; 64 MiB unless this says otherwise.
    pub fn size_limit(mut self, bytes: u64) -> Self {
        self.limit = bytes;
        self
    }

    /// Reads the winning source and the base roots. All the file I/O happens here, and
    /// blocks.
    ///
    /// # Errors
    /// [`CaError`] if the winning source cannot be read, is corrupt or holds no usable
    /// certificate, if there is nothing at all that could be trusted, or if revocation lists are to
    /// be enforced and the operating system's verifier cannot.
    pub fn load(&self) -> Result<TrustAnchors, CaError> {
        anchors::load(self)
    }

    fn from_environment<'a>(
        names: impl IntoIterator<Item = &'a str>,
        environment: &Environment,
    ) -> Self {
        let variable = |name: &str| {
            environment.non_empty(name).map(|value| Variable {
                name: name.to_owned(),
                value: value.to_owned(),
            })
        };
        let names: Vec<&str> = names.into_iter().collect();
        let ignored = (!names.contains(&CA_DIRECTORY_VARIABLE)).then_some(CA_DIRECTORY_VARIABLE);
        Self {
            bundles: Vec::new(),
            names: names.iter().map(|&name| name.to_owned()).collect(),
            variables: names.into_iter().filter_map(variable).collect(),
            ignored: ignored.and_then(variable),
            base: BaseRoots::default(),
            crls: CrlPolicy::default(),
            limit: DEFAULT_LIMIT,
        }
    }

    /// The paths of the winning source, as they were named; none if there is no bundle or if it is
    /// in memory.
    pub(crate) fn sources(&self) -> Vec<PathBuf> {
        self.decide().paths()
    }

    pub(crate) fn decide(&self) -> Decision<'_> {
        let mut variables = self.variables.iter();
        let (source, bundles) = match (&self.bundles[..], self.variables.first()) {
            ([], Some(winner)) => {
                variables.next();
                (winner.source(), vec![winner.bundle()])
            }
            ([], None) => (TrustSource::new(SourceKind::Platform), Vec::new()),
            (bundles, _) => {
                let bundles: Vec<_> = bundles.iter().map(Bundle::named).collect();
                (explicit_source(&bundles), bundles)
            }
        };
        let lost = variables.chain(&self.ignored).map(Variable::lost).collect();
        Decision {
            source,
            variables: &self.names,
            lost,
            bundles,
            base: self.base,
            crls: self.crls,
            limit: self.limit,
        }
    }
}

#[derive(Clone)]
enum Bundle {
    Path(PathBuf),
    /// Shared by the clones of a policy, of which each load keeps one.
    Bytes {
        name: String,
        bytes: Arc<[u8]>,
    },
}

impl Bundle {
    fn named(&self) -> NamedBundle<'_> {
        let (name, path, input) = match self {
            Self::Path(path) => (None, Some(path.clone()), Input::Path(path)),
            Self::Bytes { name, bytes } => (Some(name.clone()), None, Input::Bytes(bytes)),
        };
        let variable = None;
        NamedBundle {
            name: BundleName {
                variable,
                name,
                path,
            },
            input,
        }
    }
}

/// A variable that was set and not empty.
#[derive(Clone, Debug)]
struct Variable {
    name: String,
    value: OsString,
}

impl Variable {
    fn bundle(&self) -> NamedBundle<'_> {
        NamedBundle {
            name: BundleName {
                variable: Some(self.name.clone()),
                name: None,
                path: Some(PathBuf::from(&self.value)),
            },
            input: Input::Path(Path::new(&self.value)),
        }
    }

    fn source(&self) -> TrustSource {
        TrustSource {
            kind: SourceKind::Variable,
            name: Some(self.name.clone()),
            path: Some(PathBuf::from(&self.value)),
        }
    }

    fn lost(&self) -> LostVariable {
        LostVariable {
            name: self.name.clone(),
            path: PathBuf::from(&self.value),
        }
    }
}

/// One bundle has a name or a path; several have neither in common.
fn explicit_source(bundles: &[NamedBundle<'_>]) -> TrustSource {
    let only = match bundles {
        [bundle] => bundle.name.clone(),
        _ => BundleName::default(),
    };
    TrustSource {
        kind: SourceKind::Explicit,
        name: only.name,
        path: only.path,
    }
}

// As an `Input`, which shows no bytes.
impl fmt::Debug for Bundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.named().fmt(f)
    }
}

const DEFAULT_LIMIT: u64 = 64 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn decided(pairs: &[(&str, &str)]) -> (Option<String>, Vec<String>) {
        let environment = pairs.iter().copied().collect();
        let policy = CaPolicy::from_environment(CA_VARIABLES, &environment);
        let decision = policy.decide();
        let lost = decision.lost.into_iter().map(|lost| lost.name).collect();
        (decision.source.name, lost)
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn the_first_variable_that_is_set_wins_whole() {
        const CODEX: (&str, &str) = ("CODEX_CA_CERTIFICATE", "/codex.pem");
        const FILE: (&str, &str) = ("SSL_CERT_FILE", "/file.pem");
        const DIRECTORY: (&str, &str) = ("SSL_CERT_DIR", "/certs");
        let cases: [(&[_], Option<&str>, &[&str]); 6] = [
            (&[], None, &[]),
            (
                &[CODEX, FILE, DIRECTORY],
                Some(CODEX.0),
                &[FILE.0, DIRECTORY.0],
            ),
            (&[FILE, DIRECTORY], Some(FILE.0), &[DIRECTORY.0]),
            (&[DIRECTORY], None, &[DIRECTORY.0]),
            (&[(CODEX.0, ""), FILE], Some(FILE.0), &[]),
            (&[(CODEX.0, ""), (FILE.0, "")], None, &[]),
        ];
        for (pairs, winner, lost) in cases {
            let expected = (winner.map(str::to_owned), names(lost));
            assert_eq!(decided(pairs), expected, "{pairs:?}");
        }
    }

    #[test]
    fn an_explicit_bundle_beats_every_variable() {
        let environment = [("CODEX_CA_CERTIFICATE", "/a"), ("SSL_CERT_FILE", "/b")]
            .into_iter()
            .collect();
        let policy = CaPolicy::from_environment(CA_VARIABLES, &environment).bundle("/c");
        let decision = policy.decide();
        assert_eq!(decision.source.kind, SourceKind::Explicit);
        assert_eq!(decision.source.path, Some("/c".into()));
        assert_eq!(decision.lost.len(), 2);
        assert_eq!(decision.bundles.len(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_value_that_is_not_utf8_is_a_path_like_any_other() {
        use std::os::unix::ffi::OsStringExt;
        let value = OsString::from_vec(b"/tmp/\xff.pem".to_vec());
        let environment = [("CODEX_CA_CERTIFICATE", value.clone())]
            .into_iter()
            .collect();
        let policy = CaPolicy::from_environment(CA_VARIABLES, &environment);
        assert_eq!(policy.decide().source.path, Some(value.into()));
    }

    #[test]
    fn debug_shows_no_bytes_of_a_bundle() {
        let policy = CaPolicy::platform().bundle_pem("mine", "-----BEGIN PRIVATE KEY-----\nsecret");
        let debug = format!("{policy:?}");
        assert!(
            debug.contains("mine") && debug.contains("34 bytes"),
            "{debug}"
        );
    }
}
