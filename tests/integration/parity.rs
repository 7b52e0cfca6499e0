//! Every route with every kind of certificate: HTTPS and WSS take the same way and reach the
//! same verdict, seen on the far side.

use trusted_transport::{ProxyPolicy, Refusal};
use trusted_transport_lab::{Authority, EndEntity, Origin, Proxy, ProxyRequest, Validity};

use crate::support::{self, HOST, Outcome};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Direct,
    Connect,
    ConnectWithCredentials,
    HttpsProxy,
    Socks5h,
    Intercepted,
    NoProxyMatch,
}

#[derive(Clone, Copy, Debug)]
enum Presented {
    Trusted,
    UntrustedIssuer,
    WrongHost,
    Expired,
}

struct World {
    public: Authority,
    corporate: Authority,
    unknown: Authority,
}

#[tokio::test]
async fn https_and_wss_never_differ() {
    let world = World {
        public: Authority::root("Public Root"),
        corporate: Authority::root("Corporate Root"),
        unknown: Authority::root("Unknown Root"),
    };
    use {Presented::*, Way::*};
    for way in [
        Direct,
        Connect,
        ConnectWithCredentials,
        HttpsProxy,
        Socks5h,
        Intercepted,
        NoProxyMatch,
    ] {
        for presented in [Trusted, UntrustedIssuer, WrongHost, Expired] {
            world.cell(way, presented).await;
        }
    }
}

impl World {
    async fn cell(&self, way: Way, presented: Presented) {
        let origin = Origin::https(self.end_entity(way, presented))
            .await
            .expect("an origin");
        let proxy = self.proxy(way, presented).await;
        let builder = support::trusting(&[&self.public, &self.corporate]);
        let transport = support::built(builder.proxy(policy(way, proxy.as_ref())), &origin);

        let outcome = support::both(&transport, &origin, "https").await;

        assert_eq!(outcome, expected(way, presented), "{way:?} {presented:?}");
        self.check_origin(&origin, way, outcome);
        if let Some(proxy) = proxy {
            check_proxy(&proxy, &origin, way);
        }
    }

    /// Behind an interceptor the origin is sound where the interceptor is to be judged.
    fn end_entity(&self, way: Way, presented: Presented) -> EndEntity {
        let public = self.public.intermediate("Public Intermediate");
        match presented {
            Presented::Trusted => public.issue(&[HOST]),
            Presented::UntrustedIssuer if way == Way::Intercepted => public.issue(&[HOST]),
            Presented::UntrustedIssuer => self.unknown.issue(&[HOST]),
            Presented::WrongHost => public.issue(&["other.test"]),
            Presented::Expired => public.issue_with(&[HOST], Validity::Expired),
        }
    }

    async fn proxy(&self, way: Way, presented: Presented) -> Option<Proxy> {
        let interceptor = match presented {
            Presented::UntrustedIssuer => &self.unknown,
            _ => &self.corporate,
        };
        let builder = match way {
            Way::Direct => return None,
            Way::Connect | Way::NoProxyMatch => Proxy::http(),
            Way::ConnectWithCredentials => Proxy::http().credentials("user", "pass word"),
            Way::HttpsProxy => Proxy::http().tls(self.corporate.issue(&["127.0.0.1"])),
            Way::Socks5h => Proxy::socks(),
            Way::Intercepted => {
                Proxy::intercepting(interceptor.clone()).upstream_root(&self.public)
            }
        };
        Some(builder.start().await.expect("a proxy"))
    }

    fn check_origin(&self, origin: &Origin, way: Way, outcome: Outcome) {
        let seen = origin.seen();
        if outcome != Outcome::Connected {
            assert!(seen.is_empty(), "{way:?}: {seen:?}");
            return;
        }
        let [request, upgrade] = &seen[..] else {
            panic!("{way:?}: {seen:?}");
        };
        assert!(!request.websocket && upgrade.websocket, "{way:?}: {seen:?}");
        for (request, alpn) in [(request, "h2"), (upgrade, "http/1.1")] {
            let tls = request.tls.as_ref().expect("TLS to the origin");
            assert_eq!(tls.alpn.as_deref(), Some(alpn), "{way:?}");
            assert_eq!(tls.sni.as_deref(), Some(HOST), "{way:?}");
            let leaked = request.headers.contains_key("proxy-authorization");
            assert!(!leaked, "{way:?}: {request:?}");
        }
    }
}

fn policy(way: Way, proxy: Option<&Proxy>) -> ProxyPolicy {
    let Some(proxy) = proxy else {
        return ProxyPolicy::Direct;
    };
    let url = match way {
        Way::ConnectWithCredentials => proxy.url_with("http", "user", "pass word"),
        Way::HttpsProxy => proxy.url("https"),
        Way::Socks5h => proxy.url("socks5h"),
        _ => proxy.url("http"),
    };
    let policy = ProxyPolicy::all(url);
    match way {
        Way::NoProxyMatch => policy.no_proxy("other.example, test"),
        _ => policy,
    }
}

fn expected(way: Way, presented: Presented) -> Outcome {
    match presented {
        Presented::Trusted => Outcome::Connected,
        Presented::UntrustedIssuer => Outcome::Refused(Refusal::UnknownIssuer),
        // The interceptor itself refuses such an origin, and hangs up.
        _ if way == Way::Intercepted => Outcome::Failed("tls"),
        Presented::WrongHost => Outcome::Refused(Refusal::WrongHost),
        Presented::Expired => Outcome::Refused(Refusal::Expired),
    }
}

/// One request of each transport, alike in all that a proxy can tell.
fn check_proxy(proxy: &Proxy, origin: &Origin, way: Way) {
    if way == Way::NoProxyMatch {
        assert_eq!(proxy.connections(), 0, "NO_PROXY was not obeyed");
        return;
    }
    let kind = match way {
        Way::Socks5h => ProxyRequest::Socks5,
        _ => ProxyRequest::Connect,
    };
    let credentials = (way == Way::ConnectWithCredentials).then_some("user:pass word");
    let seen = proxy.seen();
    assert_eq!(seen.len(), 2, "{way:?}: {seen:?}");
    for request in seen {
        assert_eq!(request.kind, kind, "{way:?}");
        assert_eq!(
            request.target,
            format!("{HOST}:{}", origin.port()),
            "{way:?}"
        );
        assert_eq!(request.credentials.as_deref(), credentials, "{way:?}");
        assert!(request.granted, "{way:?}");
        assert_eq!(request.intercepted, way == Way::Intercepted, "{way:?}");
    }
}
