//! Bundles by chance: blocks in any order, with anything between them and in any encoding; and
//! what they must come to.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use trusted_transport::TrustReport;

use super::blocks::{Block, CERTIFICATES, Kind, OTHERS, Verdict};

/// Blocks with what stands before each, and the way in which the text is stored.
#[derive(Clone, Debug)]
pub(crate) struct Bundle {
    pub(crate) pieces: Vec<Piece>,
    pub(crate) end: &'static str,
    pub(crate) storage: Storage,
}

/// A separator, and the block behind it.
pub(crate) type Piece = (&'static str, &'static Block);

#[derive(Clone, Debug)]
pub(crate) struct Storage {
    /// They take turns.
    line_endings: Vec<&'static str>,
    encoding: Encoding,
}

#[derive(Clone, Copy, Debug)]
enum Encoding {
    Utf8,
    Latin1,
    Utf16(fn(u16) -> [u8; 2]),
}

/// What is in a bundle, as the blocks say or as the report says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Account {
    /// By SHA-256; each certificate once.
    verdicts: Vec<(String, Verdict)>,
    duplicates: usize,
    /// Revocation lists, private keys, and others.
    passed_over: [usize; 3],
}

pub(crate) fn bundle() -> impl Strategy<Value = Bundle> {
    let pieces = vec((select(&BETWEEN[..]), block()), 1..12);
    (pieces, select(&BETWEEN[..]), storage()).prop_map(|(pieces, end, storage)| Bundle {
        pieces,
        end,
        storage,
    })
}

/// Blocks that are no certificates, at places of a bundle.
pub(crate) fn additions() -> impl Strategy<Value = Vec<(Index, Piece)>> {
    let piece = (select(&BETWEEN[..]), pick(&OTHERS));
    vec((any::<Index>(), piece), 1..6)
}

pub(crate) fn storage() -> impl Strategy<Value = Storage> {
    let encoding = select(
        &[
            Encoding::Utf8,
            Encoding::Latin1,
            Encoding::Utf16(u16::to_le_bytes),
            Encoding::Utf16(u16::to_be_bytes),
        ][..],
    );
    (vec(select(&LINE_ENDINGS[..]), 1..4), encoding).prop_map(|(line_endings, encoding)| Storage {
        line_endings,
        encoding,
    })
}

fn block() -> impl Strategy<Value = &'static Block> {
    prop_oneof![3 => pick(&CERTIFICATES), 1 => pick(&OTHERS)]
}

fn pick(blocks: &'static LazyLock<Vec<Block>>) -> impl Strategy<Value = &'static Block> {
    select(blocks.iter().collect::<Vec<_>>())
}

impl Bundle {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.storage.bytes(&self.text())
    }

    /// Before it is stored.
    pub(crate) fn text(&self) -> String {
        let pieces = self.pieces.iter();
        pieces
            .flat_map(|(between, block)| [between, &*block.text])
            .chain([self.end])
            .collect()
    }

    pub(crate) fn account(&self) -> Account {
        let mut account = Account::default();
        let mut blocks: BTreeMap<&str, Vec<Verdict>> = BTreeMap::new();
        for (_, block) in &self.pieces {
            match &block.kind {
                Kind::Certificate { sha256, verdict } => {
                    blocks.entry(sha256).or_default().push(*verdict);
                }
                Kind::Crl => account.passed_over[0] += 1,
                Kind::PrivateKey => account.passed_over[1] += 1,
                Kind::Pkcs7 | Kind::Other => account.passed_over[2] += 1,
            }
        }
        for (sha256, verdicts) in blocks {
            account.duplicates += verdicts.len() - 1;
            let verdict = verdicts.into_iter().max();
            account
                .verdicts
                .extend(verdict.map(|it| (sha256.to_owned(), it)));
        }
        account
    }

    pub(crate) fn holds_pkcs7(&self) -> bool {
        let pkcs7 = |(_, block): &Piece| matches!(block.kind, Kind::Pkcs7);
        self.pieces.iter().any(pkcs7)
    }
}

impl Storage {
    pub(crate) fn bytes(&self, text: &str) -> Vec<u8> {
        let lines = text.split('\n');
        let endings = [""]
            .into_iter()
            .chain(self.line_endings.iter().copied().cycle());
        let text: String = endings
            .zip(lines)
            .flat_map(|(ending, line)| [ending, line])
            .collect();
        match self.encoding {
            Encoding::Utf8 => text.into_bytes(),
            Encoding::Latin1 => text.chars().flat_map(latin1).collect(),
            Encoding::Utf16(bytes) => {
                let units = text.encode_utf16();
                [0xfeff].into_iter().chain(units).flat_map(bytes).collect()
            }
        }
    }
}

/// A mark keeps its bytes of UTF-8, as in a file that was put together from several.
fn latin1(char: char) -> Vec<u8> {
    match u8::try_from(char) {
        Ok(byte) => vec![byte],
        Err(_) => char.to_string().into_bytes(),
    }
}

impl Account {
    pub(crate) fn of(report: &TrustReport) -> Self {
        let bundle = &report.bundle;
        let accepted = bundle
            .accepted
            .iter()
            .map(|it| (&it.sha256, Verdict::Accepted));
        let unusable = bundle
            .unusable
            .iter()
            .map(|it| (&it.sha256, Verdict::Unusable));
        let distrusted = bundle
            .distrusted
            .iter()
            .map(|it| (&it.sha256, Verdict::Distrusted));
        let verdicts = accepted.chain(unusable).chain(distrusted);
        let verdicts = verdicts.map(|(sha256, verdict)| (sha256.clone(), verdict));
        let mut account = Self {
            verdicts: verdicts.collect(),
            duplicates: bundle.duplicates,
            passed_over: [bundle.crls, bundle.private_keys, bundle.other],
        };
        account.verdicts.sort_unstable();
        account
    }

    pub(crate) fn certificate_blocks(&self) -> usize {
        self.verdicts.len() + self.duplicates
    }

    pub(crate) fn is_usable(&self) -> bool {
        let mut verdicts = self.verdicts.iter();
        verdicts.any(|(_, verdict)| *verdict == Verdict::Accepted)
    }
}

/// What may stand around blocks: nothing at all, if files end without a newline.
const BETWEEN: [&str; 9] = [
    "",
    "\n",
    " ",
    "\u{feff}",
    "\n \t\n\n",
    "\n\u{feff}# M\u{fc}ller\n",
    "\n---- of the company ----\n",
    "\n# CERTIFICATE, BEGIN to END\n-\n",
    "\nBag Attributes\n    friendlyName: A\nsubject=CN=A\n",
];

const LINE_ENDINGS: [&str; 5] = ["\n", "\r\n", "\r", "\n\n", " \r\n\t"];
