//! Programs that other people wrote: proxies, origins and WebSocket servers, each asked over HTTPS
//! and WSS with a bundle that fits and with one that does not. `.ci/peers` installs them and runs
//! this; `docs/peers.md` has the table of what it comes to.

mod echoes;
mod ends;
mod fronts;
mod mitmproxy;
mod nginx;
mod process;
mod row;
mod socks;
mod squid;
mod table;
mod tinyproxy;
mod world;
