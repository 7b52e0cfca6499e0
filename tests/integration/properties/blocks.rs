//! Blocks that stand in bundles, made once, and what each of them is.

use std::fmt;
use std::sync::LazyLock;

use trusted_transport_lab::Authority;

use super::oracle::sha256;
use crate::fixtures::{ANY_PURPOSE, CLIENT_AUTH, SERVER_AUTH, pem, unusable_der, with_settings};

/// One block, without the newline at its end.
pub(crate) struct Block {
    pub(crate) text: String,
    pub(crate) kind: Kind,
}

pub(crate) enum Kind {
    Certificate { sha256: String, verdict: Verdict },
    Crl,
    PrivateKey,
    Pkcs7,
    Other,
}

/// What a certificate becomes; of two blocks with the same, the greater decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    Accepted,
    Unusable,
    Distrusted,
}

pub(crate) static CERTIFICATES: LazyLock<Vec<Block>> = LazyLock::new(|| {
    let roots = ["A", "B", "C"].map(Authority::root);
    let end_entity = roots[0].issue(&["origin.test"]).chain[0].to_vec();
    let mut blocks = certificate(&end_entity, Verdict::Accepted);
    // With a key of its own: what rejects it would reject another certificate with the key too.
    let unusable = unusable_der(&Authority::root("D"));
    blocks.extend(certificate(&unusable, Verdict::Unusable));
    for root in &roots {
        let der = root.der();
        blocks.extend(certificate(&der, Verdict::Accepted));
        for (text, verdict) in [
            (root.pem(), Verdict::Accepted),
            (root.trusted_pem(), Verdict::Accepted),
            (root.rejected_pem(), Verdict::Distrusted),
        ] {
            blocks.push(labelled(&text, &der, verdict));
        }
    }
    blocks
});

/// One certificate in each of its forms, and what it is if the form does not distrust it.
fn certificate(der: &[u8], verdict: Verdict) -> Vec<Block> {
    let with = |trust, reject| with_settings(der, trust, reject);
    [
        (pem("CERTIFICATE", der), verdict),
        (pem("X509 CERTIFICATE", der), verdict),
        (pem("TRUSTED CERTIFICATE", der), verdict),
        (with(None, &[CLIENT_AUTH]), verdict),
        (with(Some(&[CLIENT_AUTH, ANY_PURPOSE]), &[]), verdict),
        (with(Some(&[]), &[]), Verdict::Distrusted),
        (with(Some(&[CLIENT_AUTH]), &[]), Verdict::Distrusted),
        (
            with(Some(&[SERVER_AUTH]), &[CLIENT_AUTH, SERVER_AUTH]),
            Verdict::Distrusted,
        ),
    ]
    .into_iter()
    .map(|(text, verdict)| labelled(&text, der, verdict))
    .collect()
}

fn labelled(text: &str, der: &[u8], verdict: Verdict) -> Block {
    let kind = Kind::Certificate {
        sha256: sha256(der),
        verdict,
    };
    Block::new(text, kind)
}

pub(crate) static OTHERS: LazyLock<Vec<Block>> = LazyLock::new(|| {
    let key = Authority::root("A").issue(&["origin.test"]).key_pem();
    let encrypted = key
        .replace(
            "-----\nM",
            "-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nM",
        )
        .replace("PRIVATE", "EC PRIVATE");
    assert_ne!(key.lines().count(), encrypted.lines().count());
    [
        (key, Kind::PrivateKey),
        (encrypted, Kind::PrivateKey),
        (pem("ENCRYPTED PRIVATE KEY", &[0x30, 0]), Kind::PrivateKey),
        (pem("X509 CRL", &[0x30, 0]), Kind::Crl),
        (pem("X509 CRL", b"").replace("\n\n", "\n!?\n"), Kind::Crl),
        // Whatever follows, up to the next BEGIN, is part of it.
        ("-----BEGIN X509 CRL-----\nMII\n\n".to_owned(), Kind::Crl),
        (pem("CERTIFICATE REQUEST", &[0x30, 0]), Kind::Other),
        (pem("PKCS7", &[0x30, 0]), Kind::Pkcs7),
        (pem("DH PARAMETERS", &[0x30, 0]), Kind::Other),
        (pem("ATTRIBUTE CERTIFICATE", &[0x30, 0]), Kind::Other),
    ]
    .into_iter()
    .map(|(text, kind)| Block::new(&text, kind))
    .collect()
});

impl Block {
    fn new(text: &str, kind: Kind) -> Self {
        let text = text.strip_suffix('\n').unwrap_or(text).to_owned();
        Self { text, kind }
    }
}

// The text would hide what matters.
impl fmt::Debug for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let begin = self.text.lines().next().unwrap_or_default();
        match &self.kind {
            Kind::Certificate { sha256, verdict } => {
                write!(f, "{begin} {} {verdict:?}", &sha256[..8])
            }
            _ => f.write_str(begin),
        }
    }
}
