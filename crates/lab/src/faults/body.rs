//! How an HTTP/1.1 response goes wrong behind a good beginning. There is no such thing for a
//! WebSocket: its answer has no body.

use crate::script::Step;

catalogue! {
    /// How a server sends the rest of a response.
    pub enum BodyFault;

    /// Everything a byte at a time. Legal.
    ByteByByte = "byte-by-byte",
    /// Says 100 first. Legal.
    Continue = "100-first",
    /// A body that ends with the connection, and with the farewell of TLS. Legal.
    UntilClosed = "until-closed",
    /// A whole body, and no farewell of TLS behind it. Legal: nothing is missing.
    CutBehind = "cut-behind-body",
    /// A whole body, and more behind it. Legal: what follows is no part of it.
    GarbageBehind = "garbage-behind-body",
    /// A body that ends with the connection, without the farewell of TLS: nobody knows whether
    /// something is missing (RFC 9112, 9.8).
    CutOpenEnd = "cut-open-ended-body",
    /// Closes the connection before the length is reached.
    CloseInBody = "close-in-body",
    /// Cuts the connection off before the length is reached.
    CutInBody = "cut-in-body",
    /// Resets the connection before the length is reached.
    ResetInBody = "reset-in-body",
    /// Falls silent before the length is reached.
    SilentInBody = "silent-in-body",
    /// Falls silent before the body.
    SilentBeforeBody = "silent-before-body",
    /// Closes the connection between two chunks.
    CloseBetweenChunks = "close-between-chunks",
    /// Closes the connection in a chunk.
    CloseInChunk = "close-in-chunk",
    /// Falls silent between two chunks.
    SilentBetweenChunks = "silent-between-chunks",
    /// A chunk whose size is no number.
    BadChunkSize = "chunk-size-not-a-number",
    /// A chunk whose size no machine can hold.
    HugeChunkSize = "chunk-size-too-large",
    /// A chunk size with an extension that has no end.
    EndlessChunkExtension = "endless-chunk-extension",
    /// Trailers without end.
    EndlessTrailers = "endless-trailers",
    /// A negative length.
    NegativeLength = "length-negative",
    /// A length that no number can hold.
    HugeLength = "length-too-large",
    /// Two lengths, of which one is wrong.
    TwoLengths = "two-lengths",
}

impl BodyFault {
    /// Whether the client has to have the whole response.
    pub fn is_legal(self) -> bool {
        let legal = [
            Self::ByteByByte,
            Self::Continue,
            Self::UntilClosed,
            Self::CutBehind,
            Self::GarbageBehind,
        ];
        legal.contains(&self)
    }

    /// Whether what comes has no end but the client's.
    pub fn is_flood(self) -> bool {
        self.name().starts_with("endless")
    }

    /// The script, behind the TLS handshake.
    pub fn steps(self) -> Vec<Step> {
        let headed = |rest: &str, then: Step| {
            let head = Step::say(format!("HTTP/1.1 200 OK\r\n{rest}"));
            vec![Step::Hear, head, then]
        };
        let chunked = |chunks: &str, then: Step| {
            headed(&format!("Transfer-Encoding: chunked\r\n\r\n{chunks}"), then)
        };
        let flood = |what: &str| Step::Flood(what.as_bytes().to_vec());
        match self {
            Self::ByteByByte => vec![Step::Hear, Step::Drip(WHOLE.into()), Step::Close],
            Self::Continue => vec![
                Step::Hear,
                Step::say(format!("HTTP/1.1 100 Continue\r\n\r\n{WHOLE}")),
                Step::Close,
            ],
            Self::UntilClosed => headed("\r\nhello", Step::Close),
            Self::CutBehind => headed("Content-Length: 5\r\n\r\nhello", Step::Cut),
            Self::GarbageBehind => headed("Content-Length: 5\r\n\r\nhello, world", Step::Close),
            Self::CutOpenEnd => headed("\r\nhello", Step::Cut),
            Self::CloseInBody => headed(SHORT, Step::Close),
            Self::CutInBody => headed(SHORT, Step::Cut),
            Self::ResetInBody => headed(SHORT, Step::Reset),
            Self::SilentInBody => headed(SHORT, Step::Silence),
            Self::SilentBeforeBody => headed("Content-Length: 5\r\n\r\n", Step::Silence),
            Self::CloseBetweenChunks => chunked("5\r\nhello\r\n", Step::Close),
            Self::CloseInChunk => chunked("9\r\nhello", Step::Close),
            Self::SilentBetweenChunks => chunked("5\r\nhello\r\n", Step::Silence),
            Self::BadChunkSize => chunked("five\r\nhello\r\n", Step::Close),
            Self::HugeChunkSize => chunked("fffffffffffffffff\r\nhello\r\n", Step::Close),
            Self::EndlessChunkExtension => chunked("5;", flood("and-more;")),
            Self::EndlessTrailers => chunked("5\r\nhello\r\n0\r\n", flood("X-More: and more\r\n")),
            Self::NegativeLength => headed("Content-Length: -1\r\n\r\nhello", Step::Close),
            Self::HugeLength => headed(
                "Content-Length: 99999999999999999999999\r\n\r\nhello",
                Step::Close,
            ),
            Self::TwoLengths => headed(
                "Content-Length: 5\r\nContent-Length: 3\r\n\r\nhello",
                Step::Close,
            ),
        }
    }
}

const WHOLE: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
const SHORT: &str = "Content-Length: 100\r\n\r\nhello";
