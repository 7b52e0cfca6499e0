//! The winning bundle and the base roots, read: strict about the one, lenient about the other.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use rustls_pki_types::CertificateDer;

use super::bundle::{Blocks, Fault, Settled, Verdict};
use super::certificate::Fingerprint;
use super::decision::{BaseRoots, Decision, Input, NamedBundle};
use super::error::{BundleName, CaError};
use super::platform;
use super::read::{self, FileBytes, ReadError};
use super::report::{self, BaseKind};

/// The explicit part: strict about corruption.
#[derive(Default)]
pub(crate) struct Bundle {
    pub(crate) files: Vec<PathBuf>,
    /// Those without a certificate, which somebody may have meant to be one.
    pub(crate) empty: Vec<PathBuf>,
    pub(crate) settled: Settled,
    /// What errors call it; `None` if there is no bundle.
    name: Option<BundleName>,
}

impl Bundle {
    pub(crate) fn read(decision: &Decision<'_>) -> Result<Self, CaError> {
        let mut blocks = Blocks::default();
        let mut files = Vec::new();
        let mut empty = Vec::new();
        for bundle in &decision.bundles {
            let mut own = Blocks::default();
            let mut certificates = 0;
            for file in bundle.files(decision.limit)? {
                let found = own.add(&file.path, &file.bytes);
                let found = found.map_err(|fault| bundle.corrupt(&file.path, fault))?;
                certificates += found;
                if found == 0 {
                    empty.push(file.path.clone());
                }
                files.push(file.path);
            }
            if certificates == 0 {
                return Err(CaError::NoUsableCertificate {
                    bundle: bundle.name.clone(),
                    found: found_instead(&own.settle()),
                });
            }
            blocks.append(own);
        }
        Ok(Self {
            files,
            empty,
            settled: blocks.settle(),
            name: match &decision.bundles[..] {
                [] => None,
                [bundle] => Some(bundle.name.clone()),
                _ => Some(BundleName {
                    name: Some("all bundles together".to_owned()),
                    ..BundleName::default()
                }),
            },
        })
    }

    /// Takes out what the base distrusts. Nothing left of a bundle that won is an error.
    pub(crate) fn distrust(&mut self, base: &Base) -> Result<(), CaError> {
        let distrusted: HashSet<Fingerprint> = base
            .settled
            .distrusted()
            .map(|(block, _)| block.certificate.sha256)
            .collect();
        for block in &mut self.settled.certificates {
            if distrusted.contains(&block.certificate.sha256)
                && !matches!(block.verdict, Verdict::Distrusted(_))
            {
                block.verdict = Verdict::Distrusted("the base roots distrust it".to_owned());
            }
        }
        match &self.name {
            Some(name) if self.settled.accepted().next().is_none() => {
                Err(CaError::NoUsableCertificate {
                    bundle: name.clone(),
                    found: found_instead(&self.settled),
                })
            }
            _ => Ok(()),
        }
    }

    /// What the operating system's verifier is to trust besides its own roots.
    pub(crate) fn certificates(&self) -> Vec<CertificateDer<'static>> {
        let accepted = self.settled.accepted();
        accepted
            .map(|(block, _)| block.certificate.der.clone())
            .collect()
    }
}

impl NamedBundle<'_> {
    fn files(&self, limit: u64) -> Result<Vec<FileBytes>, CaError> {
        match self.input {
            Input::Path(path) => read::file_or_directory(path, limit),
            Input::Bytes(bytes) if bytes.len() as u64 > limit => {
                Err(ReadError::TooLarge(self.label().into()))
            }
            Input::Bytes(bytes) => Ok(vec![FileBytes {
                path: self.label().into(),
                bytes: bytes.to_vec(),
            }]),
        }
        .map_err(|error| match error {
            ReadError::Io(path, source) => CaError::Read {
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
        })
    }

    fn corrupt(&self, file: &Path, fault: Fault) -> CaError {
        CaError::Corrupt {
            bundle: self.name.of_file(file),
            position: fault.place.position,
            line: fault.place.line,
            reason: fault.reason,
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
    pub(crate) fn certificates_but_unusable(&self) -> usize {
        self.settled.certificates.len() - self.settled.unusable().count()
    }

    pub(crate) fn load(base: BaseRoots) -> Self {
        let (kind, blocks) = match base {
            BaseRoots::None => (BaseKind::None, Blocks::default()),
            #[cfg(feature = "mozilla-roots")]
            BaseRoots::Mozilla => (BaseKind::Mozilla, mozilla()),
            BaseRoots::Platform if platform::DELEGATED => (BaseKind::Delegated, Blocks::default()),
            BaseRoots::Platform => (BaseKind::Platform, platform::blocks()),
        };
        let settled = blocks.settle();
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

fn found_instead(settled: &Settled) -> String {
    let tally = settled.tally;
    let found = report::found([
        (settled.distrusted().count(), "distrusted certificate"),
        (settled.unusable().count(), "unusable certificate"),
        (tally.crls, "revocation list"),
        (tally.private_keys, "private key"),
        (tally.other, "other block"),
    ]);
    match found.is_empty() {
        true => "there is no PEM block".to_owned(),
        false => format!("only {found}"),
    }
}
