//! The blocks of one or more files, each with exactly one outcome: accepted, distrusted,
//! unusable, duplicate, or counted as something else; or the fault that rejects the file.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::{Path, PathBuf};

use rustls_pki_types::TrustAnchor;

use super::certificate::{Certificate, Fingerprint, NotAnAnchor};
use super::openssl::{self, Trust};
use super::pem::{self, Content, Label, Place};

/// Everything that was found, file after file.
#[derive(Default)]
pub(crate) struct Blocks {
    certificates: Vec<Block>,
    tally: Tally,
}

/// What was found beside certificates, and what was left out.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) crls: usize,
    pub(crate) private_keys: usize,
    pub(crate) other: usize,
    /// Certificates under a label other than `CERTIFICATE`.
    pub(crate) labels_normalised: usize,
    /// Blocks of the platform's files that could not be read.
    pub(crate) malformed: usize,
}

/// A certificate block with its outcome.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) certificate: Certificate,
    pub(crate) file: PathBuf,
    pub(crate) place: Place,
    pub(crate) verdict: Verdict,
}

/// What is to become of a certificate.
#[derive(Debug)]
pub(crate) enum Verdict {
    Accepted(TrustAnchor<'static>),
    Distrusted(String),
    Unusable(String),
}

/// Why a file as a whole is rejected, and where.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) place: Place,
    pub(crate) reason: String,
}

impl Blocks {
    /// Adds the blocks of a file, or nothing of it, and counts its certificates.
    pub(crate) fn add(&mut self, file: &Path, bytes: &[u8]) -> Result<usize, Fault> {
        let mut found = Self::default();
        if is_der(bytes) {
            found.certificates.push(whole_file(file, bytes)?);
        } else {
            for block in found_blocks(file, bytes) {
                found.push(block?);
            }
        }
        let certificates = found.certificates.len();
        self.append(found);
        Ok(certificates)
    }

    /// Adds what can be read of a file of the platform's, and counts the rest.
    pub(crate) fn add_leniently(&mut self, file: &Path, bytes: &[u8]) {
        for block in found_blocks(file, bytes) {
            match block {
                Ok(block) => self.push(block),
                Err(_) => self.tally.malformed += 1,
            }
        }
    }

    /// Certificates that come in no file.
    #[cfg(feature = "mozilla-roots")]
    pub(crate) fn from_der<'a>(name: &str, certificates: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut blocks = Self::default();
        for (index, der) in certificates.enumerate() {
            match judge(der, Label::Plain) {
                Ok((certificate, verdict)) => blocks.certificates.push(Block {
                    certificate,
                    file: name.into(),
                    place: Place {
                        position: index + 1,
                        line: 1,
                    },
                    verdict,
                }),
                Err(_) => blocks.tally.malformed += 1,
            }
        }
        blocks
    }

    /// Decides between blocks with the same certificate: the first counts, the others are
    /// duplicates, and one that distrusts it beats all that do not.
    pub(crate) fn settle(self) -> Settled {
        let mut settled = Settled {
            tally: self.tally,
            ..Settled::default()
        };
        let mut position: HashMap<Fingerprint, usize> = HashMap::new();
        for block in self.certificates {
            match position.entry(block.certificate.sha256) {
                Entry::Vacant(entry) => {
                    entry.insert(settled.certificates.len());
                    settled.certificates.push(block);
                }
                Entry::Occupied(entry) => {
                    settled.duplicates += 1;
                    if matches!(block.verdict, Verdict::Distrusted(_)) {
                        settled.certificates[*entry.get()] = block;
                    }
                }
            }
        }
        settled
    }

    fn push(&mut self, found: Found) {
        match found {
            Found::Certificate(block, label) => {
                self.tally.labels_normalised += usize::from(label != Label::Plain);
                self.certificates.push(block);
            }
            Found::Crl => self.tally.crls += 1,
            Found::PrivateKey => self.tally.private_keys += 1,
            Found::Other => self.tally.other += 1,
        }
    }

    /// Counts a file that could not be read.
    pub(crate) fn unreadable(&mut self) {
        self.tally.malformed += 1;
    }

    pub(crate) fn append(&mut self, found: Self) {
        self.certificates.extend(found.certificates);
        self.tally.crls += found.tally.crls;
        self.tally.private_keys += found.tally.private_keys;
        self.tally.other += found.tally.other;
        self.tally.labels_normalised += found.tally.labels_normalised;
    }
}

/// Distinct certificates, each with one verdict.
#[derive(Default)]
pub(crate) struct Settled {
    pub(crate) certificates: Vec<Block>,
    pub(crate) duplicates: usize,
    pub(crate) tally: Tally,
}

impl Settled {
    pub(crate) fn accepted(&self) -> impl Iterator<Item = (&Block, &TrustAnchor<'static>)> + Clone {
        self.certificates
            .iter()
            .filter_map(|block| match &block.verdict {
                Verdict::Accepted(anchor) => Some((block, anchor)),
                _ => None,
            })
    }

    pub(crate) fn distrusted(&self) -> impl Iterator<Item = (&Block, &str)> {
        self.certificates
            .iter()
            .filter_map(|block| match &block.verdict {
                Verdict::Distrusted(reason) => Some((block, reason.as_str())),
                _ => None,
            })
    }

    pub(crate) fn unusable(&self) -> impl Iterator<Item = (&Block, &str)> {
        self.certificates
            .iter()
            .filter_map(|block| match &block.verdict {
                Verdict::Unusable(reason) => Some((block, reason.as_str())),
                _ => None,
            })
    }
}

enum Found {
    Certificate(Block, Label),
    Crl,
    PrivateKey,
    Other,
}

fn found_blocks<'a>(
    file: &'a Path,
    bytes: &'a [u8],
) -> impl Iterator<Item = Result<Found, Fault>> + 'a {
    pem::sections(bytes).map(move |section| {
        let section = section.map_err(|error| Fault {
            place: error.place,
            reason: error.fault.to_string(),
        })?;
        let place = section.place;
        match section.content {
            Content::Certificate { der, label } => {
                let (certificate, verdict) = judge(&der, label).map_err(|reason| Fault {
                    place,
                    reason: reason.to_owned(),
                })?;
                let file = file.to_owned();
                let block = Block {
                    certificate,
                    file,
                    place,
                    verdict,
                };
                Ok(Found::Certificate(block, label))
            }
            Content::Crl => Ok(Found::Crl),
            Content::PrivateKey => Ok(Found::PrivateKey),
            Content::Other => Ok(Found::Other),
        }
    })
}

fn judge(block: &[u8], label: Label) -> Result<(Certificate, Verdict), &'static str> {
    let (der, trust) = match label {
        Label::Trusted => {
            let (der, aux) = openssl::split(block).ok_or(NOT_X509)?;
            let trust = openssl::server_trust(aux).map_err(|_| NOT_X509_AUX)?;
            (der, trust)
        }
        Label::Plain | Label::X509 => (block, Trust::Trusted),
    };
    let certificate = Certificate::new(der);
    let verdict = match (certificate.anchor(), trust) {
        (Err(NotAnAnchor::Corrupt), _) => return Err(NOT_X509),
        (_, Trust::Rejected) => Verdict::Distrusted(REJECTED.to_owned()),
        (_, Trust::NotListed) => Verdict::Distrusted(NOT_LISTED.to_owned()),
        (Err(NotAnAnchor::Unusable(reason)), Trust::Trusted) => Verdict::Unusable(reason),
        (Ok(anchor), Trust::Trusted) => Verdict::Accepted(anchor),
    };
    Ok((certificate, verdict))
}

/// Whether the file is binary: a SEQUENCE (X.690, 8.1.2) with a length of more than one byte,
/// or an indefinite one. No text begins so.
fn is_der(bytes: &[u8]) -> bool {
    matches!(bytes, [0x30, 0x80..=0x84, ..])
}

/// A file that is one certificate in DER instead of PEM.
fn whole_file(file: &Path, bytes: &[u8]) -> Result<Block, Fault> {
    let place = Place {
        position: 1,
        line: 1,
    };
    let (certificate, verdict) = judge(bytes, Label::Plain).map_err(|_| Fault {
        place,
        reason: NOT_ONE_DER.to_owned(),
    })?;
    Ok(Block {
        certificate,
        file: file.to_owned(),
        place,
        verdict,
    })
}

const NOT_ONE_DER: &str = "the file is binary, and not one X.509 certificate in DER";
const NOT_X509: &str = "the block is not an X.509 certificate";
const NOT_X509_AUX: &str = "what follows the certificate is not an OpenSSL X509_AUX";
const REJECTED: &str = "its OpenSSL trust settings reject TLS servers";
const NOT_LISTED: &str = "its OpenSSL trust settings do not name TLS servers";
