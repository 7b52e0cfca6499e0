//! How an open WebSocket goes wrong: frames that are none, that are too large or that may not be
//! there, and ends in every state (RFC 6455, 5 to 7).

use crate::script::Step;

catalogue! {
    /// What a server does with a WebSocket that it has granted.
    pub enum FrameFault;

    /// Closes the connection without a close frame.
    Close = "close",
    /// Cuts the connection off.
    Cut = "cut",
    /// Resets the connection.
    Reset = "reset",
    /// Says nothing.
    Silent = "silent",
    /// Closes the connection in a frame's header.
    CloseInHeader = "close-in-header",
    /// Closes the connection in a frame.
    CloseInFrame = "close-in-frame",
    /// Cuts the connection off in a frame.
    CutInFrame = "cut-in-frame",
    /// Resets the connection in a frame.
    ResetInFrame = "reset-in-frame",
    /// Falls silent in a frame.
    SilentInFrame = "silent-in-frame",
    /// Closes the connection between two fragments.
    CloseInMessage = "close-in-message",
    /// Resets the connection between two fragments.
    ResetInMessage = "reset-in-message",
    /// Says farewell between two fragments.
    FarewellInMessage = "farewell-in-message",
    /// Announces a frame of a tebibyte.
    LongFrame = "frame-too-long",
    /// Announces a frame whose length has the highest bit set.
    NegativeFrame = "frame-length-negative",
    /// Sends a frame of the size that it announces, above the limit.
    OverLimit = "frame-over-limit",
    /// Sends a message in small fragments, above the limit.
    LongMessage = "message-over-limit",
    /// Sends small fragments of one message without end.
    EndlessMessage = "endless-message",
    /// Sends empty fragments without end.
    EndlessEmptyFragments = "endless-empty-fragments",
    /// Pings without end, and reads no answer.
    EndlessPings = "endless-pings",
    /// Masks its frame.
    Masked = "masked",
    /// Sets the first reserved bit.
    Reserved1 = "reserved-bit-1",
    /// Sets the third reserved bit.
    Reserved3 = "reserved-bit-3",
    /// A kind of data that does not exist.
    UnknownData = "data-opcode-unknown",
    /// A kind of control frame that does not exist.
    UnknownControl = "control-opcode-unknown",
    /// Text that is not UTF-8.
    BadText = "text-not-utf-8",
    /// Text that is not UTF-8, broken up where it would be.
    BadTextInFragments = "fragments-not-utf-8",
    /// A ping in two fragments.
    FragmentedPing = "ping-fragmented",
    /// A ping of 126 bytes.
    LongPing = "ping-too-long",
    /// A continuation of nothing.
    LoneContinuation = "continuation-of-nothing",
    /// A message in the middle of another.
    Interleaved = "message-in-message",
    /// A close frame of one byte.
    ShortFarewell = "farewell-of-one-byte",
    /// A close frame with a reason that is not UTF-8.
    BadFarewellText = "farewell-not-utf-8",
    /// HTTP in place of frames.
    Http = "http",
    /// Says farewell, and sends more.
    MessageAfterFarewell = "message-after-farewell",
    /// Says farewell with a code that must not be sent. The client answers 1002, and it is closed.
    BadFarewellCode = "farewell-with-bad-code",
    /// Says farewell, and does not close the connection.
    SilentAfterFarewell = "farewell-then-silent",
    /// Says farewell, and cuts the connection off. Legal in effect: nothing is missing.
    CutAfterFarewell = "farewell-then-cut",
    /// Says farewell, and resets the connection.
    ResetAfterFarewell = "farewell-then-reset",
    /// Never answers the client's farewell.
    FarewellUnanswered = "our-farewell-unanswered",
    /// Closes the connection in place of an answer to the client's farewell.
    CloseAfterOurs = "our-farewell-then-closed",
    /// Cuts the connection off in place of an answer to the client's farewell.
    CutAfterOurs = "our-farewell-then-cut",
    /// Resets the connection in place of an answer to the client's farewell.
    ResetAfterOurs = "our-farewell-then-reset",
    /// Answers the client's farewell, and does not close the connection.
    SilentAfterBoth = "both-farewells-then-silent",
    /// Sends a message before it answers the client's farewell. Legal.
    LateMessage = "message-before-answer-to-our-farewell",
    /// A message a byte at a time, and a farewell. Legal.
    ByteByByte = "byte-by-byte",
    /// A message in fragments with a ping in between, and a farewell. Legal.
    Fragments = "fragments-and-ping",
}

impl FrameFault {
    /// Whether the client has to see a message and the end of a WebSocket that was closed well.
    pub fn is_legal(self) -> bool {
        matches!(self, Self::LateMessage | Self::ByteByByte | Self::Fragments)
    }

    /// Whether what comes has no end but the client's.
    pub fn is_flood(self) -> bool {
        self.name().starts_with("endless")
    }

    /// Whether the client has to begin the closing handshake.
    pub fn is_about_our_farewell(self) -> bool {
        matches!(
            self,
            Self::FarewellUnanswered
                | Self::CloseAfterOurs
                | Self::CutAfterOurs
                | Self::ResetAfterOurs
                | Self::SilentAfterBoth
                | Self::LateMessage
        )
    }

    /// The script, behind the TLS handshake.
    pub fn steps(self) -> Vec<Step> {
        let mut steps = vec![Step::Hear, Step::switch("")];
        steps.extend(self.frames());
        steps
    }

    fn frames(self) -> Vec<Step> {
        let (hear, silence) = (Step::Hear, Step::Silence);
        let says = |bytes: &[u8], then: Step| vec![Step::say(bytes), then];
        let wrong = |bytes: &[u8]| vec![Step::say(bytes), Step::Hear, Step::Close];
        let fragments =
            |fragment: &[u8]| vec![Step::say(b"\x01\x01x"), Step::Flood(fragment.to_vec())];
        match self {
            Self::Close => vec![Step::Close],
            Self::Cut => vec![Step::Cut],
            Self::Reset => vec![Step::Reset],
            Self::Silent => vec![silence],
            Self::CloseInHeader => says(b"\x81", Step::Close),
            Self::CloseInFrame => says(HALF, Step::Close),
            Self::CutInFrame => says(HALF, Step::Cut),
            Self::ResetInFrame => says(HALF, Step::Reset),
            Self::SilentInFrame => says(HALF, silence),
            Self::CloseInMessage => says(FRAGMENT, Step::Close),
            Self::ResetInMessage => says(FRAGMENT, Step::Reset),
            Self::FarewellInMessage => wrong(&[FRAGMENT, FAREWELL].concat()),
            Self::LongFrame => wrong(b"\x82\x7f\0\0\x01\0\0\0\0\0"),
            Self::NegativeFrame => wrong(b"\x82\x7f\xff\0\0\0\0\0\0\0"),
            Self::OverLimit => {
                let frame = [&b"\x82\x7f\0\0\0\0\0\x10\0\0"[..], &[0; 0x10_0000]].concat();
                says(&frame, Step::Close)
            }
            Self::LongMessage => {
                let fragment = [&b"\0\x7e\x10\0"[..], &[b'x'; 0x1000]].concat();
                says(&[FRAGMENT, &fragment.repeat(64)].concat(), Step::Close)
            }
            Self::EndlessMessage => fragments(&[&b"\0\x7e\x01\0"[..], &[b'x'; 0x100]].concat()),
            Self::EndlessEmptyFragments => fragments(b"\0\0"),
            Self::EndlessPings => {
                let ping = [&b"\x89\x7d"[..], &[b'x'; 125]].concat();
                vec![Step::Flood(ping)]
            }
            Self::Masked => wrong(b"\x81\x85\0\0\0\0hello"),
            Self::Reserved1 => wrong(b"\xc1\x05hello"),
            Self::Reserved3 => wrong(b"\x91\x05hello"),
            Self::UnknownData => wrong(b"\x83\x05hello"),
            Self::UnknownControl => wrong(b"\x8b\x05hello"),
            Self::BadText => wrong(b"\x81\x02\xc3\x28"),
            Self::BadTextInFragments => wrong(b"\x01\x01\xc3\x80\x01\x28"),
            Self::FragmentedPing => wrong(b"\x09\x02pi\x80\x02ng"),
            Self::LongPing => wrong(&[&b"\x89\x7e\0\x7e"[..], &[b'x'; 126]].concat()),
            Self::LoneContinuation => wrong(b"\x80\x05hello"),
            Self::Interleaved => wrong(&[FRAGMENT, HELLO].concat()),
            Self::ShortFarewell => wrong(b"\x88\x01\x03"),
            Self::BadFarewellText => wrong(b"\x88\x04\x03\xe8\xc3\x28"),
            Self::Http => says(super::BAD_REQUEST.as_bytes(), Step::Close),
            Self::MessageAfterFarewell => wrong(&[FAREWELL, HELLO].concat()),
            Self::BadFarewellCode => wrong(b"\x88\x02\x03\xe7"),
            Self::SilentAfterFarewell => says(FAREWELL, silence),
            Self::CutAfterFarewell => vec![Step::say(FAREWELL), hear, Step::Cut],
            Self::ResetAfterFarewell => vec![Step::say(FAREWELL), hear, Step::Reset],
            Self::FarewellUnanswered => vec![hear, silence],
            Self::CloseAfterOurs => vec![hear, Step::Close],
            Self::CutAfterOurs => vec![hear, Step::Cut],
            Self::ResetAfterOurs => vec![hear, Step::Reset],
            Self::SilentAfterBoth => vec![hear, Step::say(FAREWELL), silence],
            Self::LateMessage => {
                let both = [HELLO, FAREWELL].concat();
                vec![hear, Step::say(both), Step::Close]
            }
            Self::ByteByByte => {
                let both = [HELLO, FAREWELL].concat();
                vec![Step::Drip(both), hear, Step::Close]
            }
            Self::Fragments => wrong(&[FRAGMENT, b"\x89\0\x80\x02lo", FAREWELL].concat()),
        }
    }
}

const HELLO: &[u8] = b"\x81\x05hello";
/// Announces 5 bytes, and has 2.
const HALF: &[u8] = b"\x81\x05he";
const FRAGMENT: &[u8] = b"\x01\x03hel";
const FAREWELL: &[u8] = b"\x88\x02\x03\xe8";
