//! What hands this policy to child processes: a merged bundle of certificates, and the variables
//! that point other programs at it.

mod bundle;
mod error;
mod variables;

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::Path;
use std::process::Command;

use bundle::Bundle;
pub use error::ChildEnvError;
use variables::Reach;

use super::account::Evidence;
use super::anchors::TrustAnchors;
use super::env;
use super::report::BaseKind;
use super::settled::Settled;
use super::sources::Base;
use super::x509::is_end_entity;

/// Hands a policy to child processes; from [`TrustAnchors::child_env`].
///
/// It owns a merged bundle: every trust anchor in force once, as a `CERTIFICATE` block, and nothing
/// else. [`apply`](Self::apply) points the programs below at it:
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let pem = trusted_transport_lab::Authority::root("Company Root").pem();
/// use std::process::Command;
/// use trusted_transport::{BaseRoots, CaPolicy};
///
/// let policy = CaPolicy::platform().base(BaseRoots::None);
/// let anchors = policy.bundle_pem("company", pem).load()?;
///
/// let child_env = anchors.child_env()?;
/// let status = child_env.apply(Command::new("cargo").arg("--version")).status()?;
/// # assert!(status.success());
/// # Ok(())
/// # }
/// ```
///
/// For tokio's `Command`: `child_env.apply(command.as_std_mut())`. Where there is no `Command`
/// (a container, say), [`variables`](Self::variables) and [`removed`](Self::removed) are the lists.
///
/// # Variables
/// | variable | who reads it | their own roots |
/// |---|---|---|
/// | `SSL_CERT_FILE` | OpenSSL and what uses its defaults (Python's `ssl`, Ruby, Node with `--use-openssl-ca`), Go but for macOS and Windows, .NET on Linux, rustls-native-certs, httpx, uv | replaced |
/// | `SSL_CERT_DIR` | the same programs, besides the file: an empty folder, or they would go on to the default one | replaced |
/// | `NIX_SSL_CERT_FILE` | programs from Nixpkgs, instead of `SSL_CERT_FILE` | replaced |
/// | `CURL_CA_BUNDLE` | curl, instead of both `SSL_CERT_*`, of which older versions (7.88) read only one; requests | replaced, see below |
/// | `REQUESTS_CA_BUNDLE` | requests, and with it conda, the Azure CLI and others | replaced |
/// | `PIP_CERT` | pip, which prefers `REQUESTS_CA_BUNDLE` | replaced |
/// | `HTTPLIB2_CA_CERTS` | httplib2 | replaced |
/// | `GIT_SSL_CAINFO` | git, before its configuration | replaced |
/// | `GIT_SSL_CAPATH` | git, besides the file: the empty folder | replaced |
/// | `GIT_PROXY_SSL_CAINFO` | git, for `https://` proxies | replaced |
/// | `CARGO_HTTP_CAINFO` | cargo, before its configuration | replaced |
/// | `CARGO_HTTP_PROXY_CAINFO` | cargo from 1.90, for `https://` proxies | replaced |
/// | `npm_config_cafile` | npm, Yarn 1 | replaced |
/// | `AWS_CA_BUNDLE` | the AWS CLI and SDKs | replaced |
/// | `CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE` | gcloud | replaced |
/// | `GRPC_DEFAULT_SSL_ROOTS_FILE_PATH` | gRPC (C, Python, Ruby, Node) | replaced |
/// | `BUNDLE_SSL_CA_CERT` | Bundler | replaced |
/// | `HEX_CACERTS_PATH` | Hex, Mix | replaced |
/// | `DENO_TLS_CA_STORE` | Deno: `system`, which on Unix is `SSL_CERT_FILE` | replaced |
/// | `DENO_CERT` | Deno | kept |
/// | `NODE_EXTRA_CA_CERTS` | Node, Bun, Deno from 2.8 | kept |
/// | `CODEX_CA_CERTIFICATE` | programs with this crate | kept |
///
/// Where a program keeps its own roots, it may trust more than this policy:
/// - Node its compiled-in ones, unless it runs with `--use-openssl-ca` (or `NODE_OPTIONS` says so,
///   which is the program's to set, since there may be other options in it);
/// - programs with this crate the platform's, whatever [`BaseRoots`](crate::BaseRoots) is here;
/// - curl over OpenSSL the folder that its libcurl was built with, as on Debian, unless it is
///   called with `--cacert "$SSL_CERT_FILE" --capath "$SSL_CERT_DIR"`. The folder is the
///   platform's, so this matters without the platform's roots, or if the bundle distrusts some.
///
/// Where the operating system keeps the roots (macOS, Windows), they cannot be listed, and a
/// variable that replaces would lose them. Then the bundle holds what is trusted in addition, and
/// only `CODEX_CA_CERTIFICATE`, `DENO_CERT` and `NODE_EXTRA_CA_CERTS` are set; none if there is
/// no bundle to add.
///
/// # What is removed
/// A policy that is handed on must not be off, so these go: `NODE_TLS_REJECT_UNAUTHORIZED`,
/// `GIT_SSL_NO_VERIFY`, `PYTHONHTTPSVERIFY`, `npm_config_strict_ssl`, `NPM_CONFIG_STRICT_SSL`,
/// `PIP_TRUSTED_HOST`, `UV_INSECURE_HOST`, `BUNDLE_SSL_VERIFY_MODE`, `HEX_UNSAFE_HTTPS`,
/// `AZURE_CLI_DISABLE_CONNECTION_VERIFICATION`, `CLOUDSDK_AUTH_DISABLE_SSL_VALIDATION`,
/// `CONDA_SSL_VERIFY`, `GIT_CONFIG_PARAMETERS`, `GOINSECURE`, `YARN_ENABLE_STRICT_SSL` and
/// `PERL_LWP_SSL_VERIFY_HOSTNAME`; and, where `npm_config_cafile` is set, `NPM_CONFIG_CAFILE`,
/// which would compete with it. The same switch in a file, or as an argument, stays.
///
/// # What children decide for themselves
/// A server's own certificate (CA:FALSE) is not handed on, since there are programs that would let it
/// sign for every name. /// Whether an anchor that has expired, is no authority's, or did not sign itself will do: OpenSSL
/// is stricter there than this crate. What the policy distrusts is absent, but a child does not know
/// it, and takes it as an intermediate if a server sends it. Revocation lists, proxies and client
/// certificates are not handed on. Java, .NET on Windows, and programs over GnuTLS or the
/// operating system's own TLS (wget on Debian) read no variable at all.
///
/// # Permissions and removal
/// The folder is a new one with a random name among the temporary files; on Unix it and the
/// bundle are accessible to their owner only (0700 and 0600). For a child that runs as another user,
/// give them to that user (`std::os::unix::fs::chown`, or a wider mode) before it starts; it can verify
/// nobody otherwise, and fails, but for those that keep their own roots. Nobody but the owner can
/// write there: whoever could would decide whom the children trust.
///
/// Dropping this removes the folder, so keep it until the last child has ended. A process that is
/// killed leaves it behind. The bundle is of the moment it was written:
/// [`reload`](crate::TrustedTransport::reload) leaves it as it is, and children that start later
/// need another one.
#[must_use = "the bundle is removed when this is dropped"]
pub struct ChildEnv {
    bundle: Bundle,
    variables: Vec<(&'static str, OsString)>,
    removed: Vec<&'static str>,
}

impl TrustAnchors {
    /// Writes a merged bundle for child processes, to which [`ChildEnv`] points them.
    ///
    /// # Errors
    /// [`ChildEnvError`] if there is no folder for temporary files that could be written to.
    pub fn child_env(&self) -> Result<ChildEnv, ChildEnvError> {
        let Evidence { bundle, base, .. } = self.evidence();
        ChildEnv::of(&bundle.settled, base, &env::temporary_folder())
    }
}

impl ChildEnv {
    /// The merged bundle. Empty where the operating system keeps the roots and nothing is added
    /// to them; no variable names it then.
    pub fn path(&self) -> &Path {
        self.bundle.path()
    }

    /// What is set in a child's environment.
    pub fn variables(&self) -> impl Iterator<Item = (&'static str, &OsStr)> {
        self.variables.iter().map(|(name, value)| (*name, &**value))
    }

    /// What is taken out of a child's environment.
    pub fn removed(&self) -> impl Iterator<Item = &'static str> {
        self.removed.iter().copied()
    }

    /// Sets and removes the variables on `command`, whatever they are in this process. What is set
    /// on `command` afterwards wins.
    pub fn apply<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        for name in self.removed() {
            command.env_remove(name);
        }
        command.envs(self.variables())
    }

    fn of(bundle: &Settled, base: &Base, temporary: &Path) -> Result<Self, ChildEnvError> {
        let anchors = bundle.accepted().chain(base.settled.accepted());
        let reach = match base.kind {
            BaseKind::Delegated if anchors.clone().next().is_none() => Reach::Nothing,
            BaseKind::Delegated => Reach::Addition,
            _ => Reach::Everything,
        };
        let error = |source| ChildEnvError::new(temporary, source);
        // Other verifiers may let a server's certificate vouch for everybody.
        let anchors = anchors.filter(|it| !is_end_entity(&it.certificate.der));
        let bundle = Bundle::write(temporary, anchors).map_err(error)?;
        Ok(Self {
            variables: variables::set(reach, &bundle).map_err(error)?,
            removed: variables::removed(reach),
            bundle,
        })
    }
}

impl fmt::Debug for ChildEnv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChildEnv")
            .field("path", &self.path())
            .field("variables", &self.variables)
            .field("removed", &self.removed)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ca::bundle::Blocks;
    use std::collections::BTreeSet;
    use std::io;
    use trusted_transport_lab::Authority;

    fn settled(pem: &str) -> Settled {
        let mut blocks = Blocks::default();
        let added = blocks.add("bundle.pem".as_ref(), pem.as_bytes().into());
        added.expect("a bundle");
        Settled::of(blocks)
    }

    fn made(bundle: &str, kind: BaseKind, base: &str) -> ChildEnv {
        let (bundle, settled) = (settled(bundle), settled(base));
        let base = Base { kind, settled };
        ChildEnv::of(&bundle, &base, &env::temporary_folder()).expect("it is written")
    }

    fn names(child_env: &ChildEnv) -> BTreeSet<&'static str> {
        child_env.variables().map(|(name, _)| name).collect()
    }

    #[test]
    fn every_variable_is_documented() {
        let root = Authority::root("A").pem();
        let child_env = made(&root, BaseKind::None, "");
        let source = include_str!("child_env.rs");
        let rows = source.lines().filter_map(|it| it.strip_prefix("/// | `"));
        let rows = rows.filter_map(|row| Some(row.split_once('`')?.0));
        assert_eq!(names(&child_env), rows.collect());
        let section = source
            .split_once("# What is removed")
            .and_then(|(_, rest)| rest.split_once("# What children"));
        let section = section.expect("the section").0;
        let quoted: BTreeSet<_> = section.split('`').skip(1).step_by(2).collect();
        let rival = ["npm_config_cafile"];
        let removed: BTreeSet<_> = child_env.removed().chain(rival).collect();
        assert_eq!(removed, quoted);
    }

    #[test]
    fn listed_roots_take_the_place_of_a_programs_own() {
        let [a, b] = ["A", "B"].map(|name| Authority::root(name).pem());
        let child_env = made(&a, BaseKind::Platform, &b);
        for (name, value) in child_env.variables() {
            let path = Path::new(value);
            match name {
                "SSL_CERT_DIR" | "GIT_SSL_CAPATH" => {
                    assert_eq!(path.read_dir().expect("a folder").count(), 0, "{name}");
                }
                "DENO_TLS_CA_STORE" => assert_eq!(value, "system"),
                _ => assert_eq!(path, child_env.path(), "{name}"),
            }
        }
    }

    #[test]
    fn where_the_operating_system_keeps_the_roots_only_what_adds_is_set() {
        let root = Authority::root("A").pem();
        let child_env = made(&root, BaseKind::Delegated, "");
        let adding = ["CODEX_CA_CERTIFICATE", "DENO_CERT", "NODE_EXTRA_CA_CERTS"];
        assert_eq!(names(&child_env), BTreeSet::from(adding));
        assert!(child_env.removed().any(|name| name == "GIT_SSL_NO_VERIFY"));
        assert!(child_env.removed().all(|name| name != "NPM_CONFIG_CAFILE"));

        let child_env = made("", BaseKind::Delegated, "");
        assert_eq!(names(&child_env), BTreeSet::new());
        assert!(child_env.path().exists());
        assert!(child_env.removed().any(|name| name == "GIT_SSL_NO_VERIFY"));
    }

    #[test]
    fn a_command_gets_all_of_it_and_may_say_otherwise_later() {
        let root = Authority::root("A").pem();
        let child_env = made(&root, BaseKind::None, "");
        let mut command = Command::new("any");
        command.env("CURL_CA_BUNDLE", "before");
        command.env("GIT_SSL_NO_VERIFY", "before");
        child_env.apply(&mut command).env("PIP_CERT", "after");
        let value = |name: &str| {
            let mut found = command.get_envs().filter(|(key, _)| *key == name);
            found.next().map(|(_, value)| value)
        };
        let bundle = Some(Some(child_env.path().as_os_str()));
        assert_eq!(value("CURL_CA_BUNDLE"), bundle);
        assert_eq!(value("PIP_CERT"), Some(Some("after".as_ref())));
        for name in child_env.removed() {
            assert_eq!(value(name), Some(None), "{name}");
        }
    }

    #[test]
    fn a_folder_that_cannot_be_used_is_an_error() {
        let root = settled(&Authority::root("A").pem());
        let base = Base {
            kind: BaseKind::None,
            settled: Settled::default(),
        };
        let folder = tempfile::tempdir().expect("a directory");
        let separator = folder.path().join(match cfg!(windows) {
            true => "a;b",
            false => "a:b",
        });
        std::fs::create_dir(&separator).expect("a directory");
        let missing = folder.path().join("missing");
        for (parent, kind) in [
            (separator, io::ErrorKind::InvalidInput),
            (missing, io::ErrorKind::NotFound),
        ] {
            let error = ChildEnv::of(&root, &base, &parent).expect_err("it is not written");
            assert_eq!(error.folder, parent);
            assert!(error.hint().contains("TMP"));
            assert_eq!(io::Error::from(error).kind(), kind);
            assert!(!parent.exists() || parent.read_dir().expect("a folder").next().is_none());
        }
    }
}
