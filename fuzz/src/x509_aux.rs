//! The trust settings behind a certificate, as bytes and as somebody writes them.

use crate::openssl::{self, Objection, TrustSettings};
use crate::oracle::{self, Settings};

/// Reads `data` as trust settings, and as the choices from which valid ones are written. Either
/// way, what they say of servers is what stands in them.
pub fn x509_aux(data: &[u8]) {
    if let Ok(read) = openssl::trust_settings(data) {
        let there = oracle::settings(data).expect("what is read is an X509_AUX");
        assert_eq!(told(&read), there.as_told());
    }
    let Some((fields, choices)) = data.split_first() else {
        return;
    };
    let (aux, expected) = written(*fields, choices);
    let read = openssl::trust_settings(&aux).expect("a valid X509_AUX");
    assert_eq!(told(&read), expected.as_told());

    let certificate = element(0x30, data);
    let block = [&certificate[..], &aux].concat();
    assert_eq!(openssl::split(&block), Some((&certificate[..], &aux[..])));
    let garbage = [&aux[..], choices].concat();
    assert!(choices.is_empty() || openssl::trust_settings(&garbage).is_err());
}

impl Settings {
    /// Of settings that reject, no more is told.
    fn as_told(&self) -> Self {
        let Self { rejected, trusted } = *self;
        Self {
            rejected,
            trusted: trusted || rejected,
        }
    }
}

fn told(read: &TrustSettings) -> Settings {
    let not_listed = matches!(read.objection, Some(Objection::NotListed(_)));
    Settings {
        rejected: matches!(read.objection, Some(Objection::Rejected(_))),
        trusted: !not_listed,
    }
}

/// An `X509_AUX` with the fields whose bits are set, and what is in its lists.
fn written(fields: u8, choices: &[u8]) -> (Vec<u8>, Settings) {
    let has = |bit: u32| fields & (1 << bit) != 0;
    let (trust, reject): (Vec<u8>, Vec<u8>) = choices.iter().partition(|choice| **choice < 128);
    let algorithm = element(0x30, &element(6, SERVER_PURPOSES[0]));
    let parts = [
        list(0x30, &trust),
        list(0xa0, &reject),
        element(0x0c, choices),
        element(4, choices),
        element(0xa1, &algorithm),
    ];
    let parts = (0..).zip(parts).filter(|(bit, _)| has(*bit));
    let parts: Vec<u8> = parts.flat_map(|(_, part)| part).collect();
    let servers = |list: &[u8]| {
        list.iter()
            .any(|it| SERVER_PURPOSES.contains(&purpose(*it)))
    };
    let expected = Settings {
        rejected: has(1) && servers(&reject),
        trusted: !has(0) || servers(&trust),
    };
    (element(0x30, &parts), expected)
}

fn list(tag: u8, choices: &[u8]) -> Vec<u8> {
    let oids = choices.iter().flat_map(|it| element(6, purpose(*it)));
    element(tag, &oids.collect::<Vec<u8>>())
}

/// Now and then one of those that concern servers.
fn purpose(choice: u8) -> &'static [u8] {
    let choice = usize::from(choice) % 8;
    SERVER_PURPOSES
        .get(choice)
        .copied()
        .unwrap_or(OTHER_PURPOSES[choice % 3])
}

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len())
        .expect("a short input")
        .to_be_bytes();
    match content.len() {
        0..0x80 => [&[tag, length[3]], content].concat(),
        _ => [&[tag, 0x84], &length[..], content].concat(),
    }
}

/// id-kp-serverAuth and anyExtendedKeyUsage (RFC 5280, 4.2.1.12).
const SERVER_PURPOSES: [&[u8]; 2] = [&[0x2b, 6, 1, 5, 5, 7, 3, 1], &[0x55, 0x1d, 0x25, 0]];

/// clientAuth, one below serverAuth, and one of a single byte.
const OTHER_PURPOSES: [&[u8]; 3] = [
    &[0x2b, 6, 1, 5, 5, 7, 3, 2],
    &[0x2b, 6, 1, 5, 5, 7, 3, 1, 1],
    &[0x2a],
];
