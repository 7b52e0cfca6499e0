//! How a text is stored. PEM is ASCII (RFC 7468, 3), but programs on Windows write it as
//! UTF-16, in which a reader of ASCII finds nothing and says nothing.

use std::borrow::Cow;

use memchr::memmem;

/// The text was not in one encoding from its beginning to its end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Undecodable {
    /// What could be read before it.
    pub(crate) before: Vec<u8>,
}

/// The bytes as text of which the ASCII part can be read: UTF-16 if a byte order mark says so,
/// else as they are.
pub(crate) fn text(bytes: Cow<'_, [u8]>) -> Result<Cow<'_, [u8]>, Undecodable> {
    let unit = match *bytes {
        [0xff, 0xfe, ..] => u16::from_le_bytes,
        [0xfe, 0xff, ..] => u16::from_be_bytes,
        _ => return Ok(bytes),
    };
    decoded(&bytes, unit).map(Cow::Owned)
}

fn decoded(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<Vec<u8>, Undecodable> {
    let (pairs, odd) = bytes.as_chunks();
    let mut text = String::with_capacity(pairs.len());
    let mut whole = odd.is_empty();
    for char in char::decode_utf16(pairs.iter().copied().map(unit)) {
        match char {
            // A byte order mark of the other order.
            Ok('\u{fffe}') | Err(_) => {
                whole = false;
                break;
            }
            Ok(char) => text.push(char),
        }
    }
    let mut text = text.into_bytes();
    if let Some(ascii) = memmem::find(&text, DASHES_IN_ASCII.as_bytes()) {
        text.truncate(ascii);
        whole = false;
    }
    match whole {
        true => Ok(text),
        false => Err(Undecodable { before: text }),
    }
}

/// What the dashes of a marker in ASCII become when they are read as UTF-16: a file was
/// appended in its own encoding, and its certificates must not be lost.
const DASHES_IN_ASCII: &str = "\u{2d2d}\u{2d2d}";

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn utf16_of_either_order_is_read_and_other_bytes_stay_as_they_are() {
        let marked = "\u{feff}# Müller 😀\n-----BEGIN";
        for bytes in [u16::to_le_bytes, u16::to_be_bytes] {
            let bytes = utf16(marked, bytes);
            assert_eq!(text(bytes.into()).as_deref(), Ok(marked.as_bytes()));
        }
        for bytes in [&b""[..], b"\xff", b"\xef\xbb\xbf--", b"\xfftext", b"\0-\0-"] {
            assert_eq!(text(bytes.into()).as_deref(), Ok(bytes));
        }
    }

    #[test]
    fn a_text_that_changes_its_encoding_is_an_error() {
        let little = utf16("\u{feff}ab\n", u16::to_le_bytes);
        let big = utf16("\u{feff}ab\n", u16::to_be_bytes);
        let lone = 0xdc00u16.to_le_bytes();
        let ascii = b"-----BEGIN CERTIFICATE-----";
        let appended: [&[u8]; 5] = [&big, &lone, b"\n", ascii, &[b"\n", &ascii[..]].concat()];
        for appended in appended {
            let bytes = [&little, appended].concat();
            let Err(Undecodable { before }) = text(bytes.into()) else {
                panic!("{appended:?}");
            };
            assert!(before.starts_with("\u{feff}ab\n".as_bytes()), "{before:?}");
        }
    }
}
