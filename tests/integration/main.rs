//! The product against real servers on loopback, asserted on both ends of the connection.

mod autobahn;
#[cfg(feature = "blocking")]
mod blocking;
mod bundles;
mod cancel;
mod children;
mod conformance;
mod crowd;
mod crypto;
mod curl;
mod distrust;
mod documents;
mod environment;
mod exchanges;
mod explain;
mod failures;
mod faultlab;
mod faults;
mod fixtures;
mod house;
mod identity;
mod limbo;
mod lockdown;
mod logs;
mod messages;
mod openssl;
mod options;
mod parity;
#[cfg(unix)]
mod peers;
mod pinned;
mod properties;
#[cfg(feature = "raw")]
mod raw;
mod reading;
mod refusals;
mod reload;
mod revocation;
mod routes;
mod scale;
mod service;
#[cfg(target_os = "linux")]
mod soak;
mod support;
mod told;
mod warnings;
mod watch;
mod whole;
