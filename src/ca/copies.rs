//! Files that repeat a certificate of a bundle, byte for byte: they need not be decoded again. The
//! systems that keep both make the bundle by joining the files of the directory.

use std::collections::HashMap;

use memchr::memmem;

/// The certificates of a bundle as it spells them, by the end of their base64: it holds the
/// signature, which no other certificate has.
#[derive(Default)]
pub(crate) struct Copies<'a>(HashMap<&'a [u8], &'a [u8]>);

impl<'a> Copies<'a> {
    /// Those of a bundle in which `decoded` certificates were found, and nothing damaged. Where there
    /// are fewer than the text has, one may have been lost, and no file counts as its copy.
    pub(crate) fn of(bundle: &'a [u8], decoded: usize) -> Self {
        let mut begun = 0;
        let blocks = memmem::find_iter(bundle, BEGIN).filter_map(|begin| {
            begun += 1;
            let block = &bundle[begin..];
            let end = memmem::find(block, END)? + END.len();
            let block = &block[..end];
            Some((tail(block)?, block))
        });
        let blocks = blocks.collect();
        match begun == decoded {
            true => Self(blocks),
            false => Self::default(),
        }
    }

    /// Whether the file holds one of them, and nothing else.
    pub(crate) fn has(&self, file: &[u8]) -> bool {
        let file = file.trim_ascii();
        tail(file).is_some_and(|tail| self.0.get(tail) == Some(&file))
    }
}

fn tail(block: &[u8]) -> Option<&[u8]> {
    let base64 = block.strip_suffix(END)?;
    base64.last_chunk::<TAIL>().map(|tail| tail.as_slice())
}

const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";
const END: &[u8] = b"-----END CERTIFICATE-----";
const TAIL: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use trusted_transport_lab::Authority;

    #[test]
    fn only_what_was_decoded_and_is_spelt_alike_is_a_copy() {
        let [a, b, c] = ["A", "B", "C"].map(|name| Authority::root(name).pem());
        let bundle = format!("# roots\n{a}# another\n{b}");
        let copies = Copies::of(bundle.as_bytes(), 2);
        for copy in [&a, &b, &format!("\n{a}\n\n")] {
            assert!(copies.has(copy.as_bytes()));
        }
        let alike = a.replacen('M', "N", 1);
        for other in [&c, &bundle, &format!("# a\n{a}"), &alike, &String::new()] {
            assert!(!copies.has(other.as_bytes()), "{other}");
        }
        assert!(!Copies::of(bundle.as_bytes(), 1).has(a.as_bytes()));
        assert!(!Copies::default().has(a.as_bytes()));
    }
}
