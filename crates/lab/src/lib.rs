//! A loopback lab: certificate authorities, origins and proxies for the tests, the demo and the
//! benches. Everything runs inside one process on ephemeral ports of 127.0.0.1, and every server
//! records what it saw, so that a test can assert on the far side of a connection. No server
//! resolves names: each proxy takes any host name as 127.0.0.1.

#[macro_use]
mod catalogue;

mod answer;
mod bent;
mod connect;
mod crl;
mod faults;
mod forms;
mod forward;
mod framed;
mod frames;
mod front;
mod intercept;
mod legacy;
mod middlebox;
mod mutual;
mod origin;
mod pki;
mod proxy;
mod raw;
mod script;
mod scripted;
mod server;
mod site;
mod socks;
mod target;
mod tls;
mod tunnel;
mod websocket;

pub use bent::{Bend, Bent};
pub use crl::Crl;
pub use faults::{
    AnswerFault, BodyFault, Fault, FrameFault, H2Fault, HelloFault, ProxyFault, SocksFault,
    TunnelFault, UpgradeFault,
};
pub use forms::{Case, Form};
pub use framed::{Conversation, Framed, Say};
pub use frames::{Frame, Length};
pub use front::Front;
pub use middlebox::Middlebox;
pub use mutual::ClientAuth;
pub use origin::{Origin, OriginSeen};
pub use pki::{
    Authority, Constraints, EndEntity, Key, Purpose, Template, Usage, Validity, bundle_of,
    namesakes,
};
pub use proxy::{Proxy, ProxyBuilder, ProxyRequest, ProxySeen};
pub use raw::{RawClient, RawError};
pub use script::Step;
pub use scripted::Scripted;
pub use site::Site;
pub use tls::TlsSeen;
pub use websocket::{AcceptedSocket, Accepting, accept_websocket};
