//! Certificate revocation lists of the lab's authorities.

use rcgen::{
    CertificateRevocationListParams, KeyIdMethod, RevokedCertParams, SerialNumber, SigningKey as _,
    date_time_ymd,
};
use rustls::pki_types::CertificateDer;
use webpki::EndEntityCert;

use crate::pki::{Authority, Validity, block};

/// A list that an authority has signed (RFC 5280, 5).
#[derive(Clone, Debug)]
pub struct Crl(Vec<u8>);

impl Crl {
    /// As one PEM block.
    pub fn pem(&self) -> String {
        block("X509 CRL", &self.0)
    }

    /// In DER.
    pub fn der(&self) -> &[u8] {
        &self.0
    }
}

impl Authority {
    /// Revokes these certificates, in a list that is valid now.
    ///
    /// # Panics
    ///
    /// Panics if what is to be revoked is not a certificate.
    pub fn crl(&self, revoked: &[&CertificateDer<'_>]) -> Crl {
        self.crl_with(revoked, 1, Validity::Current)
    }

    /// As [`crl`](Self::crl), with a chosen number and period between this update and the next.
    ///
    /// # Panics
    ///
    /// Panics if what is to be revoked is not a certificate.
    pub fn crl_with(
        &self,
        revoked: &[&CertificateDer<'_>],
        number: u64,
        validity: Validity,
    ) -> Crl {
        let serial = |der: &&CertificateDer<'_>| {
            let certificate = EndEntityCert::try_from(*der).expect("a certificate");
            SerialNumber::from_slice(certificate.serial())
        };
        self.crl_of(revoked.iter().map(serial), number, validity)
    }

    /// As [`crl`](Self::crl), of version 1: what `openssl ca -gencrl` writes where its configuration
    /// names neither `crlnumber` nor extensions.
    ///
    /// # Panics
    ///
    /// Panics if what is to be revoked is not a certificate.
    pub fn crl_version_1(&self, revoked: &[&CertificateDer<'_>]) -> Crl {
        let list = self.crl(revoked);
        let [whole, ..] = &elements(list.der())[..] else {
            panic!("a list is one element");
        };
        let [signed, algorithm, _signature] = &elements(whole.1)[..] else {
            panic!("a list has three fields");
        };
        let fields = elements(signed.1);
        // The version comes first, and the extensions last.
        let fields = &fields[1..fields.len() - 1];
        let fields: Vec<u8> = fields.iter().flat_map(|(all, _)| all.to_vec()).collect();
        let signed = element(0x30, &fields);
        let signature = self.issuer().key().sign(&signed);
        let signature = [vec![0], signature.expect("an authority signs")].concat();
        let fields = [signed, algorithm.0.to_vec(), element(3, &signature)];
        Crl(element(0x30, &fields.concat()))
    }

    /// A list of `count` certificates that nobody has issued.
    ///
    /// # Panics
    ///
    /// Panics if the cryptographic provider cannot sign it.
    pub fn large_crl(&self, count: u64) -> Crl {
        // As long as those that authorities choose at random.
        let serial = |number: u64| [&[1; 8], &number.to_be_bytes()[..]].concat();
        let serials = (0..count).map(|number| SerialNumber::from_slice(&serial(number)));
        self.crl_of(serials, 1, Validity::Current)
    }

    fn crl_of(
        &self,
        serials: impl Iterator<Item = SerialNumber>,
        number: u64,
        validity: Validity,
    ) -> Crl {
        let epoch = date_time_ymd(1970, 1, 1);
        let (this_update, next_update) = validity.period();
        let revoked = serials.map(|serial_number| RevokedCertParams {
            serial_number,
            revocation_time: epoch + this_update,
            reason_code: None,
            invalidity_date: None,
        });
        let list = CertificateRevocationListParams {
            this_update: epoch + this_update,
            next_update: epoch + next_update,
            crl_number: number.into(),
            issuing_distribution_point: None,
            revoked_certs: revoked.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let list = list.signed_by(self.issuer());
        Crl(list.expect("an authority signs its list").der().to_vec())
    }
}

/// The elements of DER (X.690, 8.1), each whole and without its header.
fn elements(mut der: &[u8]) -> Vec<(&[u8], &[u8])> {
    let mut elements = Vec::new();
    while let [_, first, rest @ ..] = der {
        let more = usize::from(first.saturating_sub(0x80));
        let length = match more {
            0 => usize::from(*first),
            _ => rest[..more]
                .iter()
                .fold(0, |length, &byte| (length << 8) | usize::from(byte)),
        };
        let (element, after) = der.split_at(2 + more + length);
        elements.push((element, &element[2 + more..]));
        der = after;
    }
    elements
}

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let leading = length.iter().take_while(|&&byte| byte == 0).count();
    let head = match &length[leading..] {
        &[short @ ..0x80] => vec![tag, short],
        length => {
            let more = u8::try_from(length.len()).expect("at most eight");
            [&[tag, 0x80 | more], length].concat()
        }
    };
    [&head, content].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_names_what_it_revokes() {
        let root = Authority::root("Lab Root");
        let [one, other] = ["a.test", "b.test"].map(|name| root.issue(&[name]).chain[0].clone());
        let list = root.crl(&[&one]);
        let parsed = pem::parse(list.pem()).expect("one block");
        assert_eq!((parsed.tag(), parsed.contents()), ("X509 CRL", list.der()));
        let lists = |der: &CertificateDer<'_>| {
            let certificate = EndEntityCert::try_from(der).expect("a certificate");
            let serial = certificate.serial();
            list.der().windows(serial.len()).any(|part| part == serial)
        };
        assert!(lists(&one) && !lists(&other));
    }
}
