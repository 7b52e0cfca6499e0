//! Damage that leaves enough of a bundle for it to load, now and then.

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::bundle::Bundle;

/// What may happen to a file.
#[derive(Clone, Debug)]
pub(crate) enum Damage {
    /// A character of base64 is another one.
    Base64(Index, Index, char),
    LineLost(Index),
    /// So many lines from there stand here too.
    LinesRepeated(Index, usize, Index),
    /// All lines from there on are one.
    LinesJoined(Index),
    Byte(Index, u8),
    CutShort(Index),
}

pub(crate) fn damage() -> impl Strategy<Value = Vec<Damage>> {
    let at = any::<Index>;
    let base64 = select(&['A', 'B', 'M', 'Q', 'g', 'w', '9', '/'][..]);
    let byte = prop_oneof![any::<u8>(), select(&b"-\r\n \0\xff\xfe\xbbBE="[..])];
    let damage = prop_oneof![
        8 => (at(), at(), base64).prop_map(|(line, column, char)| Damage::Base64(line, column, char)),
        2 => at().prop_map(Damage::LineLost),
        2 => (at(), 1_usize..20, at()).prop_map(|(from, lines, to)| Damage::LinesRepeated(from, lines, to)),
        2 => at().prop_map(Damage::LinesJoined),
        2 => (at(), byte).prop_map(|(at, byte)| Damage::Byte(at, byte)),
        1 => at().prop_map(Damage::CutShort),
    ];
    prop::collection::vec(damage, 1..4)
}

/// The bytes of the bundle after all of it.
pub(crate) fn damaged(bundle: &Bundle, damage: &[Damage]) -> Vec<u8> {
    let text = bundle.text();
    let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
    for damage in damage {
        damage.done_to_lines(&mut lines);
    }
    let mut bytes = bundle.storage.bytes(&lines.join("\n"));
    for damage in damage {
        damage.done_to_bytes(&mut bytes);
    }
    bytes
}

impl Damage {
    fn done_to_lines(&self, lines: &mut Vec<String>) {
        if lines.is_empty() {
            return;
        }
        match self {
            Self::Base64(line, column, char) => {
                let line = line.index(lines.len());
                let line = &mut lines[line];
                if is_base64(line) {
                    let column = column.index(line.len());
                    line.replace_range(column..=column, char.encode_utf8(&mut [0; 4]));
                }
            }
            Self::LineLost(line) => {
                lines.remove(line.index(lines.len()));
            }
            Self::LinesRepeated(from, count, to) => {
                let from = from.index(lines.len());
                let repeated = lines[from..lines.len().min(from + count)].to_vec();
                let to = to.index(lines.len());
                lines.splice(to..to, repeated);
            }
            Self::LinesJoined(from) => {
                let joined = lines.split_off(from.index(lines.len())).concat();
                lines.push(joined);
            }
            Self::Byte(..) | Self::CutShort(_) => {}
        }
    }

    fn done_to_bytes(&self, bytes: &mut Vec<u8>) {
        match self {
            _ if bytes.is_empty() => {}
            Self::Byte(at, byte) => {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            Self::CutShort(at) => bytes.truncate(at.index(bytes.len())),
            _ => {}
        }
    }
}

fn is_base64(line: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"+/".contains(&byte);
    !line.is_empty() && line.bytes().all(known)
}
