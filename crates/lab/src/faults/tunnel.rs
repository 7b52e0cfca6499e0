//! More of what an HTTP proxy does with CONNECT, and of what it may do: answers that look strange
//! and are legal lead to the target.

use super::{GARBAGE, GRANTED, answer};
use crate::script::Step;

catalogue! {
    /// How an HTTP proxy answers CONNECT.
    pub enum TunnelFault;

    /// Grants the request a byte at a time. Legal.
    ByteByByte = "granted-byte-by-byte",
    /// Grants the request as HTTP/1.0. Legal.
    Http10 = "granted-as-http-1.0",
    /// Grants the request, with a Content-Length that means nothing (RFC 9110, 9.3.6). Legal.
    IdleLength = "granted-with-idle-length",
    /// Grants the request, with 4 KiB of headers. Legal.
    LargeHead = "granted-with-large-head",
    /// Grants the request, and says more with the same breath, before anybody has spoken in the
    /// tunnel. The client may pass over it: no server of TLS speaks first.
    EarlyBytes = "granted-with-early-bytes",
    /// Grants the request, and sends the body that its Content-Length announces.
    Body = "granted-then-body",
    /// Grants the request, and sends a body in chunks.
    Chunks = "granted-then-chunks",
    /// Grants the request, and says garbage in the tunnel.
    GarbageInTunnel = "granted-then-garbage",
    /// Grants the request, and closes its direction of the tunnel.
    HalfCloseInTunnel = "granted-then-half-closed",
    /// Grants the request, and resets the tunnel before anybody has spoken.
    ResetInTunnel = "granted-then-reset-at-once",
    /// Says 100, and then grants the request.
    Continue = "100-then-granted",
    /// Says 100 without end.
    EndlessContinue = "endless-100",
    /// Answers 101.
    Switching = "answers-101",
    /// Answers 201.
    Created = "answers-201",
    /// Answers 204.
    NoContent = "answers-204",
    /// Answers 206.
    PartialContent = "answers-206",
    /// Answers with HTTP/2's first frame.
    Http2 = "http2",
    /// Answers in a version that does not exist.
    Http9 = "http-9.9",
    /// Answers with a status that is no number.
    NoStatus = "status-not-a-number",
    /// Answers with a header line that is none.
    NoHeader = "header-not-a-header",
    /// Answers with headers without end.
    EndlessHeaders = "endless-headers",
    /// Answers with one header that has no end.
    EndlessHeader = "endless-header-line",
    /// Answers with a status line that has no end.
    EndlessStatusLine = "endless-status-line",
    /// Answers with empty lines without end.
    EndlessEmptyLines = "endless-empty-lines",
    /// Speaks first, and speaks SMTP.
    Smtp = "smtp",
    /// Speaks first, and speaks FTP.
    Ftp = "ftp",
    /// Speaks first, and speaks SSH.
    Ssh = "ssh",
    /// Speaks first, and speaks the protocol of MySQL.
    Mysql = "mysql",
    /// Speaks TLS: an alert.
    Tls = "tls-alert",
    /// Closes its direction after the request.
    HalfClose = "half-closed",
    /// Closes the connection in the middle of its answer.
    CloseInAnswer = "close-in-answer",
    /// Resets the connection in the middle of its answer.
    ResetInAnswer = "reset-in-answer",
    /// Never reads, and never says anything.
    SilentOnAccept = "silent-on-accept",
    /// Falls silent at the end of its headers.
    SilentInHead = "silent-in-head",
}

impl TunnelFault {
    /// Whether the client has to reach the target.
    pub fn is_legal(self) -> bool {
        let legal = [
            Self::ByteByByte,
            Self::Http10,
            Self::IdleLength,
            Self::LargeHead,
            Self::EarlyBytes,
        ];
        legal.contains(&self)
    }

    /// Whether what comes has no end but the client's.
    pub fn is_flood(self) -> bool {
        self.name().starts_with("endless")
    }

    /// The script.
    pub fn steps(self) -> Vec<Step> {
        let endless = |head: &str, what: &str| {
            let flood = Step::Flood(what.as_bytes().to_vec());
            vec![Step::Hear, Step::say(head), flood]
        };
        match self {
            Self::ByteByByte => vec![Step::Hear, Step::Drip(GRANTED.into()), Step::Tunnel],
            Self::Http10 => granted("HTTP/1.0 200 OK\r\n\r\n", Step::Tunnel),
            Self::IdleLength => {
                granted("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", Step::Tunnel)
            }
            Self::LargeHead => {
                let pad = "x".repeat(4096);
                granted(format!("HTTP/1.1 200 OK\r\nX: {pad}\r\n\r\n"), Step::Tunnel)
            }
            Self::EarlyBytes => granted(format!("{GRANTED}welcome"), Step::Tunnel),
            Self::Body => later("Content-Length: 24\r\n\r\n", GARBAGE),
            Self::Chunks => later(
                "Transfer-Encoding: chunked\r\n\r\n",
                b"3\r\nabc\r\n0\r\n\r\n",
            ),
            Self::GarbageInTunnel => later("\r\n", GARBAGE),
            Self::HalfCloseInTunnel => granted(GRANTED, Step::HalfClose),
            Self::ResetInTunnel => granted(GRANTED, Step::Reset),
            Self::Continue => answer(format!("HTTP/1.1 100 Continue\r\n\r\n{GRANTED}")),
            Self::EndlessContinue => endless("", "HTTP/1.1 100 Continue\r\n\r\n"),
            Self::Switching => answer("HTTP/1.1 101 Switching Protocols\r\n\r\n"),
            Self::Created => answer("HTTP/1.1 201 Created\r\n\r\n"),
            Self::NoContent => answer("HTTP/1.1 204 No Content\r\n\r\n"),
            Self::PartialContent => answer("HTTP/1.1 206 Partial Content\r\n\r\n"),
            Self::Http2 => answer([0, 0, 0, 4, 0, 0, 0, 0, 0]),
            Self::Http9 => answer("HTTP/9.9 200 OK\r\n\r\n"),
            Self::NoStatus => answer("HTTP/1.1 yes OK\r\n\r\n"),
            Self::NoHeader => answer("HTTP/1.1 200 OK\r\n: nothing\r\n\r\n"),
            Self::EndlessHeaders => endless("HTTP/1.1 200 OK\r\n", "X-More: and more\r\n"),
            Self::EndlessHeader => endless("HTTP/1.1 200 OK\r\nX-More: ", "and more "),
            Self::EndlessStatusLine => endless("HTTP/1.1 200 O", "K"),
            Self::EndlessEmptyLines => endless("", "\r\n"),
            Self::Smtp => banner("220 mail.test ESMTP ready\r\n"),
            Self::Ftp => banner("220 FTP server ready.\r\n"),
            Self::Ssh => banner("SSH-2.0-OpenSSH_9.6\r\n"),
            Self::Mysql => banner("\x2e\0\0\0\x0a8.0.36\0\x08\0\0\0abcdefgh\0"),
            Self::Tls => answer([21, 3, 3, 0, 2, 2, 70]),
            Self::HalfClose => vec![Step::Hear, Step::HalfClose],
            Self::CloseInAnswer => answer("HTTP/1.1 20"),
            Self::ResetInAnswer => vec![Step::Hear, Step::say("HTTP/1.1 20"), Step::Reset],
            Self::SilentOnAccept => vec![Step::Silence],
            Self::SilentInHead => granted("HTTP/1.1 200 OK\r\nVia: 1.1 x\r\n", Step::Silence),
        }
    }
}

fn granted(head: impl AsRef<[u8]>, then: Step) -> Vec<Step> {
    vec![Step::Hear, Step::say(head), then]
}

/// Only once the client has spoken in the tunnel: so what comes is no part of the answer's segment.
fn later(headers: &str, then: impl AsRef<[u8]>) -> Vec<Step> {
    let head = Step::say(format!("HTTP/1.1 200 OK\r\n{headers}"));
    vec![Step::Hear, head, Step::Hear, Step::say(then), Step::Close]
}

fn banner(text: &str) -> Vec<Step> {
    vec![Step::say(text), Step::Hear, Step::Close]
}
