//! Which variables point other programs at a bundle, and which would undo it. Who reads them
//! stands in the documentation of `ChildEnv`.

use std::env;
use std::ffi::OsString;
use std::io;

use super::bundle::Bundle;

/// How much of what is trusted is in the bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    Everything,
    /// All but the roots that the operating system keeps: a variable that takes the place of
    /// those would lose them.
    Addition,
    Nothing,
}

/// Names and values.
pub(super) fn set(reach: Reach, bundle: &Bundle) -> io::Result<Vec<(&'static str, OsString)>> {
    let no_roots = bundle.no_roots();
    // It would be several paths, any of which somebody could fill.
    if !env::split_paths(no_roots).eq([no_roots]) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, SEPARATOR));
    }
    let file = || bundle.path().as_os_str().to_owned();
    let adding = ADDING.map(|name| (name, file()));
    Ok(match reach {
        Reach::Nothing => Vec::new(),
        Reach::Addition => adding.into(),
        Reach::Everything => {
            let files = REPLACING.map(|name| (name, file()));
            let folders = FOLDERS.map(|name| (name, no_roots.as_os_str().to_owned()));
            let (name, store) = STORE;
            files
                .into_iter()
                .chain(folders)
                .chain([(name, store.into())])
                .chain(adding)
                .collect()
        }
    })
}

/// Names of what must not be in the environment.
pub(super) fn removed(reach: Reach) -> Vec<&'static str> {
    let competing = (reach == Reach::Everything).then_some(COMPETING);
    SWITCHES.into_iter().chain(competing).collect()
}

/// Name the bundle, and take the place of a program's own roots.
const REPLACING: [&str; 16] = [
    "SSL_CERT_FILE",
    "NIX_SSL_CERT_FILE",
    "CURL_CA_BUNDLE",
    "REQUESTS_CA_BUNDLE",
    "PIP_CERT",
    "HTTPLIB2_CA_CERTS",
    "GIT_SSL_CAINFO",
    "GIT_PROXY_SSL_CAINFO",
    "CARGO_HTTP_CAINFO",
    "CARGO_HTTP_PROXY_CAINFO",
    "npm_config_cafile",
    "AWS_CA_BUNDLE",
    "CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE",
    "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
    "BUNDLE_SSL_CA_CERT",
    "HEX_CACERTS_PATH",
];

/// Name a folder, besides one of the above.
const FOLDERS: [&str; 2] = ["SSL_CERT_DIR", "GIT_SSL_CAPATH"];

/// Deno's own roots are Mozilla's unless it is told to use the system's, for which it asks
/// `SSL_CERT_FILE`.
const STORE: (&str, &str) = ("DENO_TLS_CA_STORE", "system");

/// Name the bundle, and add it to a program's own roots.
const ADDING: [&str; 3] = ["DENO_CERT", "NODE_EXTRA_CA_CERTS", "CODEX_CA_CERTIFICATE"];

/// Switch verification off, some of them for a host.
const SWITCHES: [&str; 16] = [
    "NODE_TLS_REJECT_UNAUTHORIZED",
    "GIT_SSL_NO_VERIFY",
    "PYTHONHTTPSVERIFY",
    "npm_config_strict_ssl",
    "NPM_CONFIG_STRICT_SSL",
    "PIP_TRUSTED_HOST",
    "UV_INSECURE_HOST",
    "BUNDLE_SSL_VERIFY_MODE",
    "HEX_UNSAFE_HTTPS",
    "AZURE_CLI_DISABLE_CONNECTION_VERIFICATION",
    "CLOUDSDK_AUTH_DISABLE_SSL_VALIDATION",
    "CONDA_SSL_VERIFY",
    "GIT_CONFIG_PARAMETERS",
    "GOINSECURE",
    "YARN_ENABLE_STRICT_SSL",
    "PERL_LWP_SSL_VERIFY_HOSTNAME",
];

const SEPARATOR: &str = "its path holds the character that separates paths in a list";

/// npm's variables count in either case, and of both the last one in the environment.
const COMPETING: &str = "NPM_CONFIG_CAFILE";
