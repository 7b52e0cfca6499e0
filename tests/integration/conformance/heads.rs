//! The bits before the payload, and the frames that control the connection.

use trusted_transport_lab::{Frame, Length};

use super::row::{Fault, Row};

pub(super) fn rows() -> Vec<Row> {
    [pings(), reserved(), opcodes(), masked()]
        .into_iter()
        .flatten()
        .collect()
}

fn pings() -> Vec<Row> {
    let mut rows = Vec::new();
    for size in [0, 1, 125] {
        // Not text, and it need not be.
        let payload = vec![0xff; size];
        let row = || {
            let (sends, hears) = (vec![Frame::ping(&payload)], vec![Frame::pong(&payload)]);
            Row::echoes(PINGS, format!("a ping of {size} octets"), sends, hears)
        };
        rows.extend([row(), row().in_octets(), row().together()]);
    }
    let too_large = |frame: Frame, name| {
        let sends = vec![Frame::text("first"), frame];
        Row::fails(
            PINGS,
            name,
            sends,
            vec![Frame::text("first")],
            Fault::Protocol,
        )
    };
    let numbers = || (0..10_u8).map(|number| [number]);
    let pings: Vec<_> = numbers().map(Frame::ping).collect();
    let pongs: Vec<_> = numbers().map(Frame::pong).collect();
    let unasked = vec![
        Frame::pong("unasked"),
        Frame::pong(""),
        Frame::ping("asked"),
    ];
    // About as many as tokio lets a task do in one go.
    let burst = |size: u8| {
        let pongs: Vec<_> = (0..size).map(|number| Frame::pong([number])).collect();
        let mut sends: Vec<_> = (0..size).map(|number| Frame::ping([number])).collect();
        sends.push(Frame::ping("?").reserved(4));
        let name = format!("{size} pings and a fault");
        Row::fails(PINGS, name, sends, pongs, Fault::Protocol).together()
    };
    rows.extend([64, 100, 128, 136].map(burst));
    rows.extend([
        too_large(Frame::ping([0; 126]), "a ping of 126 octets"),
        too_large(Frame::pong([0; 65_536]), "a pong of 65536 octets"),
        Row::echoes(PINGS, "ten pings", pings.clone(), pongs.clone()),
        Row::echoes(PINGS, "ten pings", pings.clone(), pongs.clone()).in_octets(),
        Row::echoes(PINGS, "ten pings", pings, pongs).together(),
        Row::echoes(PINGS, "unasked pongs", unasked, vec![Frame::pong("asked")]),
    ]);
    rows
}

fn reserved() -> Vec<Row> {
    let first = || vec![Frame::text("first")];
    let row = |name: String, frame: Frame| {
        let sends = [first(), vec![frame]].concat();
        Row::fails(RESERVED, name, sends, first(), Fault::Protocol)
    };
    let mut rows = Vec::new();
    for bits in 1..8 {
        let text = Frame::text("second").reserved(bits);
        rows.push(row(format!("the bits {bits:03b} on text"), text.clone()));
        rows.push(row(format!("the bits {bits:03b} on text"), text).in_octets());
        for (name, frame) in [
            ("a ping", Frame::ping("?")),
            ("a pong", Frame::pong("?")),
            ("a Close", Frame::close_with(1000, "")),
            ("binary", Frame::binary("")),
        ] {
            rows.push(row(
                format!("the bits {bits:03b} on {name}"),
                frame.reserved(bits),
            ));
        }
    }
    let begun = vec![
        Frame::text("begun").unfinished(),
        Frame::continuation("?").reserved(4),
    ];
    let name = "the bits 100 on a continuation";
    rows.push(Row::fails(
        RESERVED,
        name,
        begun,
        Vec::new(),
        Fault::Protocol,
    ));
    rows
}

fn opcodes() -> Vec<Row> {
    let mut rows = Vec::new();
    for opcode in (3..8).chain(11..16) {
        let row = |payload: &str| {
            let sends = vec![
                Frame::text("first"),
                Frame::of(opcode, payload),
                Frame::text("third"),
            ];
            let name = format!("opcode {opcode} with {} octets", payload.len());
            Row::fails(
                OPCODES,
                name,
                sends,
                vec![Frame::text("first")],
                Fault::Protocol,
            )
        };
        rows.extend([row(""), row("payload"), row("payload").in_octets()]);
    }
    rows
}

/// A server masks nothing.
fn masked() -> Vec<Row> {
    let row = |name: &str, frame: Frame| {
        let sends = vec![frame.masked([1, 2, 3, 4])];
        Row::fails(MASKS, name, sends, Vec::new(), Fault::Protocol)
    };
    vec![
        row("masked text", Frame::text("masked")),
        row("a masked ping", Frame::ping("masked")),
        row("a masked Close", Frame::close_with(1000, "")),
        row(
            "masked, of a length that needs no 16 bits",
            Frame::text("").announced(Length::Medium(0)),
        ),
    ]
}

const PINGS: (&str, &str) = ("2", "5.5");
const RESERVED: (&str, &str) = ("3", "5.2");
const OPCODES: (&str, &str) = ("4", "5.2");
const MASKS: (&str, &str) = ("-", "5.1");
