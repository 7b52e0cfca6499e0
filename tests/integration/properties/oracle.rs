//! A bundle read a second time, in the simplest way there is, so that the loader can be held
//! against it. Made for bundles that load: of others it makes something, but no sense.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// A block whose label says certificate.
pub(crate) struct Certificate {
    /// SHA-256 over the DER, in hexadecimal.
    pub(crate) sha256: String,
    pub(crate) settings: Settings,
}

/// What trust settings say of TLS servers.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    /// They stand in the reject list.
    pub(crate) rejected: bool,
    /// They stand in the trust list, or there is none.
    pub(crate) trusted: bool,
}

impl Certificate {
    pub(crate) fn is_distrusted(&self) -> bool {
        self.settings.rejected || !self.settings.trusted
    }
}

/// The bytes as text; what is not text becomes a replacement character.
pub(crate) fn text(bytes: &[u8]) -> String {
    let (unit, rest): (fn([u8; 2]) -> u16, _) = match bytes {
        [0xff, 0xfe, rest @ ..] => (u16::from_le_bytes, rest),
        [0xfe, 0xff, rest @ ..] => (u16::from_be_bytes, rest),
        _ => return String::from_utf8_lossy(bytes).into_owned(),
    };
    let (pairs, _) = rest.as_chunks();
    let units: Vec<u16> = pairs.iter().copied().map(unit).collect();
    String::from_utf16_lossy(&units)
}

/// The certificates that stand in a text.
pub(crate) fn certificates(text: &str) -> Vec<Certificate> {
    let blocks = text.split("-----BEGIN ").skip(1);
    blocks.filter_map(certificate).collect()
}

fn certificate(block: &str) -> Option<Certificate> {
    let (label, rest) = block.split_once("-----")?;
    let (body, _) = rest.split_once("-----END ").unwrap_or((rest, ""));
    let block = || STANDARD.decode(without_blanks(body)).unwrap_or_default();
    let (der, aux) = match label {
        "CERTIFICATE" | "X509 CERTIFICATE" => (block(), Vec::new()),
        "TRUSTED CERTIFICATE" => split(block()),
        _ => return None,
    };
    Some(Certificate {
        sha256: sha256(&der),
        settings: settings(&aux).unwrap_or(UNREADABLE),
    })
}

/// What of a text can be base64.
pub(crate) fn without_blanks(text: &str) -> String {
    let blank = |char: &char| char.is_ascii_whitespace() || *char == '\u{feff}';
    text.chars().filter(|char| !blank(char)).collect()
}

pub(crate) fn sha256(der: &[u8]) -> String {
    let digest = Sha256::digest(der);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads an `X509_AUX`, or nothing.
pub(crate) fn settings(aux: &[u8]) -> Option<Settings> {
    let [(LIST, fields)] = elements(aux)?[..] else {
        return (aux.is_empty()).then_some(UNRESTRICTED);
    };
    let fields = elements(fields)?;
    let list = |expected| fields.iter().find(|(tag, _)| *tag == expected);
    let names_servers = |(_, list): &(u8, &[u8])| {
        let purposes = elements(list).unwrap_or_default();
        let server = |(_, oid): &(u8, &[u8])| SERVER_PURPOSES.contains(oid);
        purposes.iter().any(server)
    };
    Some(Settings {
        rejected: list(REJECT).is_some_and(names_servers),
        trusted: list(LIST).is_none_or(names_servers),
    })
}

fn split(mut block: Vec<u8>) -> (Vec<u8>, Vec<u8>) {
    let rest = element(&block).map_or(0, |(.., rest)| rest.len());
    let aux = block.split_off(block.len() - rest);
    (block, aux)
}

/// Tags and contents, one after the other.
fn elements(mut der: &[u8]) -> Option<Vec<(u8, &[u8])>> {
    let mut found = Vec::new();
    while !der.is_empty() {
        let (tag, content, rest) = element(der)?;
        found.push((tag, content));
        der = rest;
    }
    Some(found)
}

fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = tag(der)?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(*first), rest),
        _ => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            let mut bytes = bytes.iter().map(|byte| usize::from(*byte));
            let more = |length: usize, byte| length.checked_mul(256)?.checked_add(byte);
            (bytes.try_fold(0, more)?, rest)
        }
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// In one byte. OpenSSL takes the long form (X.690, 8.1.2.4) of a small number for it, too.
fn tag(der: &[u8]) -> Option<(u8, &[u8])> {
    let (first, rest) = der.split_first()?;
    if first & LONG_FORM != LONG_FORM {
        return Some((*first, rest));
    }
    let end = rest.iter().position(|byte| byte & 0x80 == 0)?;
    let (bytes, rest) = rest.split_at(end + 1);
    let mut bytes = bytes.iter().map(|byte| usize::from(byte & 0x7f));
    let number = bytes.try_fold(0, |number: usize, byte| {
        number.checked_mul(128)?.checked_add(byte)
    })?;
    let number = u8::try_from(number).ok().filter(|it| *it < LONG_FORM);
    Some((first & !LONG_FORM | number.unwrap_or(LONG_FORM), rest))
}

const LONG_FORM: u8 = 0x1f;
const LIST: u8 = 0x30;
const REJECT: u8 = 0xa0;

const UNRESTRICTED: Settings = Settings {
    rejected: false,
    trusted: true,
};

/// Nobody knows what they would say.
const UNREADABLE: Settings = Settings {
    rejected: true,
    trusted: false,
};

/// id-kp-serverAuth and anyExtendedKeyUsage (RFC 5280, 4.2.1.12).
const SERVER_PURPOSES: [&[u8]; 2] = [&[0x2b, 6, 1, 5, 5, 7, 3, 1], &[0x55, 0x1d, 0x25, 0]];
