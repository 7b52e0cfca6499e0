//! Under which roots a chain that was presented would verify: those of the platform, the bundle
//! alone, both together, Mozilla's.

use std::sync::LazyLock;

use serde::Serialize;
use trusted_transport::{BaseRoots, CaPolicy, ProxyPolicy, SourceKind, TrustedTransport};

use super::checker::quietly;
use super::facts::CheckResult;
use crate::target::Target;

/// `None` where there is no such thing, or no chain.
#[derive(Default, Serialize)]
pub(crate) struct WouldVerify {
    pub(crate) platform: Option<bool>,
    pub(crate) bundle: Option<bool>,
    pub(crate) both: Option<bool>,
    pub(crate) mozilla: Option<bool>,
}

/// One token for each, made when a chain is to be judged.
pub(crate) struct Judges(LazyLock<Tokens, Box<dyn FnOnce() -> Tokens + Send>>);

struct Tokens {
    platform: Option<TrustedTransport>,
    bundle: Option<TrustedTransport>,
    both: Option<TrustedTransport>,
    mozilla: Option<TrustedTransport>,
}

impl Judges {
    pub(crate) fn new(transport: &TrustedTransport) -> Self {
        let transport = transport.clone();
        Self(LazyLock::new(Box::new(move || Tokens::of(&transport))))
    }

    /// Of a proxy's certificate nothing is said: it has another name.
    pub(crate) fn judge(&self, target: &Target, result: &CheckResult) -> WouldVerify {
        let of_proxy = result.error.as_ref().and_then(|it| it.peer) == Some("proxy");
        if result.chain.is_empty() || of_proxy {
            return WouldVerify::default();
        }
        let by = |token: &Option<TrustedTransport>| {
            let judged = token.as_ref()?.judge(&target.host, &result.chain);
            Some(judged.is_ok())
        };
        WouldVerify {
            platform: by(&self.0.platform),
            bundle: by(&self.0.bundle),
            both: by(&self.0.both),
            mozilla: by(&self.0.mozilla),
        }
    }
}

impl Tokens {
    fn of(transport: &TrustedTransport) -> Self {
        let report = transport.report();
        let path = report.source.path.as_ref();
        let bundle = path.filter(|_| report.source.kind != SourceKind::Platform);
        let alone = |path| CaPolicy::platform().base(BaseRoots::None).bundle(path);
        Self {
            platform: token(&CaPolicy::platform()),
            bundle: bundle.and_then(|path| token(&alone(path))),
            both: bundle.map(|_| transport.clone()),
            mozilla: token(&CaPolicy::platform().base(BaseRoots::Mozilla)),
        }
    }
}

fn token(policy: &CaPolicy) -> Option<TrustedTransport> {
    quietly(|| {
        let builder = TrustedTransport::builder(policy.load().ok()?);
        builder.proxy(ProxyPolicy::Direct).build().ok()
    })
}
