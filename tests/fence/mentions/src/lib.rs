//! One bare mention of every path of the fence's list, for clippy to find. Nothing here runs.
//!
//! `let _ = path;` mentions a method, `let _: Option<&Type>;` a type; the test reads both.

pub mod http;
pub mod hyper;
pub mod old;
pub mod tls;
pub mod types;
pub mod websocket;

pub type Body = http_body_util::Empty<Bytes>;
pub type Bytes = bytes::Bytes;
pub type ConnectorLayer = tower_layer::Identity;
pub type Executor = hyper_util::rt::TokioExecutor;
pub type FuturesIo = futures_util::io::AllowStdIo<std::net::TcpStream>;
pub type TokioIo = hyper_util::rt::TokioIo<tokio::net::TcpStream>;
