//! One line of a bundle: text, a BEGIN or END marker (RFC 7468, 2), or what somebody may have meant
//! for a marker, which is never passed over.

use std::iter::successors;

use memchr::{memchr, memchr_iter, memmem};

use super::lines::trim;
use super::pem::PemFault;

/// A line as the parser of a bundle sees it.
pub(crate) enum Token<'a> {
    Text,
    /// With its label.
    Begin(&'a [u8]),
    /// The label, and what stands behind it on the line when that is a BEGIN: files
    /// that were concatenated without a final newline.
    End(&'a [u8], Option<&'a [u8]>),
    Faulty(PemFault),
}

impl<'a> Token<'a> {
    pub(crate) fn of(line: &'a [u8]) -> Self {
        if memchr(b'-', line).is_none() && line.is_ascii() {
            return Self::Text;
        }
        if let Some(rest) = line.strip_prefix(BEGIN) {
            return match label_and_rest(rest) {
                Some((label, [])) => Self::Begin(label),
                _ => Self::Faulty(PemFault::GluedMarker),
            };
        }
        if let Some(rest) = line.strip_prefix(END) {
            return match label_and_rest(rest) {
                Some((label, [])) => Self::End(label, None),
                Some((label, rest)) if rest.starts_with(BEGIN) => Self::End(label, Some(rest)),
                _ => Self::Faulty(PemFault::GluedMarker),
            };
        }
        if contains(line, BEGIN) || contains(line, END) || looks_like_a_marker(line) {
            return Self::Faulty(PemFault::GluedMarker);
        }
        if is_a_marker_in_utf16(line) {
            return Self::Faulty(PemFault::MixedEncodings);
        }
        match is_der(line) {
            true => Self::Faulty(PemFault::Binary),
            false => Self::Text,
        }
    }
}

/// Written by hand perhaps, or made pretty by a word processor: other dashes, lower case, a tab.
/// OpenSSL passes over it.
fn looks_like_a_marker<'a>(line: &'a [u8]) -> bool {
    let without_dash = |line: &&'a [u8]| {
        let mut dashes = ANY_DASH.iter();
        dashes.find_map(|dash| line.strip_prefix(dash.as_bytes()))
    };
    successors(Some(line), without_dash)
        .nth(2)
        .is_some_and(|rest| {
            let rest = rest.to_ascii_uppercase();
            contains(&rest, b"CERTIFICATE")
                && (contains(&rest, b"BEGIN") || contains(&rest, b"END"))
        })
}

/// Whether a line outside of all blocks is base64 of a SEQUENCE of some hundred bytes, such as a
/// certificate whose BEGIN nobody can recognise, or of a BEGIN.
pub(crate) fn is_a_certificate(line: &[u8]) -> bool {
    let base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=".contains(byte);
    let quoted = line.strip_prefix(b">").unwrap_or(line).trim_ascii_start();
    let begins = [&b"MII"[..], b"LS0tLS1CRUdJTi"].map(|start| quoted.starts_with(start));
    begins.contains(&true) && quoted.len() >= 16 && quoted.iter().all(base64)
}

/// Two SEQUENCEs of some hundred bytes, the one in the other.
fn is_der(line: &[u8]) -> bool {
    let long = |bytes: &[u8]| matches!(bytes, [0x30, 0x81 | 0x82, ..]);
    let mut places = memchr_iter(0x30, line);
    places.any(|at| long(&line[at..]) && line.get(at + 4..).is_some_and(long))
}

/// Without its byte order mark at the beginning of the text, UTF-16 is not decoded.
fn is_a_marker_in_utf16(line: &[u8]) -> bool {
    memchr(0, line).is_some() && {
        let of_utf16 = |byte: &u8| matches!(byte, 0 | 0xfe | 0xff);
        let ascii: Vec<u8> = line.iter().copied().filter(|b| !of_utf16(b)).collect();
        contains(&ascii, BEGIN) || contains(&ascii, END)
    }
}

fn label_and_rest(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memmem::find(text, DASHES)?;
    let (label, rest) = text.split_at(end);
    Some((label, trim(&rest[DASHES.len()..])))
}

fn contains(line: &[u8], part: &[u8]) -> bool {
    memmem::find(line, part).is_some()
}

/// Also the hyphens of Unicode, its figure, en and em dashes, its bar and its minus.
const ANY_DASH: [&str; 8] = [
    "-", "\u{2010}", "\u{2011}", "\u{2012}", "\u{2013}", "\u{2014}", "\u{2015}", "\u{2212}",
];

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";
