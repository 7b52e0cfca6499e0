//! The verifier of a token, whatever it trusts by now: every handshake is judged by the trust
//! that is in force at that moment, and every refusal is noted with what was presented.
#![expect(
    clippy::disallowed_types,
    reason = "the factory's own verifiers are made here, and only here"
)]

use std::collections::VecDeque;
use std::error::Error as StdError;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier as Verifier,
};
use rustls::crypto::CryptoProvider;
use rustls::{CertificateError, DigitallySignedStruct, Error, OtherError, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use super::attempt::causes;
use super::failure::Peer;
use super::trace;
use super::verify::verifier;
use crate::ca::TrustAnchors;

/// Judges by the trust in force.
pub(crate) struct Live {
    provider: Arc<CryptoProvider>,
    trust: RwLock<InForce>,
    /// The latest refusals that nobody else has noted: those of other protocols.
    strays: Mutex<VecDeque<(Instant, Refused)>>,
}

/// Anchors, and the verifier that was made from them.
#[derive(Clone)]
pub(crate) struct InForce {
    pub(crate) anchors: TrustAnchors,
    verifier: Arc<dyn Verifier>,
}

/// A certificate that was refused, with the chain that it came in.
#[derive(Clone)]
pub(crate) struct Refused {
    /// `None` if only a signature was looked at.
    pub(crate) name: Option<ServerName<'static>>,
    /// As far as the trace knows.
    pub(crate) peer: Peer,
    /// The end-entity first, as it was presented.
    pub(crate) presented: Vec<CertificateDer<'static>>,
    pub(crate) error: CertificateError,
    /// Whether the chain was accepted, and then the server failed to prove that it has its key.
    pub(crate) unproven: bool,
    /// What was in force.
    pub(crate) anchors: TrustAnchors,
}

impl Live {
    pub(crate) fn new(anchors: TrustAnchors, provider: Arc<CryptoProvider>) -> Result<Self, Error> {
        Ok(Self {
            trust: RwLock::new(InForce::new(anchors, &provider)?),
            strays: Mutex::default(),
            provider,
        })
    }

    pub(crate) fn in_force(&self) -> InForce {
        let trust = self.trust.read();
        trust.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What `anchors` would be judged by.
    pub(crate) fn prepare(&self, anchors: TrustAnchors) -> Result<InForce, Error> {
        InForce::new(anchors, &self.provider)
    }

    /// From the next certificate on, `trust` decides.
    pub(crate) fn change(&self, trust: InForce) {
        *self.trust.write().unwrap_or_else(PoisonError::into_inner) = trust;
    }

    /// The refusal behind an error of another library, if it is known whose it was: the same
    /// error, for one name only.
    pub(crate) fn stray(&self, error: &(dyn StdError + 'static)) -> Option<Refused> {
        let refusal = causes(error).find_map(|cause| match cause.downcast_ref() {
            Some(Error::InvalidCertificate(refusal)) => Some(refusal),
            _ => None,
        })?;
        let strays = self.strays.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = strays.iter().rev();
        let recent = recent.take_while(|(when, _)| when.elapsed() < RECENTLY);
        let mut alike = recent
            .map(|(_, it)| it)
            .filter(|it| same(&it.error, refusal));
        let newest = alike.next()?;
        alike
            .all(|it| it.name == newest.name)
            .then(|| newest.clone())
    }

    fn note(&self, refused: Refused) {
        if trace::refused(&refused) {
            return;
        }
        let mut strays = self.strays.lock().unwrap_or_else(PoisonError::into_inner);
        if strays.len() == STRAYS {
            strays.pop_front();
        }
        strays.push_back((Instant::now(), refused));
    }

    fn signature_refused(&self, trust: InForce, certificate: &CertificateDer<'_>, error: &Error) {
        if let Error::InvalidCertificate(error) = error {
            self.note(Refused {
                name: None,
                peer: Peer::Host,
                presented: vec![certificate.clone().into_owned()],
                error: error.clone(),
                unproven: true,
                anchors: trust.anchors,
            });
        }
    }
}

impl InForce {
    fn new(anchors: TrustAnchors, provider: &Arc<CryptoProvider>) -> Result<Self, Error> {
        let verifier = verifier(anchors.trust(), Arc::clone(provider))?;
        Ok(Self { anchors, verifier })
    }

    /// As if a server had presented `chain`, the end-entity first.
    pub(crate) fn judge(
        &self,
        chain: Vec<CertificateDer<'static>>,
        name: &ServerName<'static>,
    ) -> Result<(), Box<Refused>> {
        let verified = match chain.split_first() {
            Some((end_entity, intermediates)) => {
                let (verifier, now) = (&self.verifier, UnixTime::now());
                verifier.verify_server_cert(end_entity, intermediates, name, &[], now)
            }
            None => Err(CertificateError::BadEncoding.into()),
        };
        let error = match verified {
            Ok(_) => return Ok(()),
            Err(Error::InvalidCertificate(error)) => error,
            Err(error) => CertificateError::Other(OtherError(Arc::new(error))),
        };
        Err(Box::new(Refused {
            name: Some(name.clone()),
            peer: Peer::Host,
            presented: chain,
            error,
            unproven: false,
            anchors: self.anchors.clone(),
        }))
    }
}

impl Verifier for Live {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let trust = self.in_force();
        let verified = trust.verifier.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        );
        let presented = || {
            let presented = [end_entity].into_iter().chain(intermediates);
            presented.map(|der| der.clone().into_owned()).collect()
        };
        match &verified {
            Ok(_) => trace::accepted(presented),
            Err(Error::InvalidCertificate(error)) => self.note(Refused {
                name: Some(server_name.to_owned()),
                peer: Peer::Host,
                presented: presented(),
                error: error.clone(),
                unproven: false,
                anchors: trust.anchors,
            }),
            Err(_) => {}
        }
        verified
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let trust = self.in_force();
        let verifier = &trust.verifier;
        verifier
            .verify_tls12_signature(message, certificate, signature)
            .inspect_err(|error| self.signature_refused(trust.clone(), certificate, error))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let trust = self.in_force();
        let verifier = &trust.verifier;
        verifier
            .verify_tls13_signature(message, certificate, signature)
            .inspect_err(|error| self.signature_refused(trust.clone(), certificate, error))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.in_force().verifier.supported_verify_schemes()
    }
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Live")
            .field("anchors", &self.in_force().anchors)
            .finish_non_exhaustive()
    }
}

/// Errors that hold others' are equal if they hold the same one.
fn same(one: &CertificateError, other: &CertificateError) -> bool {
    match (one, other) {
        (CertificateError::Other(OtherError(one)), CertificateError::Other(OtherError(other))) => {
            Arc::ptr_eq(one, other)
        }
        (one, other) => one == other,
    }
}

/// Errors are explained when they come up. Later, the same error may be somebody else's.
const RECENTLY: Duration = Duration::from_secs(60);

/// Each has a chain of a few thousand bytes.
const STRAYS: usize = 16;
