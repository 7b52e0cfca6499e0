//! Which proxies there are: what a program or the environment says, and a proxy's URL found
//! valid. What libraries silently take for "no proxy" is an error here.

use std::fmt;
use std::sync::Arc;

use http::Uri;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use url::Url;

use super::error::TransportError;

/// Which proxy is used for which destination.
///
/// `wss` routes as `https`, and `ws` as `http`. Proxies are named by `http://`, `https://`,
/// `socks4://`, `socks4a://`, `socks5://` or `socks5h://` URLs, with credentials if need be;
/// without a scheme, `http://` is meant. With `a` or `h` the proxy resolves names.
///
/// A proxy that is invalid is an error when the transport is built, and a proxy that is dead
/// is an error when it is used; neither ever leads to a direct connection.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum ProxyPolicy {
    /// `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, or the same in lower case
    /// where the upper case is not set. They are read once, when the transport is built, and
    /// as reqwest reads them: an empty `HTTPS_PROXY` leads to `ALL_PROXY`, and under CGI
    /// (`REQUEST_METHOD` is set) there is no proxy at all. With the feature `system-proxy`,
    /// and none of them set, the settings of macOS or Windows count.
    #[default]
    FromEnvironment,
    /// No proxy at all.
    Direct,
    /// What the program says; see [`all`](Self::all).
    Custom(CustomProxy),
}

/// A proxy, or exceptions, that the program names itself.
#[derive(Clone, Default)]
pub struct CustomProxy {
    /// Without one, the environment's proxies are meant.
    pub(crate) url: Option<String>,
    pub(crate) no_proxy: Option<String>,
}

impl ProxyPolicy {
    /// This proxy for every destination. No variable is consulted.
    pub fn all(url: impl Into<String>) -> Self {
        Self::Custom(CustomProxy {
            url: Some(url.into()),
            no_proxy: None,
        })
    }

    /// Destinations that are connected to directly, in place of `NO_PROXY`: host names
    /// (which include their subdomains), IP addresses and networks, or `*`, with commas
    /// between them. With [`Direct`](Self::Direct) there is nothing to except.
    #[must_use]
    pub fn no_proxy(self, list: impl Into<String>) -> Self {
        let url = match self {
            Self::Direct => return self,
            Self::FromEnvironment => None,
            Self::Custom(custom) => custom.url,
        };
        let no_proxy = Some(list.into());
        Self::Custom(CustomProxy { url, no_proxy })
    }
}

// The URL may hold credentials.
impl fmt::Debug for CustomProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CustomProxy")
            .field("no_proxy", &self.no_proxy)
            .finish_non_exhaustive()
    }
}

/// A proxy that was found valid.
pub(crate) struct ProxyServer {
    /// With credentials, for reqwest.
    pub(crate) url: Url,
    /// The same, read by hyper-util, for the dialer.
    pub(crate) intercept: Intercept,
    pub(crate) variable: Option<&'static str>,
}

impl ProxyServer {
    pub(crate) fn parse(
        value: &str,
        variable: Option<&'static str>,
    ) -> Result<Arc<Self>, TransportError> {
        let invalid = |reason| TransportError::InvalidProxy { variable, reason };
        let value = value.trim();
        let url = match value.contains("://") {
            true => Url::parse(value),
            false => Url::parse(&format!("http://{value}")),
        };
        let mut url = url.map_err(|_| invalid("it is not a URL"))?;
        let socks = matches!(url.scheme(), "socks4" | "socks4a" | "socks5" | "socks5h");
        if !socks && !matches!(url.scheme(), "http" | "https") {
            return Err(invalid(
                "its scheme is not http, https, socks4(a) or socks5(h)",
            ));
        }
        if socks && !cfg!(feature = "socks") {
            return Err(invalid(
                "this program was built without the feature `socks`",
            ));
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(invalid("it names no host"));
        }
        // A `#`, `?` or `/` in a password that is not percent-encoded ends the host too early.
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(invalid(
                "there is more behind the port; percent-encode what is special in a password",
            ));
        }
        if socks && url.port().is_none() {
            // As reqwest does; the library would take 443.
            url.set_port(Some(SOCKS_PORT))
                .map_err(|()| invalid("it names no host"))?;
        }
        let intercept = Matcher::builder()
            .all(url.as_str())
            .build()
            .intercept(&Uri::from_static("https://any.invalid/"))
            .ok_or_else(|| invalid("it is not the URL of a proxy"))?;
        Ok(Arc::new(Self {
            url,
            intercept,
            variable,
        }))
    }

    pub(crate) fn scheme(&self) -> &str {
        self.url.scheme()
    }
}

impl fmt::Display for ProxyServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let port = self.url.port_or_known_default().unwrap_or_default();
        let host = self.url.host_str().unwrap_or_default();
        write!(f, "{}://{host}:{port}", self.scheme())
    }
}

const SOCKS_PORT: u16 = 1080;
