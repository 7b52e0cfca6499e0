//! How an HTTP/2 server goes wrong behind good TLS (RFC 9113). A WebSocket never speaks HTTP/2
//! here.

use crate::script::Step;

catalogue! {
    /// What a server does that has agreed on HTTP/2.
    pub enum H2Fault;

    /// Goes away at once, without having served anything.
    GoAway = "goaway",
    /// Goes away at once, and calls the client to account: `ENHANCE_YOUR_CALM`.
    GoAwayCalm = "goaway-enhance-your-calm",
    /// Resets the stream: `INTERNAL_ERROR`.
    Reset = "rst-stream",
    /// Resets the stream, unserved: `REFUSED_STREAM`.
    Refused = "rst-stream-refused",
    /// Demands HTTP/1.1: `HTTP_1_1_REQUIRED`.
    Http1Required = "rst-stream-http-1-1-required",
    /// Says nothing, not even its settings.
    Silent = "silent",
    /// Says its settings, and then nothing.
    SilentAfterSettings = "silent-after-settings",
    /// Says its settings, and closes the connection.
    CloseAfterSettings = "close-after-settings",
    /// Resets the connection.
    ResetConnection = "reset",
    /// Answers in HTTP/1.1.
    Http1 = "http-1-not-agreed",
    /// Answers what no protocol knows.
    Garbage = "garbage",
    /// A frame that is larger than the client allows.
    LongFrame = "frame-too-long",
    /// Settings without end.
    EndlessSettings = "endless-settings",
    /// Pings without end.
    EndlessPings = "endless-pings",
    /// Headers that go on without end.
    EndlessContinuation = "endless-continuation",
    /// Headers that cannot be unpacked.
    BadHeaders = "headers-not-readable",
}

impl H2Fault {
    /// Whether what comes has no end but the client's.
    pub fn is_flood(self) -> bool {
        self.name().starts_with("endless")
    }

    /// The script, behind the TLS handshake.
    pub fn steps(self) -> Vec<Step> {
        let settled = |what: Vec<u8>, then: Step| {
            // What is heard second is the client's consent, and then its request has been sent.
            let settings = Step::say(frame(4, 0, 0, &[]));
            vec![Step::Hear, settings, Step::Hear, Step::Say(what), then]
        };
        let reset = |code: u8| settled(frame(3, 0, 1, &[0, 0, 0, code]), Step::Silence);
        let goaway = |code: u8| settled(frame(7, 0, 0, &[0, 0, 0, 0, 0, 0, 0, code]), Step::Close);
        match self {
            Self::GoAway => goaway(0),
            Self::GoAwayCalm => goaway(11),
            Self::Reset => reset(2),
            Self::Refused => reset(7),
            Self::Http1Required => reset(13),
            Self::Silent => vec![Step::Hear, Step::Silence],
            Self::SilentAfterSettings => settled(Vec::new(), Step::Silence),
            Self::CloseAfterSettings => settled(Vec::new(), Step::Close),
            Self::ResetConnection => settled(Vec::new(), Step::Reset),
            Self::Http1 => vec![
                Step::Hear,
                Step::say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
                Step::Close,
            ],
            Self::Garbage => vec![Step::Hear, Step::say(super::GARBAGE), Step::Close],
            Self::LongFrame => settled(vec![0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1], Step::Close),
            Self::EndlessSettings => settled(Vec::new(), Step::Flood(frame(4, 0, 0, &[]))),
            Self::EndlessPings => settled(Vec::new(), Step::Flood(frame(6, 0, 0, &[0; 8]))),
            Self::EndlessContinuation => {
                // A header that is not to be indexed, of 4 and 24 bytes.
                let header = [&b"\0\x04more\x18"[..], &[b'x'; 24]].concat();
                let more = frame(9, 0, 1, &header);
                settled(frame(1, 0, 1, &[0x88]), Step::Flood(more))
            }
            Self::BadHeaders => settled(frame(1, 4, 1, &[0xff; 16]), Step::Close),
        }
    }
}

fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap_or_default();
    let [high, low] = length.to_be_bytes();
    let header = [0, high, low, kind, flags, 0, 0, 0, stream];
    [&header, payload].concat()
}
