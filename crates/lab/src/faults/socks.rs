//! What a SOCKS5 proxy does that does not do what it should (RFC 1928). What it refuses with a
//! reply is the business of [`ProxyBuilder::refuse_with_reply`](crate::ProxyBuilder).

use crate::script::Step;

catalogue! {
    /// How a SOCKS5 proxy answers.
    pub enum SocksFault;

    /// Answers a byte at a time. Legal.
    ByteByByte = "byte-by-byte",
    /// Answers with a host name for its own address. Legal.
    NamedItself = "names-itself",
    /// Speaks SOCKS4.
    BadVersion = "bad-version",
    /// Has no method that the client may use.
    NoMethod = "no-method",
    /// Chooses a method that was not offered.
    OtherMethod = "other-method",
    /// Is an HTTP proxy.
    Http = "http",
    /// Answers what no protocol knows.
    Garbage = "garbage",
    /// Replies in another version than before.
    BadReplyVersion = "bad-reply-version",
    /// Replies with a number that no standard knows.
    UnknownReply = "unknown-reply",
    /// Replies with a kind of address that no standard knows.
    BadAddress = "bad-address",
    /// Refuses, and sends bytes without end.
    EndlessReply = "endless-reply",
    /// Never reads, and never says anything.
    SilentOnAccept = "silent-on-accept",
    /// Reads what comes, and never says anything.
    Silent = "silent",
    /// Says half of the method, and then nothing.
    HalfMethod = "half-method",
    /// Chooses a method, and then says nothing.
    SilentAfterMethod = "silent-after-method",
    /// Says half of the reply, and then nothing.
    HalfReply = "half-reply",
    /// Closes the connection at once.
    CloseOnAccept = "close-on-accept",
    /// Closes the connection after the greeting.
    CloseAfterGreeting = "close-after-greeting",
    /// Closes the connection after the request.
    CloseAfterRequest = "close-after-request",
    /// Closes the connection in the middle of the reply.
    CloseInReply = "close-in-reply",
    /// Resets the connection after the greeting.
    ResetAfterGreeting = "reset-after-greeting",
    /// Resets the connection after the request.
    ResetAfterRequest = "reset-after-request",
    /// Grants the request, and closes the connection.
    GrantedThenClosed = "granted-then-closed",
    /// Grants the request, and says nothing more.
    GrantedThenSilent = "granted-then-silent",
}

impl SocksFault {
    /// Whether the client has to reach the target.
    pub fn is_legal(self) -> bool {
        matches!(self, Self::ByteByByte | Self::NamedItself)
    }

    /// The script.
    pub fn steps(self) -> Vec<Step> {
        let (hear, close) = (Step::Hear, Step::Close);
        let greeted = |then: Step| vec![Step::Hear, Step::say(METHOD), Step::Hear, then];
        let replied = |reply: &[u8], then: Step| {
            let mut steps = greeted(Step::say(reply));
            steps.push(then);
            steps
        };
        match self {
            Self::ByteByByte => vec![
                hear.clone(),
                Step::Drip(METHOD.into()),
                hear,
                Step::Drip(GRANTED.into()),
                Step::Tunnel,
            ],
            Self::NamedItself => replied(b"\x05\0\0\x03\x04self\0\0", Step::Tunnel),
            Self::BadVersion => vec![hear, Step::say([4, 0]), close],
            Self::NoMethod => vec![hear, Step::say([5, 0xff]), close],
            Self::OtherMethod => vec![hear, Step::say([5, 2]), close],
            Self::Http => vec![hear, Step::say("HTTP/1.1 400 Bad Request\r\n\r\n"), close],
            Self::Garbage => vec![hear, Step::say(super::GARBAGE), close],
            Self::BadReplyVersion => replied(&[4, 0, 0, 1, 0, 0, 0, 0, 0, 0], close),
            Self::UnknownReply => replied(&[5, 0x63, 0, 1, 0, 0, 0, 0, 0, 0], close),
            Self::BadAddress => replied(&[5, 0, 0, 9, 0, 0, 0, 0, 0, 0], close),
            Self::EndlessReply => greeted(Step::Flood(vec![5, 1, 0, 3, 255, b'x'])),
            Self::SilentOnAccept => vec![Step::Silence],
            Self::Silent => vec![hear, Step::Silence],
            Self::HalfMethod => vec![hear, Step::say([5]), Step::Silence],
            Self::SilentAfterMethod => greeted(Step::Silence),
            Self::HalfReply => replied(&GRANTED[..5], Step::Silence),
            Self::CloseOnAccept => vec![close],
            Self::CloseAfterGreeting => vec![hear, close],
            Self::CloseAfterRequest => greeted(close),
            Self::CloseInReply => replied(&GRANTED[..5], close),
            Self::ResetAfterGreeting => vec![hear, Step::Reset],
            Self::ResetAfterRequest => greeted(Step::Reset),
            Self::GrantedThenClosed => replied(&GRANTED, close),
            Self::GrantedThenSilent => replied(&GRANTED, Step::Silence),
        }
    }
}

const METHOD: [u8; 2] = [5, 0];
const GRANTED: [u8; 10] = [5, 0, 0, 1, 0, 0, 0, 0, 0, 0];
