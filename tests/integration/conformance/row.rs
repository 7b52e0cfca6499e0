//! One row of the table: what a server sends, and what has to come of it.

use std::fmt;

use trusted_transport::ws::{CloseFrame, Error, WebSocketConfig};
use trusted_transport_lab::{Frame, Say};

/// A row.
pub(super) struct Row {
    /// The family of the Autobahn test suite, and the section of RFC 6455.
    place: (&'static str, &'static str),
    name: String,
    pub(super) says: Vec<Say>,
    pub(super) config: WebSocketConfig,
    pub(super) client: Client,
    /// What the server hears before the client ends.
    heard: Vec<Frame>,
    pub(super) wants: Wants,
    remark: Option<&'static str>,
}

/// What the program does.
#[derive(PartialEq, Eq)]
pub(super) enum Client {
    /// Sends text and binary messages back.
    Echoes,
    /// Starts the closing handshake at once, and hears the server out.
    Closes(u16, &'static str),
}

/// How it ends for the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wants {
    /// In order, with this status code of the server's.
    Closed(Option<u16>),
    Fault(Fault),
}

/// What the server did wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Protocol,
    Text,
    Size,
    /// It ended the connection without a Close frame.
    Cut,
}

impl Wants {
    pub(super) fn is(self, outcome: &Result<Option<CloseFrame>, Error>) -> bool {
        match (self, outcome) {
            (Self::Closed(code), Ok(told)) => code == told.as_ref().map(|told| told.code.into()),
            (Self::Fault(fault), Err(error)) => Some(fault) == Fault::of(error),
            _ => false,
        }
    }
}

impl Fault {
    fn of(error: &Error) -> Option<Self> {
        use tokio_tungstenite::tungstenite::error::ProtocolError;
        match error {
            Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Some(Self::Cut),
            Error::Protocol(_) => Some(Self::Protocol),
            Error::Utf8(_) => Some(Self::Text),
            Error::Capacity(_) => Some(Self::Size),
            _ => None,
        }
    }

    /// What the server is told of it (7.4.1).
    fn code(self) -> Option<u16> {
        match self {
            Self::Protocol => Some(1002),
            Self::Text => Some(1007),
            Self::Size => Some(1009),
            Self::Cut => None,
        }
    }
}

impl Row {
    /// The server sends these, hears what comes back of them, and closes.
    pub(super) fn echoes(
        place: (&'static str, &'static str),
        name: impl Into<String>,
        sends: Vec<Frame>,
        hears: Vec<Frame>,
    ) -> Self {
        let closes = Say::Each(vec![Frame::close_with(1000, "")]);
        let says = vec![Say::Each(sends), Say::Hear(hears.len()), closes];
        let heard = [hears, vec![Frame::close_with(1000, "")]].concat();
        Self::new(place, name, says, heard, Wants::Closed(Some(1000)))
    }

    /// The server sends these, and the last of them is wrong.
    pub(super) fn fails(
        place: (&'static str, &'static str),
        name: impl Into<String>,
        sends: Vec<Frame>,
        hears: Vec<Frame>,
        fault: Fault,
    ) -> Self {
        let notice = fault.code().map(|code| Frame::close_with(code, ""));
        let heard = hears.into_iter().chain(notice).collect();
        Self::new(
            place,
            name,
            vec![Say::Each(sends)],
            heard,
            Wants::Fault(fault),
        )
    }

    pub(super) fn new(
        place: (&'static str, &'static str),
        name: impl Into<String>,
        says: Vec<Say>,
        heard: Vec<Frame>,
        wants: Wants,
    ) -> Self {
        Self {
            place,
            name: name.into(),
            says,
            config: WebSocketConfig::default(),
            client: Client::Echoes,
            heard,
            wants,
            remark: None,
        }
    }

    /// Everything octet by octet, the answer to the upgrade included.
    pub(super) fn in_octets(self) -> Self {
        self.said("octet by octet", Say::Octets)
    }

    /// Everything in one piece, right behind the answer to the upgrade.
    pub(super) fn together(self) -> Self {
        self.said("in one piece", Say::Together)
    }

    fn said(mut self, how: &str, say: impl Fn(Vec<Frame>) -> Say) -> Self {
        self.name = format!("{}, {how}", self.name);
        for it in &mut self.says {
            if let Say::Each(frames) = it {
                *it = say(std::mem::take(frames));
            }
        }
        self
    }

    pub(super) fn limits(mut self, message: Option<usize>, frame: Option<usize>) -> Self {
        let config = self.config.max_message_size(message);
        self.config = config.max_frame_size(frame);
        self
    }

    pub(super) fn client(self, client: Client) -> Self {
        Self { client, ..self }
    }

    /// Why it is not quite what the standard says.
    pub(super) fn remark(self, remark: &'static str) -> Self {
        let remark = Some(remark);
        Self { remark, ..self }
    }

    pub(super) fn heard(&self) -> Vec<Frame> {
        self.heard.clone()
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (family, section) = self.place;
        write!(f, "{family} ({section}) {}: ", self.name)?;
        match self.wants {
            Wants::Closed(_) => f.write_str("pass")?,
            Wants::Fault(Fault::Cut) => f.write_str("fails")?,
            Wants::Fault(fault) => write!(f, "fails with {}", fault.code().unwrap_or_default())?,
        }
        match self.remark {
            Some(remark) => write!(f, "; {remark}"),
            None => Ok(()),
        }
    }
}
