//! Names become addresses in one way for both transports: those that the program gave, else
//! what the system's resolver says.

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use tower_service::Service;

use super::trace;

/// The resolver of a token.
#[derive(Clone)]
pub(crate) struct Resolver {
    given: Arc<HashMap<String, Vec<SocketAddr>>>,
    system: GaiResolver,
    /// SOCKS 4 knows no other addresses, and the first one is what a proxy is given.
    ipv4_first: bool,
}

type Addresses = std::vec::IntoIter<SocketAddr>;

impl Resolver {
    pub(crate) fn new(given: HashMap<String, Vec<SocketAddr>>, ipv4_first: bool) -> Self {
        Self {
            given: Arc::new(given),
            system: GaiResolver::new(),
            ipv4_first,
        }
    }
}

impl Service<Name> for Resolver {
    type Response = Addresses;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Addresses>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let mut this = self.clone();
        Box::pin(async move {
            // reqwest asks for literals too, where a proxy is to be given an address.
            let literal = name.as_str().trim_start_matches('[').trim_end_matches(']');
            if let Ok(literal) = literal.parse::<IpAddr>() {
                return Ok(vec![(literal, 0).into()].into_iter());
            }
            trace::resolves();
            let mut addresses = match this.given.get(name.as_str()) {
                Some(given) => given.clone(),
                None => this.system.call(name).await?.collect(),
            };
            if addresses.is_empty() {
                return Err(io::ErrorKind::NotFound.into());
            }
            trace::resolved();
            if this.ipv4_first {
                addresses.sort_by_key(SocketAddr::is_ipv6);
            }
            Ok(addresses.into_iter())
        })
    }
}

impl reqwest::dns::Resolve for Resolver {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let mut this = self.clone();
        Box::pin(async move {
            let addresses = this.call(name.as_str().parse()?).await?;
            Ok(Box::new(addresses) as reqwest::dns::Addrs)
        })
    }
}
