//! What goes wrong on the way to a TLS session, and behind it: servers and proxies that fail in every
//! way a client has to tell apart. Each is a script for [`Scripted`](crate::Scripted).

mod answer;
mod body;
mod frame;
mod h2;
mod hello;
mod socks;
mod tunnel;
mod upgrade;

pub use answer::AnswerFault;
pub use body::BodyFault;
pub use frame::FrameFault;
pub use h2::H2Fault;
pub use hello::HelloFault;
pub use socks::SocksFault;
pub use tunnel::TunnelFault;
pub use upgrade::UpgradeFault;

use crate::pki::EndEntity;
use crate::script::Step;

catalogue! {
    /// What a server does instead of a TLS handshake.
    pub enum Fault;

    /// Closes the connection at once.
    CloseOnAccept = "close-on-accept",
    /// Closes the connection after the ClientHello.
    CloseAfterHello = "close-after-hello",
    /// Closes the connection in the middle of its own part of the handshake.
    CloseInFlight = "close-in-flight",
    /// Resets the connection at once.
    ResetOnAccept = "reset-on-accept",
    /// Resets the connection after the ClientHello.
    ResetAfterHello = "reset-after-hello",
    /// Resets the connection in the middle of its own part of the handshake.
    ResetInFlight = "reset-in-flight",
    /// Reads what comes, and never says anything.
    Silent = "silent",
    /// Says nothing more in the middle of its own part of the handshake.
    SilentInFlight = "silent-in-flight",
    /// Says the first half of a record, and then nothing.
    HalfRecord = "half-record",
    /// Refuses every version with the alert `protocol_version`.
    ProtocolVersion = "protocol-version",
    /// Answers with the ServerHello of TLS 1.1.
    Tls11 = "tls11",
    /// Finds no cipher in common: the alert `handshake_failure`.
    HandshakeFailure = "handshake-failure",
    /// Does not know the name: the alert `unrecognized_name`.
    UnrecognizedName = "unrecognized-name",
    /// Fails by itself: the alert `internal_error`.
    InternalError = "internal-error",
    /// Speaks plain HTTP, and answers 400.
    PlainHttp = "plain-http",
    /// Speaks first, and speaks SSH.
    Ssh = "ssh",
    /// Answers what no protocol knows.
    Garbage = "garbage",
}

impl Fault {
    /// The script. `end_entity` is for the faults that begin with a proper handshake.
    pub fn steps(self, end_entity: &EndEntity) -> Vec<Step> {
        let half_flight = || Step::HalfFlight(end_entity.clone());
        match self {
            Self::CloseOnAccept => vec![Step::Close],
            Self::CloseAfterHello => vec![Step::Hear, Step::Close],
            Self::CloseInFlight => vec![Step::Hear, half_flight(), Step::Close],
            Self::ResetOnAccept => vec![Step::Reset],
            Self::ResetAfterHello => vec![Step::Hear, Step::Reset],
            Self::ResetInFlight => vec![Step::Hear, half_flight(), Step::Reset],
            Self::Silent => vec![Step::Hear, Step::Silence],
            Self::SilentInFlight => vec![Step::Hear, half_flight(), Step::Silence],
            Self::HalfRecord => vec![Step::Hear, Step::say(HALF_RECORD), Step::Silence],
            Self::ProtocolVersion => answer(alert(70)),
            Self::Tls11 => answer(server_hello(0x0302)),
            Self::HandshakeFailure => answer(alert(40)),
            Self::UnrecognizedName => answer(alert(112)),
            Self::InternalError => answer(alert(80)),
            Self::PlainHttp => answer(BAD_REQUEST),
            Self::Ssh => vec![Step::say(SSH), Step::Hear, Step::Close],
            Self::Garbage => answer(GARBAGE),
        }
    }
}

catalogue! {
    /// What an HTTP proxy does instead of making a tunnel. Refusals with a status are the business
    /// of [`ProxyBuilder::refuse`](crate::ProxyBuilder::refuse), and what goes wrong in a tunnel that
    /// a [`Proxy`](crate::Proxy) has made, of a [`Scripted`](crate::Scripted) at its end.
    pub enum ProxyFault;

    /// Closes the connection at once.
    CloseOnAccept = "close-on-accept",
    /// Closes the connection after the request.
    CloseAfterRequest = "close-after-request",
    /// Resets the connection after the request.
    ResetAfterRequest = "reset-after-request",
    /// Reads what comes, and never says anything.
    Silent = "silent",
    /// Stops in the middle of its answer, and says nothing more.
    HalfAnswer = "half-answer",
    /// Answers what is not HTTP.
    Garbage = "garbage",
    /// Is a SOCKS5 proxy: says that it has no acceptable method.
    Socks = "socks",
    /// Redirects to a login page.
    Redirect = "redirect",
    /// Grants the request, and says nothing more.
    GrantedThenSilent = "granted-then-silent",
    /// Grants the request, and closes the connection.
    GrantedThenClosed = "granted-then-closed",
    /// Grants the request, hears the client out, and closes the connection.
    GrantedThenClosedAfterHello = "granted-then-closed-after-hello",
    /// Grants the request, hears the client out, and resets the connection.
    GrantedThenReset = "granted-then-reset",
    /// Grants the request, and answers what the client says in the tunnel with a page in plain HTTP.
    GrantedThenHtml = "granted-then-html",
}

impl ProxyFault {
    /// The script.
    pub fn steps(self) -> Vec<Step> {
        let granted = |then: &[Step]| {
            let mut steps = vec![Step::Hear, Step::say(GRANTED)];
            steps.extend_from_slice(then);
            steps
        };
        match self {
            Self::CloseOnAccept => vec![Step::Close],
            Self::CloseAfterRequest => vec![Step::Hear, Step::Close],
            Self::ResetAfterRequest => vec![Step::Hear, Step::Reset],
            Self::Silent => vec![Step::Hear, Step::Silence],
            Self::HalfAnswer => vec![Step::Hear, Step::say("HTTP/1.1 20"), Step::Silence],
            Self::Garbage => answer(GARBAGE),
            Self::Socks => answer([5, 0xff]),
            Self::Redirect => answer(LOGIN),
            Self::GrantedThenSilent => granted(&[Step::Silence]),
            Self::GrantedThenClosed => granted(&[Step::Close]),
            Self::GrantedThenClosedAfterHello => granted(&[Step::Hear, Step::Close]),
            Self::GrantedThenReset => granted(&[Step::Hear, Step::Reset]),
            Self::GrantedThenHtml => granted(&[Step::Hear, Step::say(PAGE), Step::Close]),
        }
    }
}

fn answer(bytes: impl AsRef<[u8]>) -> Vec<Step> {
    vec![Step::Hear, Step::say(bytes), Step::Close]
}

/// A fatal alert in a record of its own.
fn alert(description: u8) -> [u8; 7] {
    [21, 3, 3, 0, 2, 2, description]
}

/// The least that a server can choose: this version, `TLS_RSA_WITH_AES_128_CBC_SHA`, no session.
fn server_hello(version: u16) -> Vec<u8> {
    let [major, minor] = version.to_be_bytes();
    let mut record = vec![22, major, minor, 0, 42, 2, 0, 0, 38, major, minor];
    record.extend_from_slice(&[0x5a; 32]);
    record.extend_from_slice(&[0, 0, 0x2f, 0]);
    record
}

/// Announces 122 bytes of a handshake and holds 4.
const HALF_RECORD: [u8; 9] = [22, 3, 3, 0, 122, 2, 0, 0, 118];
const SSH: &str = "SSH-2.0-OpenSSH_9.6\r\n";
const GARBAGE: [u8; 24] = *b"\xde\xad\xbe\xef\0what is this?\r\n\r\n\xff\xff";
const GRANTED: &str = "HTTP/1.1 200 Connection established\r\n\r\n";
const BAD_REQUEST: &str = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n\
    Content-Length: 54\r\nConnection: close\r\n\r\n\
    <h1>The plain HTTP request was sent to HTTPS port</h1>";
const LOGIN: &str =
    "HTTP/1.1 302 Found\r\nLocation: http://login.test/\r\nContent-Length: 0\r\n\r\n";
const PAGE: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 23\r\n\
    Connection: close\r\n\r\n<h1>Please sign in</h1>";
