//! What the far side saw of an attempt: a client that says it was refused, or that it went
//! through the proxy, is not taken at its word.

use trusted_transport_lab::{Proxy, ProxyRequest};

use super::stage::{Stage, Way};

/// How much each server had seen before the attempt.
pub(crate) struct Witness {
    origin: usize,
    company: usize,
    impostor: usize,
}

impl Witness {
    pub(crate) fn before(stage: &Stage) -> Self {
        Self {
            origin: stage.origin.seen().len(),
            company: stage.company.seen().len(),
            impostor: stage.impostor.seen().len(),
        }
    }

    /// What does not fit an attempt over this route that connected, or was refused.
    pub(crate) fn contradicts(
        &self,
        stage: &Stage,
        way: Way,
        connected: bool,
    ) -> Option<&'static str> {
        let requests = stage.origin.seen().len() - self.origin;
        if requests != usize::from(connected) {
            return Some("the origin saw something else");
        }
        let proxies = [
            (Way::Company, &stage.company, self.company),
            (Way::Impostor, &stage.impostor, self.impostor),
        ];
        let target = stage.target();
        let fits = proxies.into_iter().all(|(own, proxy, before)| {
            intercepted(proxy, before, &target) == Some(usize::from(own == way))
        });
        (!fits).then_some("the proxies saw something else")
    }
}

/// How many tunnels to the target were intercepted; `None` if one was not, or anything else
/// was asked for.
fn intercepted(proxy: &Proxy, before: usize, target: &str) -> Option<usize> {
    let seen = proxy.seen();
    let new = &seen[before..];
    new.iter()
        .all(|it| {
            it.kind == ProxyRequest::Connect && it.granted && it.intercepted && it.target == target
        })
        .then_some(new.len())
}
