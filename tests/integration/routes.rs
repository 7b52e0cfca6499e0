//! Ways through proxies beyond the parity matrix, and proxies that give no way: the same for
//! both transports, and never a direct connection instead.

use std::time::{Duration, Instant};

use trusted_transport::{Peer, ProxyPolicy, Refusal};
use trusted_transport_lab::{Authority, Origin, Proxy, ProxyBuilder, ProxyRequest};

use crate::support::{self, HOST, Outcome};

struct World {
    authority: Authority,
    origin: Origin,
}

impl World {
    async fn new() -> Self {
        let authority = Authority::root("Root");
        let origin = Origin::https(authority.issue(&[HOST, "127.0.0.1", "::1"])).await;
        Self {
            authority,
            origin: origin.expect("an origin"),
        }
    }

    fn through(&self, url: String) -> trusted_transport::TrustedTransport {
        let builder = support::trusting(&[&self.authority]).proxy(ProxyPolicy::all(url));
        support::built(builder, &self.origin)
    }

    /// Both transports say that the proxy gives no way, and the origin has seen nothing.
    async fn no_way(&self, url: String, retryable: bool) {
        let errors = support::both_errors(&self.through(url), self.origin.port()).await;
        for error in &errors {
            assert_eq!(error.kind(), "proxy", "{error:?}");
            assert!(
                error.hint().is_some_and(|hint| hint.contains("proxy")),
                "{error:?}"
            );
            assert_eq!(error.is_retryable(), retryable, "{error:?}");
        }
        assert_eq!(
            self.origin.connections(),
            0,
            "there was a direct connection"
        );
    }
}

async fn started(builder: ProxyBuilder) -> Proxy {
    builder.start().await.expect("a proxy")
}

#[tokio::test]
async fn socks_proxies_resolve_names_or_not_as_their_scheme_says() {
    let world = World::new().await;
    let port = world.origin.port();
    let (name, address) = (format!("{HOST}:{port}"), format!("127.0.0.1:{port}"));
    for (scheme, kind, target) in [
        ("socks4", ProxyRequest::Socks4, &address),
        ("socks4a", ProxyRequest::Socks4a, &name),
        ("socks5", ProxyRequest::Socks5, &address),
        ("socks5h", ProxyRequest::Socks5, &name),
    ] {
        let proxy = started(Proxy::socks()).await;
        let transport = world.through(proxy.url(scheme));
        let outcome = support::both(&transport, &world.origin, "https").await;
        assert_eq!(outcome, Outcome::Connected, "{scheme}");
        let seen = proxy.seen();
        assert_eq!(seen.len(), 2, "{scheme}");
        for request in seen {
            assert_eq!((request.kind, &request.target), (kind, target), "{scheme}");
        }
    }
}

#[tokio::test]
async fn socks_credentials_reach_the_proxy_and_wrong_ones_lead_nowhere() {
    let world = World::new().await;
    let proxy = started(Proxy::socks().credentials("user", "secret")).await;
    let right = world.through(proxy.url_with("socks5h", "user", "secret"));
    assert_eq!(
        support::both(&right, &world.origin, "https").await,
        Outcome::Connected
    );

    let world = World::new().await;
    world
        .no_way(proxy.url_with("socks5h", "user", "wrong"), false)
        .await;
    world.no_way(proxy.url("socks5h"), false).await;
}

#[tokio::test]
async fn a_proxy_that_refuses_is_an_error_and_never_a_direct_connection() {
    let world = World::new().await;
    let guarded = || Proxy::http().credentials("user", "secret");
    for (builder, scheme) in [
        (Proxy::http().refuse(403), "http"),
        (Proxy::http().refuse(502), "http"),
        (guarded(), "http"),
        (
            guarded().tls(world.authority.issue(&["127.0.0.1"])),
            "https",
        ),
    ] {
        let proxy = started(builder).await;
        world.no_way(proxy.url(scheme), false).await;
        let seen = proxy.seen();
        assert_eq!(seen.len(), 2, "{scheme}");
        assert!(seen.iter().all(|request| !request.granted));
    }
}

#[tokio::test]
async fn a_dead_proxy_is_an_error_and_never_a_direct_connection() {
    let world = World::new().await;
    let (_dead, address) = support::dead_address();
    // What a SOCKS connector says cannot be told apart.
    for (scheme, retryable) in [
        ("http", true),
        ("https", true),
        ("socks5h", false),
        ("socks4a", false),
    ] {
        world
            .no_way(format!("{scheme}://{address}"), retryable)
            .await;
    }
}

#[tokio::test]
async fn a_proxy_that_never_answers_ends_with_the_deadline() {
    let world = World::new().await;
    let deadline = Duration::from_millis(300);
    for (builder, scheme) in [
        (Proxy::http(), "http"),
        (Proxy::http(), "https"),
        (Proxy::socks(), "socks5h"),
    ] {
        let proxy = started(builder.silent()).await;
        let builder = support::trusting(&[&world.authority])
            .proxy(ProxyPolicy::all(proxy.url(scheme)))
            .connect_timeout(deadline);
        let transport = support::built(builder, &world.origin);
        let begin = Instant::now();
        let errors = support::both_errors(&transport, world.origin.port()).await;
        assert!(begin.elapsed() >= 2 * deadline, "both waited");
        for error in errors {
            assert_eq!(error.kind(), "connect_timeout", "{scheme}: {error:?}");
            assert!(error.to_string().contains("the limit is 0.3 s"), "{error}");
        }
    }
    assert_eq!(world.origin.connections(), 0);
}

#[tokio::test]
async fn tls_to_a_proxy_is_under_the_same_policy() {
    let world = World::new().await;
    let unknown = Authority::root("Unknown");
    let proxy = started(Proxy::http().tls(unknown.issue(&["127.0.0.1"]))).await;
    let transport = world.through(proxy.url("https"));
    for error in support::both_errors(&transport, world.origin.port()).await {
        let failure = error.trust_failure().expect("a failure of trust");
        assert_eq!(failure.refusal(), Refusal::UnknownIssuer);
        assert_eq!(failure.peer(), Peer::Proxy, "{error}");
        assert!(error.to_string().contains(&proxy.url("https")), "{error}");
        assert!(!error.is_retryable());
    }
    assert!(
        proxy.seen().is_empty(),
        "nothing was asked of a proxy that is not trusted"
    );
}

#[tokio::test]
async fn connections_without_tls_take_the_same_routes() {
    let origin = Origin::plain().await.expect("an origin");
    let authority = Authority::root("Root");
    let direct = support::built(support::trusting(&[&authority]), &origin);
    assert_eq!(
        support::both(&direct, &origin, "http").await,
        Outcome::Connected
    );

    let proxy = started(Proxy::http().credentials("user", "secret")).await;
    let policy = ProxyPolicy::all(proxy.url_with("http", "user", "secret"));
    let proxied = support::built(support::trusting(&[&authority]).proxy(policy), &origin);
    assert_eq!(
        support::both(&proxied, &origin, "http").await,
        Outcome::Connected
    );

    let front = Proxy::http().tls(authority.issue(&["127.0.0.1"]));
    let front = started(front).await;
    let policy = ProxyPolicy::all(front.url("https"));
    let fronted = support::trusting(&[&authority]).proxy(policy);
    let fronted = support::built(fronted, &origin);
    assert_eq!(
        support::both(&fronted, &origin, "http").await,
        Outcome::Connected
    );

    let kinds: Vec<_> = proxy
        .seen()
        .into_iter()
        .map(|request| request.kind)
        .collect();
    assert_eq!(kinds, [ProxyRequest::Forward, ProxyRequest::Connect]);
    for request in origin.seen() {
        assert!(
            !request.headers.contains_key("proxy-authorization"),
            "{request:?}"
        );
    }
}

#[tokio::test]
async fn an_ipv6_address_goes_through_a_proxy_or_says_that_it_cannot() {
    let world = World::new().await;
    let proxy = started(Proxy::http()).await;
    let transport = world.through(proxy.url("http"));
    let url = |scheme| format!("{scheme}://[::1]:{}/", world.origin.port());

    let error = support::get(&transport, &url("https"))
        .await
        .expect_err("not with HTTP");
    assert_eq!(error.kind(), "invalid_request", "{error:?}");
    assert_eq!(proxy.connections(), 0);

    // The lab listens on IPv4 only: the proxy is asked, and finds nobody.
    let error = support::echo(&transport, &url("wss"))
        .await
        .expect_err("nobody listens");
    assert_eq!(error.kind(), "proxy", "{error:?}");
    assert_eq!(
        proxy.seen()[0].target,
        format!("[::1]:{}", world.origin.port())
    );
}

#[tokio::test]
async fn a_redirect_to_an_ipv6_address_is_as_impossible_as_the_address_itself() {
    let world = World::new().await;
    let proxy = started(Proxy::http()).await;
    let transport = world.through(proxy.url("http"));
    let path = format!("/redirect?to=https://[::1]:{}/", world.origin.port());
    let error = support::get(&transport, &world.origin.url("https", HOST, &path)).await;
    let error = error.expect_err("not with HTTP");
    assert_eq!(error.kind(), "invalid_request", "{error:?}");
}

#[tokio::test]
async fn a_socks4_proxy_is_given_the_ipv4_address_of_a_host_that_has_both() {
    let world = World::new().await;
    let proxy = started(Proxy::socks()).await;
    let six = (std::net::Ipv6Addr::LOCALHOST, world.origin.port()).into();
    let transport = support::trusting(&[&world.authority])
        .proxy(ProxyPolicy::all(proxy.url("socks4")))
        .resolve(HOST, [six, world.origin.addr()])
        .build()
        .expect("built");
    let outcome = support::both(&transport, &world.origin, "https").await;
    assert_eq!(outcome, Outcome::Connected);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_proxy_that_cannot_be_reached_ends_with_the_deadline() {
    let world = World::new().await;
    let hole = support::BlackHole::at(([127, 0, 0, 1], 0).into());
    for scheme in ["http", "https"] {
        let builder = support::trusting(&[&world.authority])
            .proxy(ProxyPolicy::all(format!(
                "{scheme}://127.0.0.1:{}",
                hole.port()
            )))
            .connect_timeout(Duration::from_millis(300));
        let transport = support::built(builder, &world.origin);
        for error in support::both_errors(&transport, world.origin.port()).await {
            assert_eq!(error.kind(), "connect_timeout", "{scheme}: {error:?}");
        }
    }
}

#[tokio::test]
async fn an_address_without_tls_goes_through_every_socks_proxy() {
    let origin = Origin::plain().await.expect("an origin");
    let authority = Authority::root("Root");
    let address = format!("127.0.0.1:{}", origin.port());
    for scheme in ["socks4", "socks4a", "socks5", "socks5h"] {
        let proxy = started(Proxy::socks()).await;
        let policy = ProxyPolicy::all(proxy.url(scheme));
        let transport = support::trusting(&[&authority])
            .proxy(policy)
            .build()
            .expect("built");
        assert_eq!(
            support::https(&transport, &format!("http://{address}/")).await,
            Outcome::Connected
        );
        assert_eq!(
            support::wss(&transport, &format!("ws://{address}/")).await,
            Outcome::Connected
        );
        // Nobody listens there, but the proxy is asked on both transports.
        let six = format!("[::1]:{}", origin.port());
        if scheme.starts_with("socks5") {
            support::get(&transport, &format!("http://{six}/"))
                .await
                .expect_err("nobody");
            support::echo(&transport, &format!("ws://{six}/"))
                .await
                .expect_err("nobody");
            let asked: Vec<_> = proxy.seen().into_iter().map(|seen| seen.target).collect();
            assert_eq!(asked, [&*address, &*address, &*six, &*six], "{scheme}");
        }
    }
}

#[tokio::test]
async fn no_secret_of_a_proxy_is_shown() {
    let world = World::new().await;
    let proxy = started(Proxy::http().refuse(403)).await;
    let transport = world.through(proxy.url_with("http", "alice", "s3cret-word"));
    let mut shown = format!("{transport:?} {:?}", transport.http());
    for error in support::both_errors(&transport, world.origin.port()).await {
        shown += &format!("{error} {error:?} {:?}", error.hint());
    }
    assert!(
        !shown.contains("s3cret") && !shown.contains("alice"),
        "{shown}"
    );
    let basic = "YWxpY2U6czNjcmV0LXdvcmQ=";
    assert!(!shown.contains(basic), "{shown}");
    assert_eq!(
        proxy.seen()[0].credentials.as_deref(),
        Some("alice:s3cret-word")
    );
}
