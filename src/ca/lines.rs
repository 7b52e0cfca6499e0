//! The lines of a text, which end in LF, CR LF or a bare CR.

use memchr::memchr2;

/// Iterator over the lines, without blanks and byte order marks around them.
pub(crate) struct Lines<'a> {
    rest: &'a [u8],
    /// Of the line that was returned last, from 1.
    pub(crate) number: usize,
}

impl<'a> Lines<'a> {
    pub(crate) fn of(text: &'a [u8]) -> Self {
        let (rest, number) = (text, 0);
        Self { rest, number }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        self.number += 1;
        let end = memchr2(b'\n', b'\r', self.rest);
        let (line, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest
            .strip_prefix(b"\r\n")
            .or_else(|| rest.get(1..))
            .unwrap_or_default();
        Some(trim(line))
    }
}

/// Without the blanks and marks that RFC 7468's lax grammar, or a concatenation of files, has
/// around a line.
pub(crate) fn trim(mut line: &[u8]) -> &[u8] {
    line = line.trim_ascii();
    while let Some(rest) = line.strip_prefix(BYTE_ORDER_MARK) {
        line = rest.trim_ascii_start();
    }
    line
}

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
