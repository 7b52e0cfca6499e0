//! What is known of one URL after it was checked, as JSON has it. Every key is always there.

use std::time::Duration;

use serde::Serialize;
use trusted_transport::{
    Interception, Peer, Phase, PresentedCertificate, Probe, Route, TransportError, VerifiedBy,
};

use super::checker::Answer;
use super::judges::WouldVerify;
use crate::explain::Explanation;
use crate::target::Target;

#[derive(Serialize)]
pub(crate) struct CheckResult {
    /// Without query, fragment and credentials.
    pub(crate) url: String,
    pub(crate) ok: bool,
    /// `direct`, or the URL of the proxy without credentials.
    pub(crate) route: Option<String>,
    /// Why that way is taken.
    pub(crate) route_reason: Option<String>,
    pub(crate) transport: &'static str,
    pub(crate) status: Option<u16>,
    pub(crate) protocol: Option<String>,
    pub(crate) tls: Option<Tls>,
    /// What was presented, by whoever was refused if somebody was.
    pub(crate) chain: Vec<PresentedCertificate>,
    pub(crate) verified_by: Option<Verified>,
    pub(crate) would_verify: WouldVerify,
    pub(crate) phases_ms: Phases,
    pub(crate) elapsed_ms: u64,
    /// Whether the connection is made without post-quantum key exchange, where it looked like it.
    pub(crate) classical_only_helps: Option<bool>,
    pub(crate) error: Option<Failure>,
}

#[derive(Serialize)]
pub(crate) struct Tls {
    pub(crate) version: &'static str,
    pub(crate) key_exchange: Option<String>,
    pub(crate) cipher_suite: Option<String>,
    pub(crate) alpn: Option<String>,
    /// Whether another connection went on with the session; `None` if that was not tried.
    pub(crate) resumed: Option<bool>,
}

#[derive(Default, Serialize)]
pub(crate) struct Verified {
    /// `anchor`, `pinned` or `operating_system`.
    pub(crate) kind: &'static str,
    pub(crate) subject: Option<String>,
    pub(crate) sha256: Option<String>,
    pub(crate) file: Option<String>,
    pub(crate) position: Option<usize>,
}

/// In milliseconds; what did not take place has none.
#[derive(Default, Serialize)]
pub(crate) struct Phases {
    pub(crate) resolve: Option<f64>,
    pub(crate) connect: Option<f64>,
    pub(crate) proxy: Option<f64>,
    pub(crate) tls: Option<f64>,
    /// The request on a connection of its own, or the WebSocket's.
    pub(crate) request: Option<f64>,
}

/// An error, and what more there is to say of a connection.
#[derive(Serialize)]
pub(crate) struct Failure {
    #[serde(flatten)]
    pub(crate) explanation: Explanation,
    pub(crate) refusal: Option<&'static str>,
    /// `host` or `proxy`: whose certificate was refused.
    pub(crate) peer: Option<&'static str>,
    pub(crate) missing_issuer: Option<String>,
    /// `product`, `private_issuer` or `unlikely`.
    pub(crate) interception: Option<&'static str>,
    pub(crate) product: Option<&'static str>,
    pub(crate) phase: Option<&'static str>,
    pub(crate) fault: Option<&'static str>,
}

impl CheckResult {
    pub(crate) fn new(target: &Target, route: Option<&Route>) -> Self {
        Self {
            url: target.shown.clone(),
            ok: false,
            route: route.map(way),
            route_reason: route.map(reason),
            transport: target.scheme.as_str(),
            status: None,
            protocol: None,
            tls: None,
            chain: Vec::new(),
            verified_by: None,
            would_verify: WouldVerify::default(),
            phases_ms: Phases::default(),
            elapsed_ms: 0,
            classical_only_helps: None,
            error: None,
        }
    }

    /// Whether a certificate was refused.
    pub(crate) fn is_refused(&self) -> bool {
        let error = self.error.as_ref();
        error.is_some_and(|error| error.refusal.is_some())
    }

    pub(crate) fn add_probe(&mut self, probe: Option<&Probe>) {
        let Some(probe) = probe else { return };
        for (phase, duration) in &probe.phases {
            let phases = &mut self.phases_ms;
            let place = match phase {
                Phase::Resolve => &mut phases.resolve,
                Phase::Connect => &mut phases.connect,
                Phase::Proxy => &mut phases.proxy,
                Phase::Tls => &mut phases.tls,
                _ => continue,
            };
            *place = Some(place.unwrap_or_default() + milliseconds(*duration));
        }
        if let Some(tls) = &probe.tls {
            self.tls = Some(Tls {
                version: tls.version,
                key_exchange: tls.key_exchange.clone(),
                cipher_suite: tls.cipher_suite.clone(),
                alpn: tls.alpn.clone(),
                resumed: None,
            });
            self.chain.clone_from(&tls.chain);
            self.verified_by = Some(Verified::from(&tls.verified_by));
        }
    }

    pub(crate) fn add_answer(&mut self, answer: &Answer) {
        self.ok = true;
        self.status = Some(answer.status);
        self.protocol = Some(answer.protocol.clone());
    }

    pub(crate) fn add_error(&mut self, error: &TransportError) {
        if let TransportError::UpgradeRefused { status, .. } = error {
            self.status = Some(status.as_u16());
        }
        if let Some(failure) = error.trust_failure() {
            self.chain = failure.chain().to_vec();
            self.verified_by = None;
        }
        self.error = Some(error.into());
    }
}

impl From<&VerifiedBy> for Verified {
    fn from(verified_by: &VerifiedBy) -> Self {
        match verified_by {
            VerifiedBy::Anchor {
                subject,
                sha256,
                file,
                position,
                ..
            } => Self {
                kind: "anchor",
                subject: Some(subject.clone()),
                sha256: Some(sha256.clone()),
                file: Some(file.to_string_lossy().into_owned()),
                position: Some(*position),
            },
            VerifiedBy::Pinned => Self {
                kind: "pinned",
                ..Self::default()
            },
            _ => Self {
                kind: "operating_system",
                ..Self::default()
            },
        }
    }
}

impl Failure {
    pub(crate) fn of(explanation: Explanation) -> Self {
        Self {
            explanation,
            refusal: None,
            peer: None,
            missing_issuer: None,
            interception: None,
            product: None,
            phase: None,
            fault: None,
        }
    }
}

impl From<&TransportError> for Failure {
    fn from(error: &TransportError) -> Self {
        let failure = error.trust_failure();
        let interception = failure.map(|it| it.interception());
        Self {
            explanation: error.into(),
            refusal: failure.map(|it| it.refusal().as_str()),
            peer: failure.map(|it| match it.peer() {
                Peer::Proxy => "proxy",
                _ => "host",
            }),
            missing_issuer: failure.and_then(|it| it.missing_issuer().map(str::to_owned)),
            interception: interception.map(|it| match it {
                Interception::Product(_) => "product",
                Interception::PrivateIssuer => "private_issuer",
                _ => "unlikely",
            }),
            product: match interception {
                Some(Interception::Product(product)) => Some(product),
                _ => None,
            },
            phase: match error {
                TransportError::ConnectTimeout { phase, .. } => Some(phase.as_str()),
                _ => None,
            },
            fault: match error {
                TransportError::Tls { fault, .. } => Some(fault.as_str()),
                TransportError::Proxy { fault, .. } => fault.map(|fault| fault.as_str()),
                _ => None,
            },
        }
    }
}

fn way(route: &Route) -> String {
    route.proxy().unwrap_or_else(|| DIRECT.to_owned())
}

fn reason(route: &Route) -> String {
    let by = |variable: Option<&str>| match variable {
        Some(variable) => variable.to_owned(),
        None => "the system's settings".to_owned(),
    };
    match route.exception() {
        Some(entry) => format!("{} has `{entry}`", by(route.variable())),
        None if route.is_direct() => "no proxy is set for it".to_owned(),
        None => format!("named by {}", by(route.variable())),
    }
}

/// To a tenth.
pub(crate) fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 10_000.0).round() / 10.0
}

pub(crate) const DIRECT: &str = "direct";
