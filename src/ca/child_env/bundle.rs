//! The bundle on disk: certificates and nothing else, where nobody else can write.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tempfile::TempDir;

use crate::ca::bundle::Block;
use crate::ca::x509;

/// A file of certificates and a folder of none, removed when this is dropped.
pub(super) struct Bundle {
    path: PathBuf,
    no_roots: PathBuf,
    /// With both in it.
    _folder: TempDir,
}

impl Bundle {
    pub(super) fn write<'a>(
        temporary: &Path,
        anchors: impl Iterator<Item = &'a Block>,
    ) -> io::Result<Self> {
        let folder = new_folder(temporary)?;
        let bundle = Self {
            path: folder.path().join("ca-bundle.pem"),
            no_roots: folder.path().join("none"),
            _folder: folder,
        };
        new_file(&bundle.path)?.write_all(pem(anchors).as_bytes())?;
        fs::create_dir(&bundle.no_roots)?;
        Ok(bundle)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The folder that stands for a program's default folder of roots.
    pub(super) fn no_roots(&self) -> &Path {
        &self.no_roots
    }
}

/// Each certificate once, as RFC 7468, 5.1 has it, below a line with its subject.
fn pem<'a>(anchors: impl Iterator<Item = &'a Block>) -> String {
    let mut seen = HashSet::new();
    let mut pem = String::new();
    for block in anchors.filter(|block| seen.insert(block.sha256())) {
        let der = &block.certificate.der;
        pem.push_str("# ");
        pem.push_str(&comment(&x509::subject_of(der)));
        pem.push_str("\n-----BEGIN CERTIFICATE-----\n");
        for line in der.chunks(BYTES_PER_LINE) {
            STANDARD.encode_string(line, &mut pem);
            pem.push('\n');
        }
        pem.push_str("-----END CERTIFICATE-----\n");
    }
    pem
}

/// A short line of ASCII. Names come from whoever made the certificate, and some programs look
/// for the dashes of a marker wherever they stand.
fn comment(subject: &str) -> String {
    let mut comment = String::new();
    let mut before = None;
    for c in subject.chars() {
        if comment.len() >= LONGEST_COMMENT {
            comment.push_str("..");
            break;
        }
        match c {
            '-' if before == Some('-') => comment.push_str("\\u{2d}"),
            ' '..='~' => comment.push(c),
            _ => comment.extend(c.escape_unicode()),
        }
        before = Some(c);
    }
    comment
}

/// Never one that is there already, whoever made it.
fn new_folder(parent: &Path) -> io::Result<TempDir> {
    let mut folder = tempfile::Builder::new();
    folder.prefix("trusted-transport-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        folder.permissions(fs::Permissions::from_mode(0o700));
    }
    folder.tempdir_in(parent)
}

fn new_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path)
}

/// 64 characters (RFC 7468, 2).
const BYTES_PER_LINE: usize = 48;

const LONGEST_COMMENT: usize = 120;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ca::bundle::Blocks;
    use crate::ca::pem::{self as reader, Content};
    use crate::ca::settled::Settled;
    use trusted_transport_lab::Authority;

    fn settled(pem: &str) -> Settled {
        let mut blocks = Blocks::default();
        let added = blocks.add("bundle.pem".as_ref(), pem.as_bytes().into());
        added.expect("a bundle");
        Settled::of(blocks)
    }

    fn written(settled: &Settled) -> (Bundle, String) {
        let bundle = Bundle::write(&std::env::temp_dir(), settled.accepted());
        let bundle = bundle.expect("it is written");
        let text = fs::read_to_string(bundle.path()).expect("it is readable");
        (bundle, text)
    }

    #[test]
    fn it_holds_the_accepted_certificates_once_and_nothing_else() {
        let [a, b, c] = ["A", "B", "C"].map(Authority::root);
        let key = a.issue(&["a.test"]).key_pem();
        let remark = "# a remark with a token: sesame\n";
        let crl = "-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n";
        let all = [
            &a.pem(),
            remark,
            &key,
            crl,
            &b.trusted_pem(),
            &c.rejected_pem(),
            &a.pem(),
        ];
        let settled = settled(&all.concat());
        let (_bundle, text) = written(&settled);
        assert_eq!(text, format!("# CN=A\n{}# CN=B\n{}", a.pem(), b.pem()));

        let twice = pem(settled.accepted().chain(settled.accepted()));
        assert_eq!(twice, text, "of bundle and base");
    }

    #[test]
    fn no_subject_ends_its_line_or_looks_like_a_marker() {
        let names = [
            "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\r\u{202e}M\u{fc}ller",
            &"long ".repeat(100),
            "\u{1f600}".repeat(100).as_str(),
        ]
        .map(str::to_owned);
        for name in names {
            let root = Authority::root(&name);
            let (_bundle, text) = written(&settled(&root.pem()));
            let (comment, block) = text.split_once('\n').expect("two lines");
            assert_eq!(block, root.pem());
            assert!(comment.starts_with("# CN="), "{comment}");
            assert!(!comment.contains("--"), "{comment}");
            let printable = |byte| (b' '..=b'~').contains(&byte);
            assert!(comment.bytes().all(printable), "{comment}");
            assert!(comment.len() < 150, "{comment}");
            let sections: Result<Vec<_>, _> = reader::sections(text.as_bytes()).collect();
            let sections = sections.expect("PEM");
            assert!(matches!(&sections[..], [only] if
                matches!(&only.content, Content::Certificate { der, .. } if **der == *root.der())));
        }
    }

    #[cfg(unix)]
    #[test]
    fn only_its_owner_can_read_or_write_it() {
        use std::os::unix::fs::PermissionsExt;
        let (bundle, _) = written(&settled(&Authority::root("A").pem()));
        let mode =
            |path: &Path| fs::metadata(path).expect("it exists").permissions().mode() & 0o777;
        assert_eq!(mode(bundle.path()), 0o600);
        let folder = bundle.path().parent().expect("a folder");
        assert_eq!(mode(folder), 0o700);
        assert_eq!(bundle.no_roots().parent(), Some(folder));
    }

    #[test]
    fn each_has_a_folder_of_its_own_which_is_removed_when_it_is_dropped() {
        let settled = settled(&Authority::root("A").pem());
        let [(one, _), (other, _)] = [written(&settled), written(&settled)];
        let folder = |bundle: &Bundle| bundle.path().parent().expect("a folder").to_owned();
        let (gone, kept) = (folder(&one), folder(&other));
        assert_ne!(gone, kept);
        assert!(gone.is_absolute(), "the child may run elsewhere");
        drop(one);
        assert!(!gone.exists());
        assert!(other.path().exists());
    }
}
