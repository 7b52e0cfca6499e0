//! What is text and what is not (RFC 3629), cut where it hurts.

use trusted_transport_lab::Frame;

use super::row::{Fault, Row};

pub(super) fn rows() -> Vec<Row> {
    [valid(), cut(), invalid()].into_iter().flatten().collect()
}

fn valid() -> Vec<Row> {
    let text = |name: &str, text: &str| {
        let frame = vec![Frame::text(text)];
        Row::echoes(TEXT, name, frame.clone(), frame)
    };
    let binary = vec![Frame::binary([0xff, 0xc0, 0x80])];
    vec![
        text("text of every length of character", EVERY),
        text("text of every length of character", EVERY).in_octets(),
        text(
            "the borders of each length",
            "\0\u{7f}\u{80}\u{7ff}\u{800}\u{ffff}\u{10000}\u{10ffff}",
        ),
        text("around the surrogates", "\u{d7ff}\u{e000}"),
        text(
            "what is no character",
            "\u{fffe}\u{ffff}\u{1fffe}\u{10ffff}",
        ),
        Row::echoes(TEXT, "binary is no text", binary.clone(), binary),
    ]
}

/// In frames that end anywhere.
fn cut() -> Vec<Row> {
    let whole = || vec![Frame::text(EVERY)];
    let mut rows = Vec::new();
    for at in 0..=EVERY.len() {
        let (first, second) = EVERY.as_bytes().split_at(at);
        let sends = vec![Frame::text(first).unfinished(), Frame::continuation(second)];
        rows.push(Row::echoes(
            TEXT,
            format!("text cut behind octet {at}"),
            sends,
            whole(),
        ));
    }
    let mut octets = vec![Frame::text("").unfinished()];
    octets.extend(
        EVERY
            .bytes()
            .map(|octet| Frame::continuation([octet]).unfinished()),
    );
    octets.push(Frame::continuation(""));
    let row = || {
        Row::echoes(
            TEXT,
            "a frame for each octet of text",
            octets.clone(),
            whole(),
        )
    };
    rows.extend([row(), row().in_octets(), row().together()]);
    rows
}

fn invalid() -> Vec<Row> {
    let fails =
        |name: String, sends: Vec<Frame>| Row::fails(TEXT, name, sends, Vec::new(), Fault::Text);
    let mut rows = Vec::new();
    for (name, octets) in INVALID {
        let (begin, end) = (b"valid, ".as_slice(), b" again".as_slice());
        let whole = [begin, octets, end].concat();
        rows.push(fails(
            format!("{name} in a frame"),
            vec![Frame::text(&whole)],
        ));
        rows.push(fails(format!("{name} in a frame"), vec![Frame::text(&whole)]).in_octets());
        rows.push(fails(
            format!("{name} at the end"),
            vec![Frame::text(octets)],
        ));
        let late = vec![
            Frame::text(begin).unfinished(),
            Frame::continuation(octets).unfinished(),
            Frame::continuation(end),
        ];
        rows.push(fails(format!("{name} in a later frame"), late));
        let mut each = vec![Frame::text(begin).unfinished()];
        each.extend(
            octets
                .iter()
                .map(|octet| Frame::continuation([*octet]).unfinished()),
        );
        each.push(Frame::continuation(end));
        rows.push(fails(format!("{name}, a frame for each octet"), each));
    }
    let unfinished = vec![
        Frame::text(b"\xf0\x90\x80").unfinished(),
        Frame::continuation(""),
    ];
    rows.push(fails(
        "text that ends in a character, in frames".to_owned(),
        unfinished,
    ));
    rows
}

/// One octet, two, three and four.
const EVERY: &str = "x\u{3bc}\u{20ac}\u{1d11e}";

const INVALID: [(&str, &[u8]); 10] = [
    ("a continuation octet alone", b"\x80"),
    ("an octet of no use", b"\xff"),
    ("a slash of two octets", b"\xc0\xaf"),
    ("a slash of three octets", b"\xe0\x80\xaf"),
    ("a nul of two octets", b"\xc0\x80"),
    ("a surrogate", b"\xed\xa0\x80"),
    ("a pair of surrogates", b"\xed\xa0\x80\xed\xb0\x80"),
    ("a character beyond the last", b"\xf4\x90\x80\x80"),
    ("five octets", b"\xf8\x88\x80\x80\x80"),
    ("half a character", b"\xce"),
];

const TEXT: (&str, &str) = ("6", "8.1");
