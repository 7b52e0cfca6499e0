//! What to do about an error: a sentence for the person who runs the program.

use http::StatusCode;

use super::error::TransportError;
use super::mishap::Mishap;
use super::route::Route;
use super::tls_fault::TlsFault;
use super::trace::Phase;

impl TransportError {
    /// What to do about it, as a sentence for the person who runs the program, if there is
    /// something they could do.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Ca(error) => error.hint(),
            Self::Untrusted(failure) => failure.hint(),
            Self::Identity(error) => error.hint(),
            Self::InvalidProxy { variable, .. } => proxy_hint(*variable),
            Self::NoCryptoProvider => {
                "enable the feature `aws-lc-rs` or `ring`, or give the builder a provider"
                    .to_owned()
            }
            Self::Runtime { .. } => {
                "close what the program does not need, or raise its limits on threads and open files"
                    .to_owned()
            }
            Self::InvalidRequest { .. } => {
                "mend what the cause names; a URL is https://HOST/PATH, or wss://HOST/PATH for \
                 a WebSocket"
                    .to_owned()
            }
            Self::AnswerTooLarge { .. } => {
                "check that the URL is right: what is there is more than the program expects; a login \
                 page may have taken its place"
                    .to_owned()
            }
            Self::InsecureScheme { host } => {
                format!("use https or wss for {host}; this program connects with TLS only")
            }
            Self::Resolve { name, route, .. } => match route.is_direct() {
                true => format!(
                    "check that {name} is spelt right; where only a proxy knows such names, set \
                     HTTPS_PROXY"
                ),
                false => format!("check that {} is spelt right", proxy_name(route)),
            },
            Self::Connect {
                host, port, route, ..
            } if route.is_direct() => format!(
                "check that {host}:{port} is right and can be reached from here; where only a \
                 proxy may connect, set HTTPS_PROXY"
            ),
            Self::Connect {
                host, port, route, ..
            } => format!("check that {host}:{port} is right; the connection went {route}"),
            Self::Tls {
                host,
                port,
                fault,
                shown,
                ..
            } => tls_hint(&format!("{host}:{port}"), *fault, shown.as_deref()),
            Self::Proxy {
                route,
                fault: Some(fault),
                shown,
                ..
            } => tls_hint(&proxy_name(route), *fault, shown.as_deref()),
            Self::Proxy {
                route,
                refused: true,
                ..
            } => format!(
                "check that {} allows this host, and gets the credentials that it wants",
                proxy_name(route)
            ),
            Self::Proxy { route, .. } => format!(
                "check that {} is right, is running and can be reached from here",
                proxy_name(route)
            ),
            Self::ConnectTimeout {
                host,
                phase: Phase::Tls,
                ..
            } => format!(
                "the way to {host} is open, and then nothing came: check that it speaks TLS; some \
                 middleboxes drop the large first message of a post-quantum key exchange"
            ),
            Self::ConnectTimeout {
                host,
                phase: Phase::Upgrade,
                ..
            } => format!(
                "the connection to {host} was made, and then no answer came: check that it speaks \
                 WebSocket at this path; a proxy on the way may hold back what it does not know"
            ),
            Self::ConnectTimeout { host, route, .. } if route.is_direct() => format!(
                "check the network to {host}; where only a proxy may connect, set HTTPS_PROXY"
            ),
            Self::ConnectTimeout { host, route, .. } => format!(
                "check that {} answers, and that it can reach {host}",
                proxy_name(route)
            ),
            Self::UpgradeRefused { host, status } => refusal_hint(host, *status),
            Self::UpgradeFailed { source: error, .. } | Self::WebSocket(error) => {
                Mishap::of_websocket(error).hint()?.to_owned()
            }
            Self::Http(error) => Mishap::of_http(error).hint()?.to_owned(),
            Self::Configuration { .. } => return None,
        })
    }
}

fn tls_hint(host: &str, fault: TlsFault, shown: Option<&str>) -> String {
    match fault {
        TlsFault::Version => {
            format!("{host} has to speak TLS 1.2 or 1.3; what is older is not safe any more")
        }
        TlsFault::Parameters => format!(
            "tell the operator of {host}; it may also want a client certificate, and say so badly"
        ),
        TlsFault::CutOff => format!(
            "check that {host} is right; a firewall or a proxy may close what it does not know or \
             allow"
        ),
        TlsFault::NotTls => format!(
            "check the port of {host}; if it is right, the server speaks no TLS there, or a proxy \
             answered in its place"
        ),
        TlsFault::ClientCertificateRequired => format!(
            "{host} knows its clients by certificate: the program has to be given one (a client \
             identity) that its operator accepts"
        ),
        TlsFault::ClientCertificateRefused => format!(
            "check that {} is what {host} expects, and has not expired",
            shown.unwrap_or("the client certificate")
        ),
        TlsFault::ClientCertificateInDoubt => format!(
            "if it goes on like this, ask the operator of {host} which client certificate it \
             expects; it was shown {}",
            shown.unwrap_or("none")
        ),
        TlsFault::ClientCertificateNotAsked => format!(
            "if {host} knows its clients by certificate and the network inspects TLS, the \
             certificate cannot arrive: ask for {host} to be exempt from inspection"
        ),
        TlsFault::Alert | TlsFault::Other => {
            format!("check that {host} is right and speaks TLS 1.2 or 1.3")
        }
    }
}

fn refusal_hint(host: &str, status: StatusCode) -> String {
    match status.as_u16() {
        300..=399 => format!(
            "{host} redirects, and a WebSocket follows no redirect: use the URL that it names, \
             or sign in first"
        ),
        401 | 403 => {
            format!("check the credentials that {host} is sent, and that they allow this")
        }
        404 | 405 | 410 => format!("check the path of the URL: {host} has no WebSocket there"),
        407 => format!("a proxy answered in place of {host}: check its credentials"),
        426 => format!("{host} wants another version or protocol at this path"),
        408 | 425 | 429 | 500..=599 => {
            format!("{host} cannot accept a WebSocket now: try again later")
        }
        _ => format!(
            "check that {host} speaks WebSocket at this path, and what it wants to be sent; the \
             connection itself was made"
        ),
    }
}

fn proxy_name(route: &Route) -> String {
    let proxy = route.proxy().unwrap_or_default();
    let named_by = route.variable().unwrap_or("the program");
    format!("the proxy {proxy}, which {named_by} names,")
}

fn proxy_hint(variable: Option<&str>) -> String {
    let url = "http://HOST:PORT, https://HOST:PORT or socks5h://HOST:PORT";
    match variable {
        Some(variable) if variable.eq_ignore_ascii_case("NO_PROXY") => {
            format!("write {variable} as host names and addresses with commas, or unset it")
        }
        Some(variable) => format!("write {variable} as {url}, or unset it"),
        None => format!("write the proxy as {url}"),
    }
}
