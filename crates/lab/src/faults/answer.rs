//! What a server answers, over good TLS, to whatever it was asked: a request or an upgrade.

use crate::script::Step;

catalogue! {
    /// How a server answers, to HTTP and WebSocket alike.
    pub enum AnswerFault;

    /// Closes the connection before it has been asked.
    CloseAtOnce = "close-at-once",
    /// Resets the connection before it has been asked.
    ResetAtOnce = "reset-at-once",
    /// Closes the connection in place of an answer.
    Close = "close",
    /// Closes the connection in place of an answer, without the farewell of TLS.
    Cut = "cut",
    /// Resets the connection in place of an answer.
    Reset = "reset",
    /// Closes its direction, and waits.
    HalfClose = "half-close",
    /// Says nothing, whatever comes.
    Silent = "silent",
    /// Closes the connection in the middle of the headers.
    CloseInHead = "close-in-head",
    /// Closes the connection in the middle of the headers, without the farewell of TLS.
    CutInHead = "cut-in-head",
    /// Resets the connection in the middle of the headers.
    ResetInHead = "reset-in-head",
    /// Falls silent in the middle of the headers.
    SilentInHead = "silent-in-head",
    /// Says 100, and then nothing.
    SilentAfterContinue = "silent-after-100",
    /// Says 100 without end.
    EndlessContinue = "endless-100",
    /// Answers with headers without end.
    EndlessHeaders = "endless-headers",
    /// Answers with one header that has no end.
    EndlessHeader = "endless-header-line",
    /// Answers with a status line that has no end.
    EndlessStatusLine = "endless-status-line",
    /// Answers with empty lines without end.
    EndlessEmptyLines = "endless-empty-lines",
    /// Answers with 1000 headers, and then goes on in good order.
    ManyHeaders = "1000-headers",
    /// Answers what no protocol knows.
    Garbage = "garbage",
    /// Speaks SSH inside of TLS.
    Ssh = "ssh",
    /// Answers in HTTP/2, which was not agreed on.
    Http2 = "http2-not-agreed",
    /// Answers in a version that does not exist.
    Http9 = "http-9.9",
    /// Answers in HTTP/0.9: a page, and no head.
    Http09 = "http-0.9",
    /// Answers with a status that is no number.
    NoStatus = "status-not-a-number",
    /// Answers with a header line that is none.
    NoHeader = "header-not-a-header",
    /// Speaks TLS inside of TLS.
    TlsInTls = "tls-in-tls",
}

impl AnswerFault {
    /// Whether what comes has no end but the client's.
    pub fn is_flood(self) -> bool {
        self.name().starts_with("endless")
    }

    /// The script, behind the TLS handshake.
    pub fn steps(self) -> Vec<Step> {
        let endless = |head: &str, what: &str| {
            let flood = Step::Flood(what.as_bytes().to_vec());
            vec![Step::Hear, Step::say(head), flood]
        };
        match self {
            Self::CloseAtOnce => vec![Step::Close],
            Self::ResetAtOnce => vec![Step::Reset],
            Self::Close => vec![Step::Hear, Step::Close],
            Self::Cut => vec![Step::Hear, Step::Cut],
            Self::Reset => vec![Step::Hear, Step::Reset],
            Self::HalfClose => vec![Step::Hear, Step::HalfClose],
            Self::Silent => vec![Step::Silence],
            Self::CloseInHead => said(HALF_HEAD, Step::Close),
            Self::CutInHead => said(HALF_HEAD, Step::Cut),
            Self::ResetInHead => said(HALF_HEAD, Step::Reset),
            Self::SilentInHead => said(HALF_HEAD, Step::Silence),
            Self::SilentAfterContinue => said("HTTP/1.1 102 Processing\r\n\r\n", Step::Silence),
            Self::EndlessContinue => endless("", "HTTP/1.1 102 Processing\r\n\r\n"),
            Self::EndlessHeaders => endless(HALF_HEAD, "X-More: and more\r\n"),
            Self::EndlessHeader => endless("HTTP/1.1 200 OK\r\nX-More: ", "and more "),
            Self::EndlessStatusLine => endless("HTTP/1.1 200 O", "K"),
            Self::EndlessEmptyLines => endless("", "\r\n"),
            Self::ManyHeaders => {
                let headers = "X: y\r\n".repeat(1000);
                let head = format!("HTTP/1.1 200 OK\r\n{headers}Content-Length: 0\r\n\r\n");
                said(head, Step::Close)
            }
            Self::Garbage => said(super::GARBAGE, Step::Close),
            Self::Ssh => said(super::SSH, Step::Close),
            Self::Http2 => said([0, 0, 0, 4, 0, 0, 0, 0, 0], Step::Close),
            Self::Http9 => said("HTTP/9.9 200 OK\r\nContent-Length: 0\r\n\r\n", Step::Close),
            Self::Http09 => said("<h1>Welcome</h1>\r\n\r\n", Step::Close),
            Self::NoStatus => said("HTTP/1.1 yes OK\r\nContent-Length: 0\r\n\r\n", Step::Close),
            Self::NoHeader => said("HTTP/1.1 200 OK\r\n: nothing\r\n\r\n", Step::Close),
            Self::TlsInTls => said(super::alert(70), Step::Close),
        }
    }
}

fn said(what: impl AsRef<[u8]>, then: Step) -> Vec<Step> {
    vec![Step::Hear, Step::say(what), then]
}

const HALF_HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n";
