//! The winning bundle and the base roots, read: strict about the one, lenient about the other.

use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};

use rustls_pki_types::CertificateDer;

use super::bundle::{Blocks, Fault};
use super::decision::{BaseRoots, Decision, Input, NamedBundle};
use super::error::{BundleName, CaError};
use super::format::{BundleFormat, remark};
use super::platform;
use super::read::{self, Listing, ReadError};
use super::report::{self, BaseKind};
use super::settled::{Distrusts, Settled};
use super::stamp::Stamp;

/// The explicit part: strict about corruption.
#[derive(Default)]
pub(crate) struct Bundle {
    pub(crate) files: Vec<PathBuf>,
    /// Those without a certificate, which somebody may have meant to be one.
    pub(crate) empty: Vec<PathBuf>,
    /// Entries of directories that are no files.
    pub(crate) skipped: Vec<PathBuf>,
    pub(crate) settled: Settled,
    /// What its files looked like before they were read.
    pub(crate) stamp: Stamp,
    /// What errors call it; `None` if there is no bundle.
    name: Option<BundleName>,
}

impl Bundle {
    pub(crate) fn read(decision: &Decision<'_>) -> Result<Self, CaError> {
        let mut all = Self {
            // A change during the load is one after it.
            stamp: Stamp::of(&decision.paths()),
            ..Self::default()
        };
        let mut blocks = Blocks::default();
        for bundle in &decision.bundles {
            let contents = Contents::of(bundle, decision)?;
            blocks.append(contents.blocks);
            all.files.extend(contents.files);
            all.empty.extend(contents.empty);
            all.skipped.extend(contents.skipped);
        }
        all.settled = Settled::of(blocks);
        all.name = match &decision.bundles[..] {
            [] => None,
            [bundle] => Some(bundle.name.clone()),
            _ => Some(BundleName {
                name: Some("all bundles together".to_owned()),
                ..BundleName::default()
            }),
        };
        Ok(all)
    }

    /// Takes out what the base distrusts and what is revoked. Nothing left of a bundle that won is an error.
    pub(crate) fn settle(&mut self, base: &Base) -> Result<(), CaError> {
        self.settled.obey(&Distrusts::of(&base.settled));
        self.settled.keep_authorities();
        let crls: Vec<_> = self.settled.enforced().cloned().collect();
        self.settled.leave_out_revoked(&crls);
        match &self.name {
            Some(name) if self.is_void() => Err(CaError::NoUsableCertificate {
                bundle: name.clone(),
                found: only(&self.settled),
                distrusted: self.settled.distrusted().next().is_some(),
            }),
            _ => Ok(()),
        }
    }

    /// Whether all of it is distrusted or unusable. Revocation lists alone are a bundle too, if
    /// they are enforced.
    fn is_void(&self) -> bool {
        let Settled { certificates, .. } = &self.settled;
        let only_lists = certificates.is_empty() && self.settled.enforced().next().is_some();
        !only_lists && self.settled.accepted().next().is_none()
    }

    /// What the operating system's verifier is to trust besides its own roots.
    pub(crate) fn certificates(&self) -> Vec<CertificateDer<'static>> {
        let accepted = self
            .settled
            .accepted()
            .filter(|block| block.anchor.is_some());
        accepted
            .map(|block| block.certificate.der.clone())
            .collect()
    }
}

/// What one bundle holds: at least one certificate, or revocation list that is enforced.
#[derive(Default)]
struct Contents {
    blocks: Blocks,
    files: Vec<PathBuf>,
    empty: Vec<PathBuf>,
    skipped: Vec<PathBuf>,
    /// A file without certificates, but with PKCS#7, which may hold some.
    pkcs7: Option<PathBuf>,
    /// What the last file without a certificate looks like.
    remark: Option<&'static str>,
}

impl Contents {
    fn of(bundle: &NamedBundle<'_>, decision: &Decision<'_>) -> Result<Self, CaError> {
        let limit = decision.limit;
        let mut contents = Self {
            blocks: Blocks::with(decision.crls),
            ..Self::default()
        };
        match bundle.input {
            Input::Path(path) => contents.read(bundle, path, limit)?,
            Input::Bytes(bytes) => {
                let label = PathBuf::from(bundle.label());
                if bytes.len() as u64 > limit {
                    return Err(bundle.unreadable(ReadError::TooLarge(label), limit));
                }
                contents.add(bundle, label, bytes.into())?;
            }
        }
        match contents.blocks.is_empty() {
            true => Err(contents.nothing(bundle)),
            false => Ok(contents),
        }
    }

    fn read(&mut self, bundle: &NamedBundle<'_>, path: &Path, limit: u64) -> Result<(), CaError> {
        let unreadable = |error| bundle.unreadable(error, limit);
        let Listing { files, skipped } = read::listing(path).map_err(unreadable)?;
        let mut left = limit;
        for file in files {
            let bytes = read::file(&file, left).map_err(|error| match error {
                // The files of a directory have one limit together.
                ReadError::TooLarge(_) => unreadable(ReadError::TooLarge(path.into())),
                error => unreadable(error),
            })?;
            left -= bytes.len() as u64;
            self.add(bundle, file, bytes.into())?;
        }
        self.skipped = skipped;
        Ok(())
    }

    fn add(
        &mut self,
        bundle: &NamedBundle<'_>,
        file: PathBuf,
        bytes: Cow<'_, [u8]>,
    ) -> Result<(), CaError> {
        let remark = remark(&bytes);
        let pkcs7_before = self.blocks.tally.pkcs7;
        let found = self.blocks.add(&file, bytes);
        if !found.map_err(|fault| bundle.faulty(&file, fault))? {
            self.remark = remark;
            self.empty.push(file.clone());
            if self.blocks.tally.pkcs7 > pkcs7_before {
                self.pkcs7.get_or_insert_with(|| file.clone());
            }
        }
        self.files.push(file);
        Ok(())
    }

    /// There is no certificate in it.
    fn nothing(self, bundle: &NamedBundle<'_>) -> CaError {
        if let Some(file) = self.pkcs7 {
            return bundle.faulty(&file, Fault::Foreign(BundleFormat::Pkcs7Pem));
        }
        let settled = Settled::of(self.blocks);
        let found = match (&*only(&settled), &self.files[..], self.remark) {
            ("", [], _) if self.skipped.is_empty() => "the directory is empty".to_owned(),
            ("", [], _) => "the directory has no files, and those below it are not read".to_owned(),
            ("", [_], Some(remark)) => remark.to_owned(),
            ("", ..) => "there is no PEM block".to_owned(),
            (found, ..) => found.to_owned(),
        };
        CaError::NoUsableCertificate {
            bundle: bundle.name.clone(),
            found,
            distrusted: false,
        }
    }
}

impl NamedBundle<'_> {
    fn unreadable(&self, error: ReadError, limit: u64) -> CaError {
        match error {
            ReadError::Io(path, source) => CaError::Read {
                target: fs::read_link(&path).ok(),
                bundle: self.name.of_file(&path),
                source,
            },
            ReadError::NotAFile(path) => CaError::NotAFile {
                bundle: self.name.of_file(&path),
            },
            ReadError::TooManyFiles(path) => CaError::TooManyFiles {
                bundle: self.name.of_file(&path),
                limit: read::MOST_FILES,
            },
            ReadError::TooLarge(path) => CaError::TooLarge {
                bundle: self.name.of_file(&path),
                limit,
            },
        }
    }

    fn faulty(&self, file: &Path, fault: Fault) -> CaError {
        let bundle = self.name.of_file(file);
        match fault {
            Fault::Foreign(format) => CaError::OtherFormat { bundle, format },
            Fault::Corrupt(place, reason) => CaError::Corrupt {
                bundle,
                position: place.position,
                line: place.line,
                reason,
            },
        }
    }

    /// What the report calls bytes that are in no file.
    fn label(&self) -> &str {
        self.name.name.as_deref().unwrap_or_default()
    }
}

impl BundleName {
    /// The same bundle, where a directory has several files.
    fn of_file(&self, file: &Path) -> Self {
        Self {
            path: self.path.as_ref().map(|_| file.to_owned()),
            ..self.clone()
        }
    }
}

/// The roots below the bundle: lenient, what cannot be used is counted.
pub(crate) struct Base {
    pub(crate) kind: BaseKind,
    pub(crate) settled: Settled,
}

impl Base {
    pub(crate) fn load(base: BaseRoots) -> Self {
        let (kind, blocks) = match base {
            BaseRoots::None => (BaseKind::None, Blocks::default()),
            #[cfg(feature = "mozilla-roots")]
            BaseRoots::Mozilla => (BaseKind::Mozilla, mozilla()),
            BaseRoots::Platform if platform::DELEGATED => (BaseKind::Delegated, Blocks::default()),
            BaseRoots::Platform => (BaseKind::Platform, platform::blocks()),
        };
        let settled = Settled::of(blocks);
        Self { kind, settled }
    }
}

#[cfg(feature = "mozilla-roots")]
fn mozilla() -> Blocks {
    Blocks::from_der(
        "Mozilla's roots",
        webpki_root_certs::TLS_SERVER_ROOT_CERTS
            .iter()
            .map(AsRef::as_ref),
    )
}

/// What there is instead of an accepted certificate; empty if there is nothing.
fn only(settled: &Settled) -> String {
    let tally = settled.tally;
    let found = report::found([
        (settled.distrusted().count(), "distrusted certificate"),
        (settled.unusable().count(), "unusable certificate"),
        (tally.crls, "revocation list"),
        (tally.private_keys, "private key"),
        (tally.requests, "certificate request"),
        (tally.pkcs7, "PKCS#7 block"),
        (tally.other, "other block"),
    ]);
    if found.is_empty() {
        return found;
    }
    let distrusted = settled.distrusted().next();
    let unusable = settled.unusable().next();
    match (distrusted, unusable) {
        (Some((_, why)), _) => format!("only {found}: {why}"),
        (None, Some((block, reason))) => {
            format!("only {found}; in block {}, {reason}", block.place.position)
        }
        (None, None) => format!("only {found}"),
    }
}
