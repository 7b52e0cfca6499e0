//! WebSocket frames as they are on the wire (RFC 6455, 5.2), those that nobody should send included.

use std::fmt;
use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

/// A frame.
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    /// Whether it is the last of its message.
    pub fin: bool,
    /// The three reserved bits, RSV1 being 4.
    pub reserved: u8,
    /// The opcode, of four bits.
    pub opcode: u8,
    /// What the payload is masked with.
    pub mask: Option<[u8; 4]>,
    /// Another length than that of the payload, or one in more octets than it needs.
    pub announced: Option<Length>,
    /// The payload, without the mask.
    pub payload: Vec<u8>,
}

/// A length that is written behind the seven bits for short ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// In 16 bits.
    Medium(u16),
    /// In 64 bits.
    Long(u64),
}

impl Frame {
    /// A whole frame of this kind.
    pub fn of(opcode: u8, payload: impl AsRef<[u8]>) -> Self {
        Self {
            fin: true,
            reserved: 0,
            opcode,
            mask: None,
            announced: None,
            payload: payload.as_ref().to_vec(),
        }
    }

    /// A continuation frame.
    pub fn continuation(payload: impl AsRef<[u8]>) -> Self {
        Self::of(CONTINUATION, payload)
    }

    /// A text frame, whether or not it is text.
    pub fn text(payload: impl AsRef<[u8]>) -> Self {
        Self::of(TEXT, payload)
    }

    /// A binary frame.
    pub fn binary(payload: impl AsRef<[u8]>) -> Self {
        Self::of(BINARY, payload)
    }

    /// A Close frame without a status code.
    pub fn close() -> Self {
        Self::of(CLOSE, [])
    }

    /// A Close frame with a status code.
    pub fn close_with(code: u16, reason: impl AsRef<[u8]>) -> Self {
        Self::of(CLOSE, [&code.to_be_bytes(), reason.as_ref()].concat())
    }

    /// A Ping frame.
    pub fn ping(payload: impl AsRef<[u8]>) -> Self {
        Self::of(PING, payload)
    }

    /// A Pong frame.
    pub fn pong(payload: impl AsRef<[u8]>) -> Self {
        Self::of(PONG, payload)
    }

    /// The same, with more to come.
    pub fn unfinished(self) -> Self {
        Self { fin: false, ..self }
    }

    /// The same, with these reserved bits.
    pub fn reserved(self, reserved: u8) -> Self {
        Self { reserved, ..self }
    }

    /// The same, masked.
    pub fn masked(self, mask: [u8; 4]) -> Self {
        let mask = Some(mask);
        Self { mask, ..self }
    }

    /// The same, with this for its length.
    pub fn announced(self, length: Length) -> Self {
        let announced = Some(length);
        Self { announced, ..self }
    }

    /// Whether it is a Close frame.
    pub fn is_close(&self) -> bool {
        self.opcode == CLOSE
    }

    /// The status code of a Close frame.
    pub fn code(&self) -> Option<u16> {
        let code = self.payload.first_chunk()?;
        self.is_close().then(|| u16::from_be_bytes(*code))
    }

    /// What is on the wire.
    pub fn to_bytes(&self) -> Vec<u8> {
        let fin = if self.fin { 0x80 } else { 0 };
        let masked = if self.mask.is_some() { 0x80 } else { 0 };
        let mut bytes = vec![fin | self.reserved << 4 | self.opcode];
        match (self.announced, self.payload.len()) {
            (Some(length), _) => length.write(masked, &mut bytes),
            (None, short @ ..=125) => bytes.push(masked | short as u8),
            (None, long) => Length::of(long).write(masked, &mut bytes),
        }
        let mut payload = self.payload.clone();
        if let Some(mask) = self.mask {
            bytes.extend(mask);
            apply(mask, &mut payload);
        }
        bytes.extend(payload);
        bytes
    }

    /// Reads a frame; `None` at the end of the stream.
    pub(crate) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Self>> {
        let mut first = [0];
        if stream.read(&mut first).await? == 0 {
            return Ok(None);
        }
        let [first] = first;
        let second = stream.read_u8().await?;
        let announced = match second & 0x7f {
            126 => Some(Length::Medium(stream.read_u16().await?)),
            127 => Some(Length::Long(stream.read_u64().await?)),
            _ => None,
        };
        let length = match announced {
            None => u64::from(second & 0x7f),
            Some(Length::Medium(length)) => length.into(),
            Some(Length::Long(length)) => length,
        };
        let length = usize::try_from(length).ok().filter(|it| *it <= LIMIT);
        let length = length.ok_or(io::ErrorKind::InvalidData)?;
        let mut mask = None;
        if second & 0x80 != 0 {
            let mut bytes = [0; 4];
            stream.read_exact(&mut bytes).await?;
            mask = Some(bytes);
        }
        let mut payload = vec![0; length];
        stream.read_exact(&mut payload).await?;
        if let Some(mask) = mask {
            apply(mask, &mut payload);
        }
        Ok(Some(Self {
            fin: first & 0x80 != 0,
            reserved: first >> 4 & 7,
            opcode: first & 0xf,
            mask,
            announced: announced.filter(|it| length <= 125 || *it != Length::of(length)),
            payload,
        }))
    }
}

impl Length {
    fn of(length: usize) -> Self {
        match u16::try_from(length) {
            Ok(length) => Self::Medium(length),
            Err(_) => Self::Long(length as u64),
        }
    }

    fn write(self, masked: u8, bytes: &mut Vec<u8>) {
        match self {
            Self::Medium(length) => {
                bytes.push(masked | 126);
                bytes.extend(length.to_be_bytes());
            }
            Self::Long(length) => {
                bytes.push(masked | 127);
                bytes.extend(length.to_be_bytes());
            }
        }
    }
}

/// Payloads may be of many megabytes.
impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.opcode {
            CONTINUATION => "continuation",
            TEXT => "text",
            BINARY => "binary",
            CLOSE => "close",
            PING => "ping",
            PONG => "pong",
            _ => "reserved",
        };
        write!(f, "{name}({} octets", self.payload.len())?;
        if let Some(code) = self.code() {
            write!(f, ", {code}")?;
        }
        if !self.fin {
            f.write_str(", unfinished")?;
        }
        if self.reserved != 0 {
            write!(f, ", reserved bits {}", self.reserved)?;
        }
        if let Some(length) = self.announced {
            write!(f, ", announced as {length:?}")?;
        }
        f.write_str(")")
    }
}

/// Sixteen octets at a time: some payloads are large, and the lab is built without optimisation.
fn apply(mask: [u8; 4], payload: &mut [u8]) {
    let wide = u128::from_ne_bytes(std::array::from_fn(|at| mask[at % 4]));
    let mut chunks = payload.chunks_exact_mut(16);
    for chunk in &mut chunks {
        let octets: &mut [u8; 16] = chunk.try_into().expect("sixteen octets");
        *octets = (u128::from_ne_bytes(*octets) ^ wide).to_ne_bytes();
    }
    for (octet, mask) in chunks
        .into_remainder()
        .iter_mut()
        .zip(mask.into_iter().cycle())
    {
        *octet ^= mask;
    }
}

const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// No test sends as much.
const LIMIT: usize = 64 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(mut bytes: &[u8]) -> Frame {
        let frame = Frame::read(&mut bytes).await.expect("a frame");
        assert_eq!(bytes, [0; 0]);
        frame.expect("a frame")
    }

    /// The examples of RFC 6455, 5.7.
    #[tokio::test]
    async fn frames_are_as_in_the_standard() {
        let hello = Frame::text("Hello");
        assert_eq!(hello.to_bytes(), b"\x81\x05Hello");
        let masked = hello.masked([0x37, 0xfa, 0x21, 0x3d]);
        let bytes = *b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
        assert_eq!(masked.to_bytes(), bytes);
        let long = Frame::binary([0; 21]).masked([1, 2, 3, 4]).to_bytes();
        assert_eq!(long[6..], *b"\x01\x02\x03\x04".repeat(6).split_at(21).0);
        assert_eq!(read(&bytes).await, masked);
        let part = Frame::text("Hel").unfinished();
        assert_eq!(part.to_bytes(), b"\x01\x03Hel");
        let head = |length| Frame::binary(vec![0; length]).to_bytes();
        assert!(head(256).starts_with(b"\x82\x7e\x01\x00"));
        assert!(head(65536).starts_with(b"\x82\x7f\0\0\0\0\0\x01\0\0"));
    }

    #[tokio::test]
    async fn what_is_odd_survives() {
        for frame in [
            Frame::of(11, "?").reserved(5),
            Frame::ping([7; 130]),
            Frame::text("x").announced(Length::Medium(1)),
            Frame::binary([1; 200]).announced(Length::Long(200)),
            Frame::binary([1; 65536]),
            Frame::binary([1; 77]).masked([1, 2, 3, 4]),
            Frame::close_with(1002, "why"),
        ] {
            assert_eq!(read(&frame.to_bytes()).await, frame);
        }
    }
}
