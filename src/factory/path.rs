//! What a chain that was accepted is verified by: webpki is asked once more, since the verifier
//! does not say it.

use std::path::PathBuf;

use rustls::crypto::CryptoProvider;
use rustls_pki_types::{CertificateDer, UnixTime};
use webpki::{EndEntityCert, KeyUsage};

use crate::ca::{TrustAnchors, hex, subject_of};

/// What vouches for a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum VerifiedBy {
    /// A trust anchor.
    #[non_exhaustive]
    Anchor {
        /// The subject of its certificate.
        subject: String,
        /// SHA-256 over its certificate, in hexadecimal.
        sha256: String,
        /// The file that it stands in.
        file: PathBuf,
        /// The number of its block in the file, from 1.
        position: usize,
    },
    /// The bundle holds the server's own certificate.
    Pinned,
    /// The operating system, which does not say by what.
    OperatingSystem,
}

impl VerifiedBy {
    /// Of a chain that has been accepted.
    pub(crate) fn of(
        chain: &[CertificateDer<'_>],
        anchors: &TrustAnchors,
        provider: &CryptoProvider,
    ) -> Self {
        match Self::anchor(chain, anchors, provider) {
            Some(anchor) => anchor,
            None if chain
                .first()
                .is_some_and(|it| anchors.trust().is_pinned(it)) =>
            {
                Self::Pinned
            }
            None => Self::OperatingSystem,
        }
    }

    fn anchor(
        chain: &[CertificateDer<'_>],
        anchors: &TrustAnchors,
        provider: &CryptoProvider,
    ) -> Option<Self> {
        let (end_entity, intermediates) = chain.split_first()?;
        let end_entity = EndEntityCert::try_from(end_entity).ok()?;
        let path = end_entity
            .verify_for_usage(
                provider.signature_verification_algorithms.all,
                anchors.all(),
                intermediates,
                UnixTime::now(),
                KeyUsage::server_auth(),
                None,
                None,
            )
            .ok()?;
        let block = anchors.origin_of(path.anchor())?;
        Some(Self::Anchor {
            subject: subject_of(&block.certificate.der),
            sha256: hex(block.sha256()),
            file: block.file.to_path_buf(),
            position: block.place.position,
        })
    }
}
