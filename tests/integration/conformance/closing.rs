//! How a connection ends.

use trusted_transport_lab::{Frame, Length, Say};

use super::row::{Client, Fault, Row, Wants};

pub(super) fn rows() -> Vec<Row> {
    [codes(), malformed(), order(), by_the_client()]
        .into_iter()
        .flatten()
        .collect()
}

/// The server closes with these.
fn codes() -> Vec<Row> {
    let mut rows = Vec::new();
    for code in [
        1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 3000, 3999, 4000, 4999,
    ] {
        let close = Frame::close_with(code, "why");
        let (says, wants) = (
            vec![Say::Each(vec![close.clone()])],
            Wants::Closed(Some(code)),
        );
        let row = || {
            Row::new(
                CODES,
                format!("Close {code}"),
                says.clone(),
                vec![close.clone()],
                wants,
            )
        };
        rows.push(row());
        if code == 1000 {
            rows.extend([row().in_octets(), row().together()]);
        }
    }
    for code in [
        0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535,
    ] {
        let says = vec![Say::Each(vec![Frame::close_with(code, "")])];
        let refused = vec![Frame::close_with(1002, "Protocol violation")];
        let name = format!("Close {code}, which nobody sends");
        let row = Row::new(CODES, name, says, refused, Wants::Closed(Some(1002)));
        rows.push(row.remark("non-strict: the server is told 1002, and the program the same"));
    }
    rows
}

fn malformed() -> Vec<Row> {
    let fails =
        |name: &str, frame: Frame, fault| Row::fails(CLOSING, name, vec![frame], Vec::new(), fault);
    let whole = |name: &str, frame: Frame, code| {
        let says = vec![Say::Each(vec![frame.clone()])];
        Row::new(CLOSING, name, says, vec![frame], Wants::Closed(code))
    };
    vec![
        whole("an empty Close", Frame::close(), None),
        whole(
            "the longest reason",
            Frame::close_with(1000, "*".repeat(123)),
            Some(1000),
        ),
        whole(
            "a reason that is not ASCII",
            Frame::close_with(1001, "\u{3ba}\u{1f980}"),
            Some(1001),
        ),
        fails(
            "a reason that is too long",
            Frame::close_with(1000, "*".repeat(124)),
            Fault::Protocol,
        ),
        fails("half a status code", Frame::of(8, "x"), Fault::Protocol),
        fails(
            "a reason that is no text",
            Frame::close_with(1000, b"\xce\xba\xff"),
            Fault::Text,
        ),
        fails(
            "a reason that ends in a character",
            Frame::close_with(1000, b"\xce"),
            Fault::Text,
        ),
    ]
}

/// What comes behind a Close does not count, and what comes instead of one is a cut.
fn order() -> Vec<Row> {
    let close = Frame::close_with(1000, "");
    let behind = |name: &str, frames: Vec<Frame>| {
        let says = vec![Say::Together([vec![close.clone()], frames].concat())];
        Row::new(
            CLOSING,
            name,
            says,
            vec![close.clone()],
            Wants::Closed(Some(1000)),
        )
    };
    let begun = Frame::text("begun").unfinished();
    let cut = |name: &str, frames: Vec<Frame>| {
        let says = vec![Say::Each(frames), Say::End];
        Row::new(CUT, name, says, Vec::new(), Wants::Fault(Fault::Cut))
    };
    let part = Frame::text("part").announced(Length::Medium(500));
    vec![
        behind(
            "a second Close behind a Close",
            vec![Frame::close_with(1001, "")],
        ),
        behind("a message behind a Close", vec![Frame::text("late")]),
        behind("a ping behind a Close", vec![Frame::ping("late")]),
        behind(
            "nonsense behind a Close",
            vec![Frame::of(15, "?").reserved(7)],
        ),
        Row::new(
            CLOSING,
            "a Close in a fragmented message",
            vec![Say::Each(vec![begun.clone(), close.clone()])],
            vec![close],
            Wants::Closed(Some(1000)),
        ),
        cut("the end instead of a Close", vec![]),
        cut("the end in a frame", vec![part]),
        cut("the end in a fragmented message", vec![begun]),
    ]
}

fn by_the_client() -> Vec<Row> {
    let close = Frame::close_with(1001, "enough");
    let row = |name: &str, answers: Vec<Frame>, wants| {
        let says = vec![Say::Hear(1), Say::Each(answers), Say::End];
        let row = Row::new(CLOSING, name, says, vec![close.clone()], wants);
        row.client(Client::Closes(1001, "enough"))
    };
    let answer = Frame::close_with(1001, "");
    let late = vec![Frame::text("late"), Frame::ping("late"), answer.clone()];
    vec![
        row(
            "the client closes",
            vec![answer.clone()],
            Wants::Closed(Some(1001)),
        ),
        row(
            "the client closes, messages under way",
            late,
            Wants::Closed(Some(1001)),
        ),
        row(
            "the client closes, an empty answer",
            vec![Frame::close()],
            Wants::Closed(None),
        ),
        row(
            "the client closes, another code",
            vec![Frame::close_with(1000, "")],
            Wants::Closed(Some(1000)),
        ),
        row(
            "the client closes, no answer",
            vec![],
            Wants::Fault(Fault::Cut),
        ),
    ]
}

const CLOSING: (&str, &str) = ("7", "5.5.1");
const CUT: (&str, &str) = ("7", "7.1.5");
const CODES: (&str, &str) = ("7", "7.4");
