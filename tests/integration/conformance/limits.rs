//! Messages and frames as large as they may be, and larger. What is too large is refused by what
//! its head says, before it comes.

use trusted_transport_lab::{Frame, Length};

use super::data::in_fragments;
use super::row::{Fault, Row};

pub(super) fn rows() -> Vec<Row> {
    [large(), of_the_program(), by_default()]
        .into_iter()
        .flatten()
        .collect()
}

fn large() -> Vec<Row> {
    let payload = vec![0x5a; MEBI];
    let whole = vec![Frame::binary(&payload)];
    let row = |name: &str, sends: Vec<Frame>| Row::echoes(LIMITS, name, sends, whole.clone());
    let text = vec![Frame::text("\u{20ac}".repeat(MEBI / 3))];
    let sixteen = vec![Frame::binary(vec![1; 16 * MEBI])];
    vec![
        row("1 MiB", whole.clone()),
        row("1 MiB", whole.clone()).together(),
        row(
            "1 MiB in frames of 64 KiB",
            in_fragments(&payload, 65_536).collect(),
        ),
        row(
            "1 MiB in frames of 1000 octets",
            in_fragments(&payload, 1000).collect(),
        ),
        row(
            "1 MiB in frames of 1000 octets",
            in_fragments(&payload, 1000).collect(),
        )
        .together(),
        Row::echoes(LIMITS, "1 MiB of text", text.clone(), text),
        Row::echoes(
            LIMITS,
            "16 MiB, the most for a frame",
            sixteen.clone(),
            sixteen,
        ),
    ]
}

/// With 1000 octets for a message, or 100 for a frame.
fn of_the_program() -> Vec<Row> {
    let message = |name: &str, frames: Vec<Frame>, fault: Option<Fault>| {
        let whole = vec![Frame::binary([7; 1000])];
        let row = match fault {
            None => Row::echoes(LIMITS, name, frames, whole),
            Some(fault) => Row::fails(LIMITS, name, frames, Vec::new(), fault),
        };
        row.limits(Some(1000), Some(1000))
    };
    let parts = |size, of| in_fragments(&vec![7; size], of).collect::<Vec<_>>();
    let too_large = Some(Fault::Size);
    let hundred = Frame::binary([7; 100]);
    let frame = |name: &str, frames: Vec<Frame>, hears| {
        let row = Row::fails(LIMITS, name, frames, hears, Fault::Size);
        row.limits(None, Some(100))
    };
    let three = vec![Frame::binary([7; 300])];
    let head = |length| vec![Frame::binary([]).announced(Length::Long(length))];
    let (ping, pong) = (vec![Frame::ping([7; 125])], vec![Frame::pong([7; 125])]);
    let control = |frame| {
        let row = Row::echoes(
            LIMITS,
            "a ping above the limit of messages",
            ping.clone(),
            pong.clone(),
        );
        row.limits(Some(10), frame)
    };
    vec![
        message("a message at the limit", parts(1000, 1000), None),
        message(
            "a message at the limit, in fragments",
            parts(1000, 100),
            None,
        ),
        message("a message above it", parts(1001, 1001), too_large),
        message(
            "a message above it, in fragments",
            parts(1001, 100),
            too_large,
        ),
        message("the head of a message above it", head(1001), too_large),
        message(
            "the head of a larger one, and a larger limit for frames",
            head(2000),
            too_large,
        )
        .limits(Some(1000), Some(MEBI)),
        message(
            "the head of all there is, and no limit for frames",
            head(u64::MAX),
            too_large,
        )
        .limits(Some(1000), None),
        control(None),
        control(Some(MEBI)),
        message(
            "a message above it by its last fragment",
            parts(1001, 1000),
            too_large,
        ),
        Row::echoes(LIMITS, "no limit for messages", parts(300, 100), three)
            .limits(None, Some(100)),
        frame(
            "a frame above its limit",
            vec![hundred.clone(), Frame::binary([7; 101])],
            vec![hundred],
        ),
        frame("a continuation above it", parts(300, 101), vec![]),
        frame("a ping above it", vec![Frame::ping([7; 120])], vec![]),
    ]
}

/// Nothing comes behind these heads, and nobody waits for it.
fn by_default() -> Vec<Row> {
    let row = |name: &str, length: u64| {
        let head = Frame::binary([]).announced(Length::Long(length));
        Row::fails(LIMITS, name, vec![head], Vec::new(), Fault::Size)
    };
    vec![
        row("the head of 16 MiB and one octet", 16 * MEBI as u64 + 1),
        row("the head of 4 GiB", 1 << 32),
        row("the head of all there is", u64::MAX),
    ]
}

const MEBI: usize = 1024 * 1024;

const LIMITS: (&str, &str) = ("9", "10.4");
