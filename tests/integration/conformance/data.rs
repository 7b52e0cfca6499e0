//! Messages of every form of length, whole and in fragments.

use trusted_transport_lab::{Frame, Length};

use super::row::{Fault, Row};

pub(super) fn rows() -> Vec<Row> {
    [sizes(), lengths(), fragments(), strays()]
        .into_iter()
        .flatten()
        .collect()
}

/// Around the borders between the forms of length.
fn sizes() -> Vec<Row> {
    let mut rows = Vec::new();
    for size in [0, 1, 125, 126, 127, 128, 65_535, 65_536, 65_537] {
        let (text, binary) = (
            Frame::text(vec![b'*'; size]),
            Frame::binary(vec![0xfe; size]),
        );
        let row = |kind: &str, frame: &Frame| {
            let name = format!("{kind} of {size} octets");
            Row::echoes(FRAMING, name, vec![frame.clone()], vec![frame.clone()])
        };
        rows.extend([row("text", &text), row("binary", &binary)]);
        if size < 1000 {
            rows.extend([
                row("text", &text).in_octets(),
                row("binary", &binary).in_octets(),
            ]);
        }
        rows.push(row("text", &text).together());
    }
    let many: Vec<_> = (0..100_u8).map(|number| Frame::binary([number])).collect();
    let row = || Row::echoes(FRAMING, "a hundred messages", many.clone(), many.clone());
    rows.extend([row(), row().together()]);
    rows
}

fn lengths() -> Vec<Row> {
    let row = |name, length| {
        let short = Frame::text("short");
        Row::echoes(
            FRAMING,
            name,
            vec![short.clone().announced(length)],
            vec![short],
        )
        .remark("deviates: the shortest form is a MUST of the sender, and tungstenite reads any")
    };
    let highest = Frame::binary("x").announced(Length::Long(1 << 63));
    vec![
        row("a length of 5 in 16 bits", Length::Medium(5)),
        row("a length of 5 in 64 bits", Length::Long(5)),
        Row::fails(
            FRAMING,
            "the highest bit of 64",
            vec![highest],
            vec![],
            Fault::Size,
        )
        .remark("non-strict: a matter of the limit, not of the bit"),
    ]
}

fn fragments() -> Vec<Row> {
    let [one, two, three] = [
        Frame::text("one, ").unfinished(),
        Frame::continuation("two, ").unfinished(),
        Frame::continuation("three"),
    ];
    let whole = vec![Frame::text("one, two, three")];
    let row = |name: &str, sends: Vec<Frame>| Row::echoes(FRAGMENTS, name, sends, whole.clone());
    let all = vec![one.clone(), two.clone(), three.clone()];
    let empty = vec![
        Frame::text("").unfinished(),
        one_as_continuation(),
        Frame::continuation("").unfinished(),
        two.clone(),
        three.clone(),
    ];
    let (ping, pong) = (Frame::ping("between"), Frame::pong("between"));
    let between = vec![one.clone(), ping.clone(), two.clone(), ping, three.clone()];
    let answered = vec![pong.clone(), pong, whole[0].clone()];
    let unasked = vec![one, Frame::pong("unasked"), two, Frame::pong(""), three];
    let row_between = || {
        Row::echoes(
            FRAGMENTS,
            "pings between",
            between.clone(),
            answered.clone(),
        )
    };
    let nothing = vec![Frame::text("").unfinished(), Frame::continuation("")];
    let octets: Vec<_> = in_fragments(&[7; 1000], 1).collect();
    let binary = vec![Frame::binary([7; 1000])];
    vec![
        row("text in three", all.clone()),
        row("text in three", all.clone()).in_octets(),
        row("text in three", all).together(),
        row("empty fragments", empty),
        row_between(),
        row_between().in_octets(),
        row_between().together(),
        row("unasked pongs between", unasked),
        Row::echoes(FRAGMENTS, "nothing, in two", nothing, vec![Frame::text("")]),
        Row::echoes(
            FRAGMENTS,
            "a thousand of one octet",
            octets.clone(),
            binary.clone(),
        ),
        Row::echoes(FRAGMENTS, "a thousand of one octet", octets, binary).together(),
    ]
}

/// Out of their order.
fn strays() -> Vec<Row> {
    let row = |name: &str, sends: Vec<Frame>| {
        Row::fails(FRAGMENTS, name, sends, Vec::new(), Fault::Protocol)
    };
    let begun = Frame::text("begun").unfinished();
    let whole = Frame::text("whole");
    let behind = vec![whole.clone(), Frame::continuation("more")];
    vec![
        row("a continuation of nothing", vec![Frame::continuation("?")]),
        row(
            "an unfinished continuation of nothing",
            vec![Frame::continuation("?").unfinished()],
        ),
        row(
            "a whole message in another",
            vec![begun.clone(), whole.clone()],
        ),
        row(
            "a message begun in another",
            vec![begun.clone(), begun.clone()],
        ),
        row(
            "a binary message in a text",
            vec![begun, Frame::binary("?")],
        ),
        Row::fails(
            FRAGMENTS,
            "a continuation of a whole one",
            behind,
            vec![whole],
            Fault::Protocol,
        ),
        row(
            "a ping in fragments",
            vec![Frame::ping("?").unfinished(), Frame::continuation("?")],
        ),
        row("a pong in fragments", vec![Frame::pong("?").unfinished()]),
        row("a Close in fragments", vec![Frame::close().unfinished()]),
    ]
}

fn one_as_continuation() -> Frame {
    Frame::continuation("one, ").unfinished()
}

/// A binary message in frames of this size.
pub(super) fn in_fragments(payload: &[u8], size: usize) -> impl Iterator<Item = Frame> {
    let count = payload.len().div_ceil(size);
    let parts = payload.chunks(size).enumerate();
    parts.map(move |(number, part)| {
        let frame = match number {
            0 => Frame::binary(part),
            _ => Frame::continuation(part),
        };
        if number + 1 == count {
            frame
        } else {
            frame.unfinished()
        }
    })
}

const FRAMING: (&str, &str) = ("1", "5.2");
const FRAGMENTS: (&str, &str) = ("5", "5.4");
