//! HTTP and WebSocket clients that can only be had from a token which has applied one CA policy.
//!
//! Programs inside companies live behind proxies that re-sign TLS. They honour the company's CA
//! bundle on the HTTP client that somebody remembered, and fail with `UnknownIssuer` on the
//! WebSocket, the login or the client that was added last week. Here the policy is a type:
//!
//! <div>
#![doc = include_str!("../docs/pictures/house.svg")]
//! </div>
//!
//! Each stage is obtainable only from the one before, so that a program which holds an
//! [`HttpClient`] or a [`WebSocket`] has applied the policy, on every route. The one call:
//!
//! ```no_run
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), trusted_transport::TransportError> {
//! use trusted_transport::TrustedTransport;
//!
//! let transport = TrustedTransport::from_env()?; // once, early; clones are cheap
//!
//! let client = transport.http().build()?; // reqwest inside
//! let text = client.get("https://example.com/").send().await?.text().await?;
//!
//! let (mut socket, _response) = transport.websocket("wss://example.com/live").await?;
//! socket.send(text).await?;
//! # Ok(())
//! # }
//! ```
//!
//! On this page:
//! - deciding: [what is trusted](#what-is-trusted), [bundles](#bundles), [routes](#routes),
//!   [when trust changes](#when-trust-changes);
//! - using: [errors and logs](#errors-and-logs), [other clients](#other-clients),
//!   [the fence](#the-fence);
//! - adopting: [features](#features), [platforms and compilers](#platforms-and-compilers),
//!   [security](#security).
//!
//! # What is trusted
//! | order | source | meaning |
//! |---|---|---|
//! | 1 | [`CaPolicy::bundle`] or [`bundle_pem`](CaPolicy::bundle_pem) in code | the bundle, added to the base; no variable is consulted |
//! | 2 | `CODEX_CA_CERTIFICATE` | path of a bundle, added to the base |
//! | 3 | `SSL_CERT_FILE` | path of a bundle, added to the base |
//! | 4 | none of these | the base alone: the operating system's roots |
//!
//! The winner wins whole: a weaker variable, and `SSL_CERT_DIR`, influence nothing, and the
//! [`TrustReport`] lists them. A winner that cannot be read, or that holds nothing usable, is an error:
//! there is no fall-back to weaker or other trust, and everything fails before the first socket.
//!
//! [`CaPolicy::from_variables`] is the same with an application's own variables, and
//! [`CaPolicy::base`] chooses another base, or none:
//!
//! ```
//! # use trusted_transport_lab::{Authority, Origin};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let authority = Authority::root("The company's authority");
//! # let (pem, company) = (authority.pem(), authority.issue(&["service.test"]));
//! # let server = Origin::https(company).await?;
//! # let url = server.url("https", "service.test", "/");
//! use trusted_transport::{BaseRoots, CaPolicy, ProxyPolicy, TrustedTransport};
//!
//! let anchors = CaPolicy::platform() // consults no variable
//!     .base(BaseRoots::None) // the bundle alone
//!     .bundle_pem("the company's", pem)
//!     .load()?;
//! assert_eq!(anchors.report().anchors, Some(1));
//!
//! let transport = TrustedTransport::builder(anchors)
//!     .proxy(ProxyPolicy::Direct)
//!     .resolve("service.test", [server.addr()])
//!     .build()?;
//! let response = transport.http().build()?.get(url).send().await?;
//! assert_eq!(response.status(), 200);
//! # Ok(())
//! # }
//! ```
//!
//! # Bundles
//! Nothing is silently lost and nothing is silently trusted: every certificate of a bundle is
//! accepted, a duplicate, distrusted or unusable, and counted as such in the report, or the load
//! fails and names it.
//!
//! A bundle is PEM in the lax grammar of RFC 7468, 3, and in whatever encoding has ASCII in it,
//! UTF-16 with a byte order mark included; or one certificate in DER; or a directory of such
//! files. OpenSSL's `TRUSTED CERTIFICATE` blocks are taken with their trust settings
//! (`crypto/x509/x_x509a.c`): a certificate is distrusted if serverAuth or anyExtendedKeyUsage is
//! in the reject list, or if there is a trust list with neither. What is distrusted anywhere is
//! no part of any path; a reject list reaches every certificate with the same name and key, a
//! trust list only its own. As with OpenSSL, the signature of a root on itself is not checked: it
//! proves nothing.
//!
//! A certificate that stands in the bundle itself, byte by byte, is accepted as a server's own,
//! whoever issued it and also if it is an authority's (what `openssl req -x509` makes), if its name,
//! its dates and its purpose fit. A server's certificate (CA:FALSE) vouches for no other. Base roots
//! are never accepted so.
//!
//! Certificate revocation lists in a bundle are counted, and enforced if the program says so with
//! [`CaPolicy::crls`]. Nothing is fetched: neither lists nor answers by OCSP.
//!
//! | if a certificate is not trusted that should be | then check |
//! |---|---|
//! | the report names another source | a stronger variable is set; `lost` lists those that did not win |
//! | it is listed as `distrusted` | its OpenSSL trust settings, or the same certificate elsewhere in the bundle |
//! | it is listed as `unusable` | the reason there: the verifier cannot use its form |
//! | it has a warning | the warning: a short RSA key, say, is an anchor that can verify nothing |
//! | it is not listed | the bundle: it holds another certificate than the one that signs |
//!
//! `trusted-transport inspect` prints the report, of the environment or of a file.
//!
//! # Routes
//! <div>
#![doc = include_str!("../docs/pictures/connection.svg")]
//! </div>
//!
//! Proxies come from the environment unless [`ProxyPolicy`] says otherwise: `http://` and
//! `https://` by CONNECT (RFC 9110, 9.3.6), `socks4`, `socks4a`, `socks5` (RFC 1928) and
//! `socks5h`. HTTP and WebSocket ask the same function and take the same way. TLS to an
//! `https://` proxy is under the same CA policy.
//!
//! Where the libraries inside do not let the two be alike:
//! - Without TLS, reqwest sends a request to an HTTP proxy as it is (RFC 9112, 3.2.2), and a
//!   WebSocket asks for a tunnel: if the host is dead, the one gets the proxy's answer and the
//!   other an error.
//! - HTTPS to an IPv6 address (not a name) through a proxy is an error with the HTTP client,
//!   because reqwest cannot verify such a peer; WebSockets can.
//! - A WebSocket URL is a URI as it stands (RFC 3986): names in other scripts have to be in their
//!   `xn--` form, and a URL with credentials is an error, where reqwest converts the one and
//!   sends the other.
//! - A redirect from one `http://` host to another, through a proxy that wants credentials, is
//!   sent without them: reqwest drops them with the host.
//!
//! # When trust changes
//! A process that runs for months outlives its CA bundle. [`TrustedTransport::watch`] reloads the
//! token when the bundle's files change, and [`TrustedTransport::reload`] when the program says so:
//!
//! ```no_run
//! # use std::time::Duration;
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), trusted_transport::TransportError> {
//! let transport = trusted_transport::TrustedTransport::from_env()?;
//! let _watch = transport.watch(Duration::from_secs(60)); // for as long as this lives
//! # Ok(())
//! # }
//! ```
//!
//! | from before a reload that changes what is trusted | from then on |
//! |---|---|
//! | the token, its clones, [`HttpClient`]s | new trust in every request; idle connections are closed with the next one |
//! | a TLS session | is not resumed, since that would skip the verifier |
//! | a handshake under way | is judged by the new trust, if the certificate has not been judged yet |
//! | a request under way, an open [`WebSocket`] | goes on to its end, whatever is trusted now |
//! | a configuration from [`rustls_config`](TrustedTransport::rustls_config) | new trust with every handshake, and no session is resumed; ask again for one that does |
//! | a client with [`retry`](HttpClientBuilder::retry), a raw one | the same; and connections that are open stay in its pool until they are idle for too long |
//!
//! The old trust stays in force, in all of it, if the new one cannot be loaded. The variables are
//! those of when the policy was made: a process cannot be given others from outside.
//!
//! # Errors and logs
//! [`TransportError`] and [`CaError`] are one sentence each, with the cause as `source()` and the
//! remedy in `hint()`; [`in_full()`] writes all of it. A refused certificate is a [`TrustFailure`] over
//! HTTP and WebSocket alike: its host and route, the chain as presented, the issuer that is missing, the
//! anchors that were searched. It is never retryable, and is known by its type, never by its text:
//!
//! ```
//! # use trusted_transport::{BaseRoots, CaPolicy, ProxyPolicy, TrustedTransport};
//! # use trusted_transport_lab::{Authority, Origin};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let (known, proxy) = (Authority::root("Known"), Authority::root("The company's proxy"));
//! # let server = Origin::https(proxy.issue(&["service.test"])).await?;
//! # let anchors = CaPolicy::platform().base(BaseRoots::None).bundle_pem("one", known.pem()).load()?;
//! # let transport = TrustedTransport::builder(anchors)
//! #     .proxy(ProxyPolicy::Direct)
//! #     .resolve("service.test", [server.addr()])
//! #     .build()?;
//! # let client = transport.http().build()?;
//! # let url = server.url("https", "service.test", "/");
//! use trusted_transport::{Refusal, in_full};
//!
//! let error = client.get(url).send().await.expect_err("nobody vouches for this server");
//! eprintln!("error: {}", in_full(&error)); // with its causes, and what to do
//!
//! let failure = error.trust_failure().expect("a refused certificate");
//! assert_eq!(failure.refusal(), Refusal::UnknownIssuer);
//! assert_eq!(failure.missing_issuer(), Some("CN=The company's proxy"));
//! assert!(!error.is_retryable());
//! for certificate in failure.chain() {
//!     eprintln!("  {} (issued by {})", certificate.subject, certificate.issuer);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! [`TrustedTransport::explain`] finds the failure in the errors of other libraries too.
//!
//! What fails without a certificate says in which [`Phase`] it ran out of time, or which [`TlsFault`]
//! ended the handshake. The library prints nothing; it logs with `tracing` under the target
//! `trusted_transport`: once per load what was trusted and why, once per transport the routes. No
//! credential, key or token is ever part of its errors, its log or a `Debug`. (tungstenite logs
//! whole requests at the level trace, under its own target.)
//!
//! # Other clients
//! | for | there is |
//! |---|---|
//! | a program without async | [`build_blocking`](HttpClientBuilder) and `connect_blocking`, with the feature `blocking` |
//! | a library that takes a `tower` service, or requests of the crate `http` | [`HttpClient`] itself |
//! | gRPC, databases, mail: whatever takes a rustls configuration | [`TrustedTransport::rustls_config`] |
//! | an SDK that demands a `reqwest::Client` | `HttpClient::into_reqwest`, with the feature `raw` |
//! | servers and proxies that ask for a client certificate | [`ClientIdentity`] |
//! | `curl`, `git`, Node, Python: programs that this one starts | [`TrustedTransport::child_env`] |
//!
//! # The fence
//! Within these types there is no way to a raw client, but for the feature `raw`. Around them, any
//! crate of a workspace can depend on reqwest by itself. The fence makes that visible:
//! [`CLIPPY_TOML`] is a list of over two hundred functions and types that connect without the token, and
//! `trusted-transport guard` writes it into a workspace, with bans for cargo-deny, and finds each gap
//! with its line and remedy (`docs/fence.md` in this package).
//!
//! At run time, [`lockdown()`], called first thing in `main`, makes whatever uses rustls' default
//! provider fail before it has sent a byte, while the token works on; servers and database drivers
//! fail with it. [`Strays`] lets them go on and counts instead, for the end of a test suite. Neither
//! reaches native-tls, OpenSSL or configurations with an explicit provider.
//!
//! # Features
//! | feature | adds |
//! |---|---|
//! | `aws-lc-rs` (default), `ring` | the cryptography; with both, aws-lc-rs is used |
//! | `fips` | aws-lc-rs in FIPS mode, which beats the others; to build it takes cmake and Go |
//! | `http2`, `json`, `charset` (default) | HTTP/2, JSON bodies, text in other charsets than UTF-8 |
//! | `socks`, `system-proxy` (default) | SOCKS proxies; the proxy settings of macOS and Windows |
//! | `cookies`, `gzip`, `brotli`, `zstd`, `deflate`, `multipart`, `stream` | the same of reqwest |
//! | `blocking` | the same client and socket for programs without async: the module `blocking` |
//! | `mozilla-roots` | `BaseRoots::Mozilla` |
//! | `serde` | `Serialize` for the report |
//! | `raw` | `HttpClient::into_reqwest`, the one way out, for SDKs that demand a `reqwest::Client` |
//!
//! A feature never changes what is trusted. Whether a token is in FIPS mode, with a provider of the
//! program's own for instance, `rustls_config().fips()` says; the fingerprints of certificates in
//! reports come from a crate outside of the FIPS module.
//!
//! # Platforms and compilers
//! On Linux and other Unix systems the roots are read from the well-known files and hash
//! directories, and no variable is consulted. On macOS, iOS and Windows the system's verifier
//! decides, through rustls-platform-verifier, with the bundle as extra roots; the report then
//! says `delegated` instead of a number. What the bundle distrusts is kept out of the chain that
//! the peer sends; where the system completes that chain by itself, it may still use it. The
//! verifier and the report of that branch are tested on Linux, but nothing has been run on macOS
//! or Windows, nor the reading of their proxy settings. Android is not supported.
//!
//! Rust 1.88 or later; to raise that takes a new minor version. What has been built and tested is 1.95:
//! that 1.88 is enough is known from clippy (`incompatible_msrv`) and from what the dependencies in
//! Cargo.lock say of themselves, where they do. aws-lc-rs and ring take a C compiler to build. The
//! clients with async run on tokio.
//!
//! # Security
//! What is promised, what is not, and how to report a hole: `SECURITY.md` in this package. In short, a
//! connection that the policy does not allow is never made, and what fails, fails closed. The threat
//! model of the fence is mistakes, copied code and dependencies, not an attacker who writes code in
//! the process. There is no `unsafe` in this crate.
#![forbid(unsafe_code)]
#![warn(clippy::missing_errors_doc, clippy::missing_panics_doc)]
// docs.rs says of each item which feature it takes.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod ca;
mod factory;

pub use ca::{
    AcceptedCertificate, BaseKind, BaseReport, BaseRoots, BundleFormat, BundleName, BundleReport,
    CaError, CaPolicy, ChildEnv, ChildEnvError, CrlPolicy, ExcludedCertificate, LostVariable,
    PresentedCertificate, RevocationList, SourceKind, TrustAnchors, TrustReport, TrustSource,
};
#[cfg(feature = "blocking")]
pub use factory::blocking;
pub use factory::{
    ClientIdentity, CustomProxy, HttpClient, HttpClientBuilder, IdentityError, InFull,
    Interception, KeyExchange, LockdownError, Peer, Phase, Probe, ProxyPolicy, Refusal, Reloaded,
    RequestBuilder, Route, Strays, TlsFault, TlsProbe, TlsVersion, TransportBuilder,
    TransportError, TrustFailure, TrustedTransport, VerifiedBy, Watch, WebSocket, WebSocketBuilder,
    in_full, lockdown,
};

/// The types of requests and responses, so that a caller needs no HTTP crate of its own.
pub mod http {
    #[cfg(feature = "cookies")]
    pub use reqwest::cookie;
    #[cfg(feature = "multipart")]
    pub use reqwest::multipart;
    pub use reqwest::{
        Body, Error, IntoUrl, Method, Request, Response, StatusCode, Url, Version, header,
        redirect, retry,
    };
}

/// The types of WebSocket messages, so that a caller needs no WebSocket crate of its own.
pub mod ws {
    pub use tokio_tungstenite::tungstenite::client::IntoClientRequest;
    pub use tokio_tungstenite::tungstenite::handshake::client::{Request, Response};
    pub use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
    pub use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message, WebSocketConfig};
    pub use tokio_tungstenite::tungstenite::{Bytes, Error, Utf8Bytes};
}

/// The list of disallowed methods and types that closes the other ways to connect, for the
/// `clippy.toml` of a workspace that depends on this crate.
pub const CLIPPY_TOML: &str = include_str!("../clippy.toml");

/// The `tracing` target of everything that this crate logs.
pub(crate) const LOG_TARGET: &str = "trusted_transport";

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(all(doctest, feature = "raw"))]
#[doc = include_str!("../docs/fence.md")]
struct Fence;
