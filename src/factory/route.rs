//! The one resolver: a destination goes direct or through a proxy, and HTTP and WebSocket
//! ask the same function. Matching is hyper-util's.

use std::fmt;
use std::sync::Arc;

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use rustls_pki_types::ServerName;
use url::{Host, Url};

use super::error::{TransportError, invalid_request};
use super::proxy::{CustomProxy, ProxyPolicy, ProxyServer};
use crate::ca::env::Environment;

/// How a destination is reached. Says nothing of credentials.
#[derive(Clone)]
pub struct Route {
    proxy: Option<Arc<ProxyServer>>,
    exception: Option<Arc<Exception>>,
}

/// Why there is no proxy where others have one.
struct Exception {
    entry: String,
    variable: Option<&'static str>,
}

impl Route {
    /// Whether there is no proxy on the way.
    pub fn is_direct(&self) -> bool {
        self.proxy.is_none()
    }

    /// The proxy's URL without credentials.
    pub fn proxy(&self) -> Option<String> {
        self.proxy.as_ref().map(|proxy| proxy.to_string())
    }

    /// The environment variable that named the proxy, if one did; or that names the
    /// [`exception`](Self::exception).
    pub fn variable(&self) -> Option<&str> {
        match (&self.proxy, &self.exception) {
            (Some(proxy), _) => proxy.variable,
            (None, exception) => exception.as_ref()?.variable,
        }
    }

    /// The entry of `NO_PROXY`, or of the program's own list, for which there is no proxy on the way
    /// to this host. Only [`TrustedTransport::route`](crate::TrustedTransport::route) looks for it.
    pub fn exception(&self) -> Option<&str> {
        Some(&self.exception.as_ref()?.entry)
    }

    fn through(proxy: Option<Arc<ProxyServer>>) -> Self {
        let exception = None;
        Self { proxy, exception }
    }

    pub(crate) fn server(&self) -> Option<&ProxyServer> {
        self.proxy.as_deref()
    }

    pub(crate) fn has_tls_to_proxy(&self) -> bool {
        self.server().is_some_and(|proxy| proxy.scheme() == "https")
    }
}

impl fmt::Display for Route {
    /// Reads after "connected".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.proxy {
            None => f.write_str("directly"),
            Some(proxy) => write!(f, "through {proxy}"),
        }
    }
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Route({self})")
    }
}

/// Where a connection is to end: scheme, host and port, as the URL standard normalises
/// them, so that `EXAMPLE.com` and `0x7f.1` are the same host to both transports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Destination {
    pub(crate) secure: bool,
    pub(crate) host: Host,
    /// `None` where the URL leaves it to the scheme.
    port: Option<u16>,
}

impl Destination {
    /// `None` if the scheme is none of http, https, ws and wss, or there is no host.
    pub(crate) fn of(url: &Url) -> Option<Self> {
        let secure = match url.scheme() {
            "https" | "wss" => true,
            "http" | "ws" => false,
            _ => return None,
        };
        Some(Self {
            secure,
            host: url.host()?.to_owned(),
            port: url.port(),
        })
    }

    pub(crate) fn port(&self) -> u16 {
        self.port.unwrap_or(if self.secure { 443 } else { 80 })
    }

    /// The name that the certificate must have.
    pub(crate) fn server_name(&self) -> Result<ServerName<'_>, TransportError> {
        match &self.host {
            Host::Domain(name) => ServerName::try_from(name.as_str()).map_err(invalid_request),
            Host::Ipv4(address) => Ok(ServerName::IpAddress((*address).into())),
            Host::Ipv6(address) => Ok(ServerName::IpAddress((*address).into())),
        }
    }

    /// With TLS at the usual port: what is known of a server by the name in its handshake.
    pub(crate) fn named(name: &ServerName<'_>) -> Option<Self> {
        let host = name.to_str();
        let host = match host.contains(':') {
            true => Host::parse(&format!("[{host}]")),
            false => Host::parse(&host),
        };
        Some(Self::https(host.ok()?))
    }

    pub(crate) fn https(host: Host) -> Self {
        Self {
            secure: true,
            host,
            port: None,
        }
    }

    /// For the matcher and the TCP connector: a port only where the URL has one, so that a
    /// resolved address may bring its own, as it does in reqwest.
    pub(crate) fn uri(&self) -> Option<Uri> {
        let port = self.port.map(|port| format!(":{port}")).unwrap_or_default();
        self.uri_of(&format!("{}{port}", self.host))
    }

    /// For proxies, which want the port in any case.
    pub(crate) fn uri_with_port(&self, host: &Host) -> Option<Uri> {
        self.uri_of(&format!("{host}:{}", self.port()))
    }

    fn uri_of(&self, authority: &str) -> Option<Uri> {
        let scheme = if self.secure { "https" } else { "http" };
        Uri::try_from(format!("{scheme}://{authority}/")).ok()
    }
}

/// The proxies in force.
pub(crate) struct Routes {
    matcher: Matcher,
    http: Option<Arc<ProxyServer>>,
    https: Option<Arc<ProxyServer>>,
    /// The list of exceptions, and the variable that it comes from.
    no_proxy: (String, Option<&'static str>),
}

impl Routes {
    pub(crate) fn new(policy: &ProxyPolicy) -> Result<Self, TransportError> {
        let environment = || Environment::read(VARIABLES.concat());
        match policy {
            ProxyPolicy::Direct => Ok(Self::of(None, None, Default::default())),
            ProxyPolicy::FromEnvironment => Self::from_environment(&environment(), None),
            ProxyPolicy::Custom(CustomProxy { url, no_proxy }) => match url {
                None => Self::from_environment(&environment(), no_proxy.as_deref()),
                Some(url) => {
                    let proxy = Some(ProxyServer::parse(url, None)?);
                    let no_proxy = no_proxy.clone().unwrap_or_default();
                    Ok(Self::of(proxy.clone(), proxy, (no_proxy, None)))
                }
            },
        }
    }

    /// The way to a destination.
    pub(crate) fn to(&self, destination: &Destination) -> Route {
        let proxy = match destination.secure {
            true => &self.https,
            false => &self.http,
        };
        let Some(proxy) = proxy else {
            return Route::through(None);
        };
        // What the matcher cannot read, it cannot except.
        let excepted = destination
            .uri()
            .is_some_and(|uri| self.matcher.intercept(&uri).is_none());
        Route::through((!excepted).then(|| Arc::clone(proxy)))
    }

    /// The same, and why it is so.
    pub(crate) fn explained(&self, destination: &Destination) -> Route {
        let mut route = self.to(destination);
        let proxy = match destination.secure {
            true => &self.https,
            false => &self.http,
        };
        if let (true, Some(_), Some(uri)) = (route.is_direct(), proxy, destination.uri()) {
            let (list, variable) = &self.no_proxy;
            let alone = |entry: &&str| {
                let matcher = Matcher::builder().all("http://any.invalid").no(*entry);
                matcher.build().intercept(&uri).is_none()
            };
            let entry = list.split(',').map(str::trim).find(alone);
            route.exception = entry.map(|entry| {
                Arc::new(Exception {
                    entry: entry.to_owned(),
                    variable: *variable,
                })
            });
        }
        route
    }

    /// As they are in a TLS handshake.
    pub(crate) fn names_of_tls_proxies(&self) -> Vec<ServerName<'static>> {
        let proxies = [&self.http, &self.https].into_iter().flatten();
        let proxies = proxies.filter(|proxy| proxy.scheme() == "https");
        let names = proxies.filter_map(|proxy| {
            let host = proxy.url.host_str()?;
            ServerName::try_from(host.trim_matches(['[', ']']).to_owned()).ok()
        });
        names.collect()
    }

    /// Whether a proxy has to be given IPv4 addresses.
    pub(crate) fn needs_ipv4(&self) -> bool {
        let proxies = [&self.http, &self.https];
        proxies
            .into_iter()
            .flatten()
            .any(|proxy| proxy.scheme() == "socks4")
    }

    fn from_environment(
        environment: &Environment,
        no_proxy: Option<&str>,
    ) -> Result<Self, TransportError> {
        if environment.get(CGI).is_some() {
            return Ok(Self::of(None, None, Default::default()));
        }
        let http = variable(environment, HTTP)?;
        let https = variable(environment, HTTPS)?;
        let all = variable(environment, ALL)?;
        let excepted = variable(environment, NO)?.map(|(name, list)| (list, Some(name)));
        if http.is_none() && https.is_none() && all.is_none() {
            return Self::from_system(no_proxy);
        }
        let proxy = |own: Option<(&'static str, String)>| {
            own.or_else(|| all.clone())
                .map(|(name, value)| ProxyServer::parse(&value, Some(name)))
                .transpose()
        };
        let own = no_proxy.map(|list| (list.to_owned(), None));
        let excepted = own.or(excepted).unwrap_or_default();
        Ok(Self::of(proxy(http)?, proxy(https)?, excepted))
    }

    /// The settings of macOS or Windows as hyper-util reads them, with their exceptions. What
    /// it cannot read counts as no proxy: it does not say.
    #[cfg(all(feature = "system-proxy", any(target_os = "macos", windows)))]
    fn from_system(no_proxy: Option<&str>) -> Result<Self, TransportError> {
        let system = Matcher::from_system();
        let proxy = |probe| {
            let intercept = system.intercept(&http::Uri::from_static(probe));
            intercept
                .map(|intercept| ProxyServer::parse(&intercept.uri().to_string(), None))
                .transpose()
        };
        let (http, https) = (
            proxy("http://any.invalid/")?,
            proxy("https://any.invalid/")?,
        );
        Ok(match no_proxy {
            Some(list) => Self::of(http, https, (list.to_owned(), None)),
            None => Self {
                matcher: system,
                http,
                https,
                no_proxy: Default::default(),
            },
        })
    }

    #[cfg(not(all(feature = "system-proxy", any(target_os = "macos", windows))))]
    fn from_system(_no_proxy: Option<&str>) -> Result<Self, TransportError> {
        Ok(Self::of(None, None, Default::default()))
    }

    fn of(
        http: Option<Arc<ProxyServer>>,
        https: Option<Arc<ProxyServer>>,
        no_proxy: (String, Option<&'static str>),
    ) -> Self {
        let url = |proxy: &Option<Arc<ProxyServer>>| {
            proxy
                .as_ref()
                .map(|proxy| proxy.url.to_string())
                .unwrap_or_default()
        };
        Self {
            matcher: Matcher::builder()
                .http(url(&http))
                .https(url(&https))
                .no(&*no_proxy.0)
                .build(),
            http,
            https,
            no_proxy,
        }
    }
}

impl fmt::Display for Routes {
    /// Without credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [http, https] = [&self.http, &self.https].map(|proxy| Route::through(proxy.clone()));
        write!(f, "https {https}, http {http}")
    }
}

/// The first of the names that is set; set but empty means none.
fn variable(
    environment: &Environment,
    names: [&'static str; 2],
) -> Result<Option<(&'static str, String)>, TransportError> {
    let set = names
        .into_iter()
        .find_map(|name| Some((name, environment.get(name)?)));
    match set {
        Some((_, value)) if value.is_empty() => Ok(None),
        Some((name, value)) => match value.to_str() {
            Some(value) => Ok(Some((name, value.to_owned()))),
            None => Err(TransportError::InvalidProxy {
                variable: Some(name),
                reason: "it is not UTF-8",
            }),
        },
        None => Ok(None),
    }
}

const HTTP: [&str; 2] = ["HTTP_PROXY", "http_proxy"];
const HTTPS: [&str; 2] = ["HTTPS_PROXY", "https_proxy"];
const ALL: [&str; 2] = ["ALL_PROXY", "all_proxy"];
const NO: [&str; 2] = ["NO_PROXY", "no_proxy"];
const VARIABLES: [&[&str]; 5] = [&HTTP, &HTTPS, &ALL, &NO, &[CGI]];

/// Under CGI, `HTTP_PROXY` is a header of the request (<https://httpoxy.org>).
const CGI: &str = "REQUEST_METHOD";

#[cfg(test)]
mod tests {
    use super::*;

    fn routes(pairs: &[(&str, &str)]) -> Result<Routes, TransportError> {
        Routes::from_environment(&pairs.iter().copied().collect(), None)
    }

    fn way(routes: &Routes, url: &str) -> String {
        let url = Url::parse(url).expect("a URL");
        let destination = Destination::of(&url).expect("a destination");
        routes.to(&destination).to_string()
    }

    #[test]
    fn variables_count_as_in_reqwest() {
        let (a, b) = ("http://a:1", "http://b:2");
        let through_a = "through http://a:1";
        let through_b = "through http://b:2";
        type Case<'a> = (&'a [(&'a str, &'a str)], &'a str, &'a str);
        let cases: [Case<'_>; 9] = [
            (&[], "directly", "directly"),
            (&[("HTTPS_PROXY", a)], through_a, "directly"),
            (&[("https_proxy", a)], through_a, "directly"),
            (
                &[("HTTPS_PROXY", a), ("https_proxy", b)],
                through_a,
                "directly",
            ),
            (&[("HTTP_PROXY", a)], "directly", through_a),
            (&[("ALL_PROXY", a)], through_a, through_a),
            (
                &[("HTTPS_PROXY", b), ("all_proxy", a)],
                through_b,
                through_a,
            ),
            (
                &[("HTTPS_PROXY", ""), ("ALL_PROXY", a)],
                through_a,
                through_a,
            ),
            (
                &[("HTTPS_PROXY", a), ("REQUEST_METHOD", "GET")],
                "directly",
                "directly",
            ),
        ];
        for (pairs, secure, plain) in cases {
            let routes = routes(pairs).expect("valid proxies");
            for scheme in ["https", "wss"] {
                assert_eq!(
                    way(&routes, &format!("{scheme}://host.test/")),
                    secure,
                    "{pairs:?}"
                );
            }
            for scheme in ["http", "ws"] {
                assert_eq!(
                    way(&routes, &format!("{scheme}://host.test/")),
                    plain,
                    "{pairs:?}"
                );
            }
        }
    }

    #[test]
    fn no_proxy_names_hosts_subdomains_addresses_and_networks() {
        let list = "corp.test,.dot.test,192.0.2.0/24,2001:db8::/32,127.0.0.1";
        let routes = routes(&[("ALL_PROXY", "http://a:1"), ("no_proxy", list)]).expect("valid");
        for direct in [
            "wss://corp.test/",
            "https://CORP.test:8443/",
            "https://api.corp.test/",
            "https://x.dot.test/",
            "http://192.0.2.7/",
            "wss://[2001:db8::1]/",
            "https://0x7f.1/",
        ] {
            assert_eq!(way(&routes, direct), "directly", "{direct}");
        }
        for proxied in [
            "https://notcorp.test/",
            "https://192.0.3.7/",
            "wss://[2001:db9::1]/",
        ] {
            assert_eq!(way(&routes, proxied), "through http://a:1", "{proxied}");
        }
    }

    #[test]
    fn exceptions_of_the_program_take_the_place_of_no_proxy() {
        let policy = ProxyPolicy::FromEnvironment.no_proxy("own.test");
        let ProxyPolicy::Custom(CustomProxy { url, no_proxy }) = policy else {
            panic!("{policy:?}");
        };
        assert_eq!(url, None, "the environment's proxies are meant");
        let environment = [("ALL_PROXY", "http://a:1"), ("NO_PROXY", "theirs.test")];
        let environment = environment.into_iter().collect();
        let routes = Routes::from_environment(&environment, no_proxy.as_deref());
        let routes = routes.expect("valid");
        assert_eq!(way(&routes, "https://own.test/"), "directly");
        assert_eq!(way(&routes, "wss://theirs.test/"), "through http://a:1");
    }

    #[test]
    fn what_the_library_takes_for_no_proxy_is_an_error() {
        for value in [
            ":::",
            "ftp://a:1",
            "http://",
            "socks5://",
            "http://a:99999",
            "http://a b",
            "socks://a:1",
            "http://user:pass#word@a:1",
            "user:pass/word@a:1",
            "socks5h://user:pass?word@a:1",
            "http://a:1/path",
        ] {
            let error = routes(&[("HTTPS_PROXY", value)]).err();
            assert!(
                matches!(
                    error,
                    Some(TransportError::InvalidProxy {
                        variable: Some("HTTPS_PROXY"),
                        ..
                    })
                ),
                "{value}: {error:?}"
            );
        }
        // It decides nothing: both schemes have a proxy of their own.
        let unused = [
            ("ALL_PROXY", "socks://a:1"),
            ("HTTP_PROXY", "b:1"),
            ("HTTPS_PROXY", "b:1"),
        ];
        assert!(routes(&unused).is_ok());
    }

    #[test]
    fn credentials_are_kept_for_the_proxy_and_shown_to_nobody() {
        let routes = routes(&[("ALL_PROXY", "http://user:s%40cret@a:1")]).expect("valid");
        let proxy = routes.https.as_ref().expect("a proxy");
        assert!(proxy.intercept.basic_auth().is_some());
        let destination = Destination::of(&Url::parse("wss://host.test").expect("a URL"));
        let route = routes.to(&destination.expect("a destination"));
        let policy = ProxyPolicy::all("http://user:s%40cret@a:1");
        let shown = format!("{routes} {route} {route:?} {:?} {policy:?}", route.proxy());
        assert!(
            !shown.contains("cret") && !shown.contains("user"),
            "{shown}"
        );
    }

    #[cfg(feature = "socks")]
    #[test]
    fn a_socks_proxy_without_port_is_at_1080() {
        let routes = routes(&[("ALL_PROXY", "socks5h://a")]).expect("valid");
        assert_eq!(
            way(&routes, "https://host.test"),
            "through socks5h://a:1080"
        );
    }
}
