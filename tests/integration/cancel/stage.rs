//! One route to an origin, with a relay where the client begins.

use trusted_transport::{HttpClient, ProxyPolicy, TrustedTransport};
use trusted_transport_lab::{Authority, Origin, Proxy};

use super::relay::Relay;
use super::soon;
use crate::support::{self, HOST};

/// A kind of route.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Way {
    Direct,
    Connect,
    Https,
    Intercepted,
    Socks5,
    Socks5h,
}

pub(crate) struct Stage {
    pub(crate) way: Way,
    pub(crate) transport: TrustedTransport,
    pub(crate) relay: Relay,
    pub(crate) origin: Origin,
    port: u16,
    _proxy: Option<Proxy>,
}

impl Stage {
    /// What servers say comes in pieces of this size.
    pub(crate) async fn new(way: Way, piece: usize) -> Self {
        let [root, company] = ["Root", "Company"].map(Authority::root);
        let origin = Origin::https(root.issue(&[HOST])).await.expect("an origin");
        let builder = support::trusting(&[&root, &company]);
        let (scheme, proxy) = match way {
            Way::Direct => ("", None),
            Way::Connect => ("http", Some(Proxy::http())),
            Way::Https => ("https", Some(Proxy::http().tls(root.issue(&["127.0.0.1"])))),
            Way::Intercepted => {
                let proxy = Proxy::intercepting(company.clone()).upstream_root(&root);
                ("http", Some(proxy))
            }
            Way::Socks5 => ("socks5", Some(Proxy::socks())),
            Way::Socks5h => ("socks5h", Some(Proxy::socks())),
        };
        let _proxy = match proxy {
            Some(proxy) => Some(proxy.start().await.expect("a proxy")),
            None => None,
        };
        let first = _proxy.as_ref().map_or(origin.addr(), Proxy::addr);
        let relay = Relay::to(first, piece).await;
        let (builder, port) = match way {
            Way::Direct => (builder, relay.address().port()),
            _ => {
                let proxy = format!("{scheme}://{}", relay.address());
                (builder.proxy(ProxyPolicy::all(proxy)), origin.port())
            }
        };
        Self {
            way,
            transport: support::built(builder, &origin),
            relay,
            origin,
            port,
            _proxy,
        }
    }

    pub(crate) fn url(&self, scheme: &str) -> String {
        format!("{scheme}://{HOST}:{}/", self.port)
    }

    /// What is said is what is answered: an answer that was meant for another request shows.
    pub(crate) async fn post(&self, client: &HttpClient, body: &str) -> String {
        let request = client.post(self.url("https")).body(body.to_owned());
        let response = request.send().await.expect("a response");
        response.text().await.expect("a body")
    }

    /// The client has no connection open, or will have none in a moment.
    pub(crate) async fn is_left(&self) {
        assert!(
            soon(|| self.relay.open() == 0).await,
            "{:?}: {} connections are left",
            self.way,
            self.relay.open()
        );
    }
}

/// Runs it on every way at once.
pub(crate) async fn on_every_way(run: impl AsyncFn(Way)) {
    tokio::join!(
        run(Way::Direct),
        run(Way::Connect),
        run(Way::Https),
        run(Way::Intercepted),
        run(Way::Socks5),
        run(Way::Socks5h),
    );
}

/// Small enough for a wait in the middle of a record, a head and a frame.
pub(crate) const PIECE: usize = 200;
