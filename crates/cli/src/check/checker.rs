//! One URL: a connection for what it is like and how long it takes, then the request or the
//! WebSocket, then another connection for the session. Each URL has a token of its own, so that
//! none resumes the session of another.

use std::time::{Duration, Instant};

use tracing_subscriber::util::SubscriberInitExt;
use trusted_transport::http::{header, redirect};
use trusted_transport::{
    CaPolicy, KeyExchange, Phase, Route, TlsFault, TransportBuilder, TransportError,
    TrustedTransport, WebSocket,
};

use super::facts::{CheckResult, milliseconds};
use crate::target::{Scheme, Target};

/// Connects under the CA policy and the proxies of the environment.
pub(crate) struct Checker {
    pub(crate) transport: TrustedTransport,
    timeout: Duration,
}

/// What the other side said.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) protocol: String,
    socket: Option<WebSocket>,
}

impl Checker {
    pub(crate) fn from_env(timeout: Duration) -> Result<Self, TransportError> {
        let anchors = CaPolicy::from_env().load()?;
        let transport = TrustedTransport::builder(anchors).build()?;
        gather_entropy(&transport);
        Ok(Self { transport, timeout })
    }

    pub(crate) async fn check(&self, target: &Target) -> CheckResult {
        let route = self.transport.route(&target.url).ok();
        let mut result = CheckResult::new(target, route.as_ref());
        match self.token(|it| it) {
            Ok(token) => self.check_with(&token, target, route, &mut result).await,
            Err(error) => result.add_error(&error),
        }
        result
    }

    async fn check_with(
        &self,
        token: &TrustedTransport,
        target: &Target,
        route: Option<Route>,
        result: &mut CheckResult,
    ) {
        let start = Instant::now();
        let is_forwarded = target.scheme == Scheme::Http && route.is_some_and(|it| !it.is_direct());
        let probed = match is_forwarded {
            // A proxy that forwards plain HTTP need not allow a tunnel to it.
            true => Ok(None),
            false => token.probe(&target.url).await.map(Some),
        };
        let answer = match probed {
            Ok(probe) => {
                result.add_probe(probe.as_ref());
                let connected = Instant::now();
                let answer = self.ask(token, target).await;
                result.phases_ms.request = Some(milliseconds(connected.elapsed()));
                answer
            }
            Err(error) => Err(error),
        };
        result.elapsed_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
        match answer {
            Ok(answer) => {
                result.add_answer(&answer);
                answer.say_farewell().await;
            }
            Err(TransportError::UpgradeRefused { status, .. }) if target.is_twin => {
                result.ok = true;
                result.status = Some(status.as_u16());
            }
            Err(error) => {
                result.add_error(&error);
                result.classical_only_helps = self.classical_helps(target, &error).await;
            }
        }
        if let (Some(tls), Some(_)) = (&mut result.tls, result.status) {
            tls.resumed = is_resumed(token, target).await;
        }
    }

    async fn ask(
        &self,
        token: &TrustedTransport,
        target: &Target,
    ) -> Result<Answer, TransportError> {
        match target.scheme {
            Scheme::Wss | Scheme::Ws => {
                let request = token.websocket(target.url.as_str());
                let (socket, response) = request.header(header::USER_AGENT, USER_AGENT).await?;
                Ok(Answer {
                    status: response.status().as_u16(),
                    protocol: format!("{:?}", response.version()),
                    socket: Some(socket),
                })
            }
            Scheme::Https | Scheme::Http => {
                let client = token
                    .http()
                    .redirect(redirect::Policy::none())
                    .timeout(2 * self.timeout)
                    .user_agent(USER_AGENT)
                    .build()?;
                let response = client.get(&target.url).send().await?;
                Ok(Answer {
                    status: response.status().as_u16(),
                    protocol: format!("{:?}", response.version()),
                    socket: None,
                })
            }
        }
    }

    /// Whether something on the way drops the large first message of a post-quantum key exchange;
    /// `None` if it does not look like it.
    async fn classical_helps(&self, target: &Target, error: &TransportError) -> Option<bool> {
        if !may_be_too_large(error) {
            return None;
        }
        let token = self.token(|it| it.key_exchange(KeyExchange::Classical));
        Some(token.ok()?.probe(&target.url).await.is_ok())
    }

    fn token(
        &self,
        with: impl FnOnce(TransportBuilder) -> TransportBuilder,
    ) -> Result<TrustedTransport, TransportError> {
        let builder = TrustedTransport::builder(self.transport.anchors());
        quietly(|| with(builder.connect_timeout(self.timeout)).build())
    }
}

impl Answer {
    /// The socket is open, which is all that was asked; a bad farewell changes nothing.
    async fn say_farewell(self) {
        if let Some(mut socket) = self.socket {
            let _ = tokio::time::timeout(FAREWELL, socket.close(None)).await;
        }
    }
}

/// The log tells of the policy of the environment, and not of what else is compared with it.
pub(super) fn quietly<T>(build: impl FnOnce() -> T) -> T {
    let _nobody = tracing_subscriber::registry().set_default();
    build()
}

/// The first handshake of a process waits for it, up to some tenths of a second, and no server
/// shall be blamed.
fn gather_entropy(transport: &TrustedTransport) {
    let config = transport.rustls_config();
    // If there is none, the handshake says so.
    let _ = config.crypto_provider().secure_random.fill(&mut [0; 32]);
}

async fn is_resumed(token: &TrustedTransport, target: &Target) -> Option<bool> {
    let probe = token.probe(&target.url).await;
    Some(probe.ok()?.tls?.resumed)
}

fn may_be_too_large(error: &TransportError) -> bool {
    match error {
        TransportError::ConnectTimeout { phase, .. } => *phase == Phase::Tls,
        TransportError::Tls { fault, .. } => *fault == TlsFault::CutOff,
        _ => false,
    }
}

const FAREWELL: Duration = Duration::from_secs(1);
const USER_AGENT: &str = concat!("trusted-transport-cli/", env!("CARGO_PKG_VERSION"));
