//! The blocks of one or more files, each with exactly one outcome: accepted, distrusted,
//! unusable, duplicate, or counted as something else; or the fault that rejects the file.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use memchr::{Memchr, memmem};
use rustls_pki_types::TrustAnchor;

use super::certificate::{Certificate, NotAnAnchor};
use super::crl::CrlBlock;
use super::decision::CrlPolicy;
use super::distrust::Distrust;
use super::encoding::{self, Undecodable};
use super::format::{BundleFormat, Format};
use super::openssl::{self, TrustSettings};
use super::pem::{self, Content, Label, PemError, PemFault, Place, Section};
use super::x509;

/// Everything that was found, file after file.
#[derive(Default)]
pub(crate) struct Blocks {
    pub(crate) certificates: Vec<Block>,
    pub(crate) crls: Vec<CrlBlock>,
    pub(crate) tally: Tally,
    policy: CrlPolicy,
}

/// What was found beside certificates, and what was left out.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) crls: usize,
    pub(crate) private_keys: usize,
    pub(crate) requests: usize,
    pub(crate) pkcs7: usize,
    pub(crate) other: usize,
    /// Certificates under a label other than `CERTIFICATE`.
    pub(crate) labels_normalised: usize,
    /// Blocks and files of the platform's that could not be read.
    pub(crate) malformed: usize,
}

impl Tally {
    /// Blocks that are neither certificates nor revocation lists nor keys.
    pub(crate) fn passed_over(&self) -> usize {
        self.requests + self.pkcs7 + self.other
    }
}

/// A certificate block with its outcome.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) certificate: Certificate,
    pub(crate) verdict: Verdict,
    /// Of an accepted certificate that vouches for others, until it goes into the root store.
    pub(crate) anchor: Option<TrustAnchor<'static>>,
    /// The friendly name in its trust settings.
    pub(crate) alias: Option<String>,
    pub(crate) file: Arc<Path>,
    pub(crate) place: Place,
}

/// What is to become of a certificate, and why.
#[derive(Debug)]
pub(crate) enum Verdict {
    Accepted,
    Distrusted(Arc<Distrust>),
    Unusable(String),
}

/// Why a file as a whole is rejected.
#[derive(Debug)]
pub(crate) enum Fault {
    Corrupt(Place, String),
    Foreign(BundleFormat),
}

impl Blocks {
    /// For a bundle whose revocation lists are to be enforced, or not.
    pub(crate) fn with(policy: CrlPolicy) -> Self {
        Self {
            policy,
            ..Self::default()
        }
    }

    /// Adds the blocks of a file, or nothing of it, and says whether any decides something.
    pub(crate) fn add(&mut self, file: &Path, bytes: Cow<'_, [u8]>) -> Result<bool, Fault> {
        let (certificates, crls) = (self.certificates.len(), self.crls.len());
        let tally = self.tally;
        let added = self.read(&file.into(), bytes);
        if added.is_err() {
            self.certificates.truncate(certificates);
            self.crls.truncate(crls);
            self.tally = tally;
        }
        let enforced = self.crls[crls..].iter().any(|it| it.crl.is_some());
        added.map(|()| enforced || self.certificates.len() > certificates)
    }

    /// Whether nothing in it decides anything.
    pub(crate) fn is_empty(&self) -> bool {
        self.certificates.is_empty() && self.crls.iter().all(|it| it.crl.is_none())
    }

    fn read(&mut self, file: &Arc<Path>, bytes: Cow<'_, [u8]>) -> Result<(), Fault> {
        match Format::of(&bytes) {
            Format::Text => self.read_text(file, bytes),
            Format::Foreign(format) => Err(Fault::Foreign(format)),
            Format::Crl => {
                self.crl(file, FIRST, bytes.into_owned());
                Ok(())
            }
            Format::Der => {
                let block = block(file, FIRST, bytes.into_owned(), Label::Plain);
                let block = block.map_err(|reason| binary(&reason))?;
                self.certificates.push(block);
                Ok(())
            }
        }
    }

    fn read_text(&mut self, file: &Arc<Path>, bytes: Cow<'_, [u8]>) -> Result<(), Fault> {
        let text = encoding::text(bytes).map_err(|Undecodable { before }| {
            let place = end_of(&before);
            Fault::Corrupt(place, PemFault::MixedEncodings.to_string())
        })?;
        pem::sections(&text).try_for_each(|section| self.take(file, section))
    }

    /// Adds what can be read of a file of the platform's, and counts the rest.
    pub(crate) fn add_leniently(&mut self, file: &Path, bytes: Cow<'_, [u8]>) {
        let Ok(text) = encoding::text(bytes) else {
            return self.unreadable();
        };
        let file = file.into();
        for section in pem::sections(&text) {
            if self.take(&file, section).is_err() {
                self.unreadable();
            }
        }
        // Those of the platform's are nobody's decision.
        self.crls.clear();
    }

    /// Certificates that come in no file.
    #[cfg(feature = "mozilla-roots")]
    pub(crate) fn from_der<'a>(name: &str, certificates: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut blocks = Self::default();
        let name = Path::new(name).into();
        for (index, der) in certificates.enumerate() {
            let position = index + 1;
            let place = Place { position, ..FIRST };
            match block(&name, place, der.to_vec(), Label::Plain) {
                Ok(block) => blocks.certificates.push(block),
                Err(_) => blocks.unreadable(),
            }
        }
        blocks
    }

    /// Counts a file or block that could not be read.
    pub(crate) fn unreadable(&mut self) {
        self.tally.malformed += 1;
    }

    pub(crate) fn append(&mut self, mut more: Self) {
        self.certificates.append(&mut more.certificates);
        self.crls.append(&mut more.crls);
        let (tally, more) = (&mut self.tally, more.tally);
        tally.crls += more.crls;
        tally.private_keys += more.private_keys;
        tally.requests += more.requests;
        tally.pkcs7 += more.pkcs7;
        tally.other += more.other;
        tally.labels_normalised += more.labels_normalised;
        tally.malformed += more.malformed;
    }

    fn take(&mut self, file: &Arc<Path>, section: Result<Section, PemError>) -> Result<(), Fault> {
        let section =
            section.map_err(|error| Fault::Corrupt(error.place, error.fault.to_string()))?;
        let place = section.place;
        let count = match section.content {
            Content::Certificate { der, label } => {
                let block = block(file, place, der, label);
                let block = block.map_err(|reason| Fault::Corrupt(place, reason))?;
                self.certificates.push(block);
                self.tally.labels_normalised += usize::from(label != Label::Plain);
                return Ok(());
            }
            Content::Crl(der) => {
                self.crl(file, place, der);
                return Ok(());
            }
            Content::PrivateKey => &mut self.tally.private_keys,
            Content::Request => &mut self.tally.requests,
            Content::Pkcs7 => &mut self.tally.pkcs7,
            Content::Other(der) if is_x509(&der) => {
                return Err(Fault::Corrupt(place, PemFault::UnknownLabel.to_string()));
            }
            Content::Other(_) => &mut self.tally.other,
        };
        *count += 1;
        Ok(())
    }

    fn crl(&mut self, file: &Arc<Path>, place: Place, der: Vec<u8>) {
        let enforced = self.policy == CrlPolicy::Enforce;
        let crl = CrlBlock::new(file, place, der, enforced);
        self.crls.push(crl);
        self.tally.crls += 1;
    }
}

/// Judges the bytes of a certificate block, or says what is wrong with them.
fn block(file: &Arc<Path>, place: Place, mut der: Vec<u8>, label: Label) -> Result<Block, String> {
    if der.len() > MOST_BYTES {
        return Err(format!(
            "it holds more than {MOST_BYTES} bytes, as no certificate does"
        ));
    }
    let TrustSettings { alias, objection } = match label {
        Label::Trusted => {
            let (certificate, aux) = openssl::split(&der).ok_or(NOT_X509)?;
            let settings = openssl::trust_settings(aux).map_err(|_| NOT_X509_AUX)?;
            der.truncate(certificate.len());
            settings
        }
        Label::Plain | Label::X509 => TrustSettings::default(),
    };
    let certificate = Certificate::new(der);
    let (verdict, anchor) = match (certificate.anchor(), objection) {
        (Err(NotAnAnchor::Corrupt(reason)), _) => return Err(reason),
        (_, Some(objection)) => {
            let (der, file) = (&certificate.der, Arc::clone(file));
            let distrust = Distrust::of(der, objection, file, place.position);
            (Verdict::Distrusted(Arc::new(distrust)), None)
        }
        (Err(NotAnAnchor::Unusable(reason)), None) => (Verdict::Unusable(reason), None),
        (Ok(anchor), None) => (Verdict::Accepted, Some(anchor)),
    };
    Ok(Block {
        certificate,
        verdict,
        anchor,
        alias,
        file: Arc::clone(file),
        place,
    })
}

/// Whether the bytes of a block under another label are a certificate, perhaps with trust settings.
fn is_x509(der: &[u8]) -> bool {
    openssl::split(der).is_some_and(|(certificate, _)| x509::parsed(certificate).is_some())
}

fn binary(reason: &str) -> Fault {
    let reason = format!("the file is binary, and not one certificate in DER: {reason}");
    Fault::Corrupt(FIRST, reason)
}

/// Where a text breaks off.
fn end_of(text: &[u8]) -> Place {
    Place {
        position: memmem::find_iter(text, "-----BEGIN ").count().max(1),
        line: Memchr::new(b'\n', text).count() + 1,
    }
}

/// Of a certificate with its trust settings. Those of authorities have one or two thousand.
const MOST_BYTES: usize = 256 * 1024;

const FIRST: Place = Place {
    position: 1,
    line: 1,
};

const NOT_X509: &str = "the block is not an X.509 certificate";
const NOT_X509_AUX: &str = "what follows the certificate is not an OpenSSL X509_AUX";
