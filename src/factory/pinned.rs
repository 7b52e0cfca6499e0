//! A certificate that stands in the bundle itself is accepted as a server's own, whoever issued it
//! and also if it is an authority's: what `openssl req -x509` makes for a development server.

use std::sync::Arc;
use std::time::Duration;

use rustls::client::danger::ServerCertVerified;
use rustls::client::verify_server_name;
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, Error, OtherError};
use rustls_pki_types::UnixTime;
use x509_parser::certificate::X509Certificate;

use super::revocation::{Revocation, Unverified};
use super::verify::{Inner, Presented, Rule};
use crate::ca::{self, Distrust, Pins};

/// What the other verifier does not accept may be pinned.
#[derive(Debug)]
pub(crate) struct Pinning {
    pub(crate) pins: Pins,
    pub(crate) revocation: Option<Arc<Revocation>>,
}

impl Pinning {
    /// The name, the dates and the purpose are checked as those of any other server.
    fn check(&self, presented: &Presented<'_>) -> Result<(), Error> {
        let der = presented.end_entity;
        // Refuses what it does not understand, critical extensions included.
        let certificate = ParsedCertificate::try_from(der)?;
        let x509 = ca::parsed(der).ok_or(CertificateError::BadEncoding)?;
        in_time(&x509, presented.now)?;
        if !for_servers(&x509) {
            return Err(CertificateError::InvalidPurpose.into());
        }
        let revocation = self.revocation.as_ref();
        if revocation.is_some_and(|revocation| revocation.may_revoke(der)) {
            return Err(CertificateError::Revoked.into());
        }
        verify_server_name(&certificate, presented.server_name)
    }
}

/// Both ends belong to it (RFC 5280, 4.1.2.5).
fn in_time(x509: &X509Certificate<'_>, now: UnixTime) -> Result<(), CertificateError> {
    let validity = x509.validity();
    let [not_before, not_after] = [validity.not_before, validity.not_after].map(|time| {
        let seconds = u64::try_from(time.timestamp()).unwrap_or_default();
        UnixTime::since_unix_epoch(Duration::from_secs(seconds))
    });
    if now < not_before {
        let time = now;
        return Err(CertificateError::NotValidYetContext { time, not_before });
    }
    if now > not_after {
        let time = now;
        return Err(CertificateError::ExpiredContext { time, not_after });
    }
    Ok(())
}

/// As OpenSSL's `check_purpose_ssl_server`, which however does not know anyExtendedKeyUsage
/// (RFC 5280, 4.2.1.12). What is absent restricts nothing.
fn for_servers(x509: &X509Certificate<'_>) -> bool {
    let purposes = match x509.extended_key_usage() {
        Ok(Some(usage)) => usage.value.server_auth || usage.value.any,
        Ok(None) => true,
        Err(_) => false,
    };
    let key = match x509.key_usage() {
        Ok(Some(usage)) => {
            let usage = usage.value;
            usage.digital_signature() || usage.key_encipherment() || usage.key_agreement()
        }
        Ok(None) => true,
        Err(_) => false,
    };
    purposes && key
}

/// Whether somebody has said no to the certificate, where other errors say that nobody has said
/// yes, or are the pin's own to find.
fn is_final(error: &Error) -> bool {
    match error {
        Error::InvalidCertificate(CertificateError::Revoked) => true,
        Error::InvalidCertificate(CertificateError::Other(OtherError(error))) => {
            error.is::<Distrust>() || error.is::<Unverified>()
        }
        _ => false,
    }
}

impl Rule for Pinning {
    fn verify(
        &self,
        presented: &Presented<'_>,
        inner: &Inner,
    ) -> Result<ServerCertVerified, Error> {
        match presented.verified_by(inner) {
            Err(error) if !is_final(&error) && self.pins.contains(presented.end_entity) => {
                // Of two errors this is the one that the owner of the pin can do something about.
                self.check(presented)?;
                Ok(ServerCertVerified::assertion())
            }
            verified => verified,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ca::{Anchors, Trust};
    use crate::factory::crypto::default_provider;
    use crate::factory::verify::verifier;
    use crate::{BaseRoots, CaPolicy};
    use rustls::RootCertStore;
    use rustls_pki_types::ServerName;
    use trusted_transport_lab::{Constraints, EndEntity, Template};

    fn server() -> EndEntity {
        let template = Template::server(&["origin.test"]);
        template.constraints(Constraints::Authority).self_signed()
    }

    /// Of a bundle with this one certificate.
    fn pins(server: &EndEntity) -> Pins {
        let policy = CaPolicy::platform().base(BaseRoots::None);
        let anchors = policy.bundle_pem("bundle", server.chain_pem()).load();
        anchors.expect("it loads").trust().pins.clone()
    }

    fn verdict(
        anchors: Anchors,
        pins: Pins,
        server: &EndEntity,
        name: &str,
    ) -> Result<(), CertificateError> {
        let (distrusted, crls) = (Vec::new(), Vec::new());
        let trust = Trust {
            anchors,
            distrusted,
            crls,
            pins,
        };
        let (provider, _) = default_provider().expect("a provider");
        let name = ServerName::try_from(name).expect("a name");
        let verified = verifier(&trust, provider)
            .expect("a verifier")
            .verify_server_cert(&server.chain[0], &[], &name, &[], UnixTime::now());
        match verified {
            Ok(_) => Ok(()),
            Err(Error::InvalidCertificate(error)) => Err(error),
            Err(other) => panic!("{other:?}"),
        }
    }

    fn roots(server: &EndEntity) -> Anchors {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(server.chain.clone());
        Anchors::Roots(Arc::new(roots))
    }

    #[test]
    fn a_root_of_the_base_is_not_pinned() {
        let server = server();
        let verdict = |pins| verdict(roots(&server), pins, &server, "origin.test");
        let error = verdict(Pins::default()).expect_err("an authority's certificate");
        assert!(matches!(error, CertificateError::Other(_)), "{error:?}");
        assert_eq!(verdict(pins(&server)), Ok(()));
    }

    /// Here the system's verifier knows the machine's roots, none of which is the lab's.
    #[test]
    fn a_pin_counts_where_the_operating_system_decides() {
        let server = server();
        let verdict = |pins, name| verdict(Anchors::Delegated(Vec::new()), pins, &server, name);
        assert!(verdict(Pins::default(), "origin.test").is_err());
        assert_eq!(verdict(pins(&server), "origin.test"), Ok(()));
        let error = verdict(pins(&server), "elsewhere.test").expect_err("another name");
        let by_name = matches!(error, CertificateError::NotValidForNameContext { .. });
        assert!(by_name, "{error:?}");
    }
}
