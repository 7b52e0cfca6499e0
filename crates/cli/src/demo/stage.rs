//! The servers and clients of the demo: three certificate authorities, an origin, two
//! intercepting proxies, a raw client, and a token for each route.

use std::error::Error;
use std::fmt;

use trusted_transport::{
    BaseRoots, CaPolicy, ProxyPolicy, Refusal, TransportError, TrustedTransport, ws,
};
use trusted_transport_lab::{Authority, Origin, Proxy, RawClient, RawError};

/// What is tried.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Https,
    Wss,
}

/// Over which route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Direct,
    Company,
    Impostor,
}

/// What a client saw.
#[derive(Debug)]
pub(crate) enum Seen {
    Connected(String),
    UnknownIssuer,
    Failed(String),
}

pub(crate) struct Stage {
    pub(crate) origin: Origin,
    pub(crate) company: Proxy,
    pub(crate) impostor: Proxy,
    raw: RawClient,
    tokens: Tokens,
}

struct Tokens {
    direct: TrustedTransport,
    company: TrustedTransport,
    impostor: TrustedTransport,
}

impl Stage {
    pub(crate) async fn start() -> Result<Self, Box<dyn Error>> {
        let public = Authority::root("Demo Public Root");
        let company = Authority::root("Demo Company CA");
        let impostor = Authority::root("Demo Impostor CA");
        let proxy = |authority| {
            Proxy::intercepting(authority)
                .upstream_root(&public)
                .start()
        };

        let origin = Origin::https(public.issue(&[HOST])).await?;
        let policy = CaPolicy::platform()
            .base(BaseRoots::None)
            .bundle_pem("the lab's public root", public.pem())
            .bundle_pem("the lab's corporate CA", company.pem());
        let (company, impostor) = (proxy(company).await?, proxy(impostor).await?);
        Ok(Self {
            raw: RawClient::new(&[public.der()]),
            tokens: Tokens::new(&policy, &origin, &company, &impostor)?,
            origin,
            company,
            impostor,
        })
    }

    pub(crate) async fn raw(&self, kind: Kind, way: Way) -> Seen {
        let proxy = self.proxy(way).map(|proxy| proxy.url("http"));
        let resolve = proxy.is_none().then(|| (HOST, self.origin.addr()));
        let (url, proxy) = (self.url(kind), proxy.as_deref());
        let outcome = match kind {
            Kind::Https => self.raw.https(&url, proxy, resolve).await,
            Kind::Wss => self.raw.wss(&url, proxy, resolve).await,
        };
        Seen::by_raw(outcome)
    }

    pub(crate) async fn token(&self, kind: Kind, way: Way) -> Seen {
        let token = self.tokens.of(way);
        let url = self.url(kind);
        let outcome = match kind {
            Kind::Https => get(token, &url).await,
            Kind::Wss => echo(token, &url).await,
        };
        outcome.unwrap_or_else(|error| Seen::by_token(&error))
    }

    pub(crate) fn proxy(&self, way: Way) -> Option<&Proxy> {
        match way {
            Way::Direct => None,
            Way::Company => Some(&self.company),
            Way::Impostor => Some(&self.impostor),
        }
    }

    /// What a proxy is asked for.
    pub(crate) fn target(&self) -> String {
        format!("{HOST}:{}", self.origin.port())
    }

    fn url(&self, kind: Kind) -> String {
        match kind {
            Kind::Https => self.origin.url("https", HOST, "/"),
            Kind::Wss => self.origin.url("wss", HOST, "/echo"),
        }
    }
}

impl Tokens {
    fn new(
        policy: &CaPolicy,
        origin: &Origin,
        company: &Proxy,
        impostor: &Proxy,
    ) -> Result<Self, TransportError> {
        let anchors = policy.load()?;
        let token = |proxy| {
            TrustedTransport::builder(anchors.clone())
                .proxy(proxy)
                .resolve(HOST, [origin.addr()])
                .build()
        };
        Ok(Self {
            direct: token(ProxyPolicy::Direct)?,
            company: token(ProxyPolicy::all(company.url("http")))?,
            impostor: token(ProxyPolicy::all(impostor.url("http")))?,
        })
    }

    fn of(&self, way: Way) -> &TrustedTransport {
        match way {
            Way::Direct => &self.direct,
            Way::Company => &self.company,
            Way::Impostor => &self.impostor,
        }
    }
}

async fn get(token: &TrustedTransport, url: &str) -> Result<Seen, TransportError> {
    let response = token.http().build()?.get(url).send().await?;
    Ok(Seen::answered(response.status().as_u16()))
}

async fn echo(token: &TrustedTransport, url: &str) -> Result<Seen, TransportError> {
    let (mut socket, response) = token.websocket(url).await?;
    let said = ws::Message::text("hello");
    socket
        .send(said.clone())
        .await
        .map_err(TransportError::WebSocket)?;
    Ok(match socket.next().await {
        Some(Ok(heard)) if heard == said => {
            Seen::Connected(format!("{} + echo", response.status().as_u16()))
        }
        _ => Seen::Failed("no echo".to_owned()),
    })
}

impl Seen {
    fn answered(status: u16) -> Self {
        match status {
            101 | 200 => Self::Connected(status.to_string()),
            _ => Self::Failed(format!("status {status}")),
        }
    }

    fn by_raw(outcome: Result<u16, RawError>) -> Self {
        match outcome {
            Ok(status) => Self::answered(status),
            // A raw client has nothing better than the text of its innermost cause.
            Err(error) => match error.to_string() {
                text if text.ends_with("UnknownIssuer") => Self::UnknownIssuer,
                text => Self::Failed(text),
            },
        }
    }

    fn by_token(error: &TransportError) -> Self {
        match error.trust_failure().map(|failure| failure.refusal()) {
            Some(Refusal::UnknownIssuer) => Self::UnknownIssuer,
            _ => Self::Failed(error.to_string()),
        }
    }
}

impl Way {
    /// Nobody told it of the company's CA.
    pub(crate) fn raw_connects(self) -> bool {
        self == Self::Direct
    }

    pub(crate) fn token_connects(self) -> bool {
        self != Self::Impostor
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Https => "HTTPS GET",
            Self::Wss => "WSS echo",
        })
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Direct => "direct",
            Self::Company => "company's proxy",
            Self::Impostor => "impostor's proxy",
        })
    }
}

const HOST: &str = "origin.test";
