//! A certificate that must be no part of any path, and who says so.

use std::path::PathBuf;
use std::sync::Arc;

use rustls_pki_types::CertificateDer;
use x509_parser::time::ASN1Time;

use super::bundle::Block;
use super::x509::Description;

/// A distrusted certificate, as the verifier needs it.
#[derive(Clone, Debug)]
pub(crate) struct Distrusted {
    pub(crate) der: CertificateDer<'static>,
    pub(crate) why: Arc<Distrust>,
}

/// Why, for the person who reads the error.
#[derive(Debug, thiserror::Error)]
#[error("`{subject}` is distrusted: {reason}, in block {position} of `{}`", file.display())]
pub(crate) struct Distrust {
    pub(crate) subject: String,
    pub(crate) reason: String,
    pub(crate) file: PathBuf,
    pub(crate) position: usize,
}

impl Distrusted {
    pub(crate) fn new((block, reason): (&Block, &str)) -> Self {
        let der = block.certificate.der.clone();
        let why = Distrust {
            subject: Description::of(&der, ASN1Time::now()).subject,
            reason: reason.to_owned(),
            file: block.file.to_path_buf(),
            position: block.place.position,
        };
        let why = Arc::new(why);
        Self { der, why }
    }
}
