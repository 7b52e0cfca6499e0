//! A certificate revocation list of the bundle (RFC 5280, 5): what it says, and whether the
//! verifier can enforce it. Its signature is checked later, by whoever knows its issuer's key.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use webpki::BorrowedCertRevocationList;
use x509_parser::asn1_rs::{Any, FromDer, Tag};
use x509_parser::certificate::X509Certificate;
use x509_parser::time::ASN1Time;
use x509_parser::x509::X509Name;

use super::certificate::Fingerprint;
use super::der::sequence;
use super::pem::Place;
use super::signed::Signed;
use super::x509;

/// A block, or a file in DER, with its outcome.
#[derive(Debug)]
pub(crate) struct CrlBlock {
    pub(crate) sha256: Fingerprint,
    /// `None` if it cannot be read at all.
    pub(crate) facts: Option<Facts>,
    /// Why it cannot be enforced.
    pub(crate) problem: Option<String>,
    /// If it can, and the policy says so.
    pub(crate) crl: Option<Arc<Crl>>,
    /// Whether a trust anchor has the name of its issuer.
    pub(crate) anchored: bool,
    pub(crate) file: Arc<Path>,
    pub(crate) place: Place,
}

/// What people want to know of a list.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) issuer: String,
    pub(crate) this_update: ASN1Time,
    pub(crate) next_update: Option<ASN1Time>,
    pub(crate) revoked: usize,
    /// The content of the name, as the verifier compares it.
    pub(crate) name: Vec<u8>,
}

/// A list that is enforced.
pub(crate) struct Crl {
    pub(crate) sha256: Fingerprint,
    pub(crate) issuer: String,
    pub(crate) file: Arc<Path>,
    pub(crate) position: usize,
    der: Vec<u8>,
    name: Vec<u8>,
    /// Sorted, because an authority may have revoked a million certificates.
    serials: Vec<Box<[u8]>>,
}

impl CrlBlock {
    pub(crate) fn new(file: &Arc<Path>, place: Place, der: Vec<u8>, enforced: bool) -> Self {
        let parts = Parts::of(&der);
        let facts = parts.as_ref().map(Parts::facts);
        let serials = match &parts {
            Some(parts) => parts.serials(&der),
            None => Err(NOT_A_LIST.to_owned()),
        };
        let mut block = Self {
            sha256: Sha256::digest(&der).into(),
            problem: serials.as_ref().err().cloned(),
            crl: None,
            facts,
            anchored: false,
            file: Arc::clone(file),
            place,
        };
        if let (true, Ok(serials), Some(facts)) = (enforced, serials, &block.facts) {
            block.crl = Some(Arc::new(Crl::new(&block, facts, der, serials)));
        }
        block
    }
}

impl Crl {
    fn new(block: &CrlBlock, facts: &Facts, der: Vec<u8>, mut serials: Vec<Box<[u8]>>) -> Self {
        serials.sort_unstable();
        Self {
            sha256: block.sha256,
            issuer: facts.issuer.clone(),
            file: Arc::clone(&block.file),
            position: block.place.position,
            name: facts.name.clone(),
            der,
            serials,
        }
    }

    /// The content of its issuer's name, as in the certificates that it is about: RFC 5280, 5.1.2.3
    /// and 4.1.2.4, want both to be encoded alike.
    pub(crate) fn name(&self) -> &[u8] {
        &self.name
    }

    /// Whether a certificate of its issuer's, with this serial number, is revoked.
    pub(crate) fn revokes(&self, serial: &[u8]) -> bool {
        let found = self.serials.binary_search_by(|it| (**it).cmp(serial));
        found.is_ok()
    }

    /// Whether a certificate stands in it, by the name of its issuer and its serial number.
    pub(crate) fn lists(&self, x509: &X509Certificate<'_>) -> bool {
        let name = sequence(x509.issuer().as_raw());
        name.is_some_and(|(_, name)| name == self.name) && self.revokes(x509.raw_serial())
    }

    pub(crate) fn signed(&self) -> Option<Signed<'_>> {
        Signed::of(&self.der)
    }
}

// Neither bytes nor a million numbers.
impl fmt::Debug for Crl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Crl")
            .field("issuer", &self.issuer)
            .field("revoked", &self.serials.len())
            .finish_non_exhaustive()
    }
}

/// Whether bytes are a list, perhaps one that cannot be enforced. A certificate has a SEQUENCE
/// where a list has its first date.
pub(crate) fn is_crl(der: &[u8]) -> bool {
    Parts::of(der).is_some()
}

/// The first fields of a list.
struct Parts<'a> {
    /// Without extensions.
    version_1: bool,
    issuer: X509Name<'a>,
    this_update: ASN1Time,
    next_update: Option<ASN1Time>,
    /// The content of `revokedCertificates`; empty without any.
    revoked: &'a [u8],
    rest: &'a [u8],
}

impl<'a> Parts<'a> {
    fn of(der: &'a [u8]) -> Option<Self> {
        let (_, list) = sequence(der)?;
        let (_, to_be_signed) = sequence(list)?;
        let version = Any::from_der(to_be_signed).ok();
        let version = version.filter(|(_, version)| version.tag() == Tag::Integer);
        let rest = version.as_ref().map_or(to_be_signed, |(rest, _)| rest);
        let (rest, _algorithm) = sequence(rest)?;
        let (rest, issuer) = X509Name::from_der(rest).ok()?;
        let (rest, this_update) = ASN1Time::from_der(rest).ok()?;
        let (rest, next_update) = match ASN1Time::from_der(rest) {
            Ok((rest, next_update)) => (rest, Some(next_update)),
            Err(_) => (rest, None),
        };
        let (rest, revoked) = sequence(rest).unwrap_or((rest, &[]));
        Some(Self {
            version_1: version.is_none(),
            issuer,
            this_update,
            next_update,
            revoked,
            rest,
        })
    }

    fn facts(&self) -> Facts {
        let name = sequence(self.issuer.as_raw()).unwrap_or_default().1;
        Facts {
            issuer: x509::subject(&self.issuer),
            this_update: self.this_update,
            next_update: self.next_update,
            revoked: self.entries().count(),
            name: name.to_vec(),
        }
    }

    /// What is revoked, if the list as a whole can be relied on.
    fn serials(&self, der: &[u8]) -> Result<Vec<Box<[u8]>>, String> {
        match (self.version_1, self.next_update) {
            (true, _) => self.serials_of_version_1(der).ok_or(MALFORMED.to_owned()),
            (false, None) => Err(NO_NEXT_UPDATE.to_owned()),
            (false, Some(_)) => serials_of_version_2(der).map_err(|error| problem(&error)),
        }
    }

    /// What `openssl ca -gencrl` writes unless its configuration says otherwise. Without extensions
    /// there is nothing in it that could change what an entry means.
    fn serials_of_version_1(&self, der: &[u8]) -> Option<Vec<Box<[u8]>>> {
        let whole = sequence(der).is_some_and(|(rest, _)| rest.is_empty());
        if !whole || !self.rest.is_empty() || Signed::of(der).is_none() {
            return None;
        }
        let serials = self.entries().map(|entry| entry.and_then(serial));
        serials.map(|serial| serial.map(Box::from)).collect()
    }

    /// `None` for what is no entry, and the last one then.
    fn entries(&self) -> impl Iterator<Item = Option<&'a [u8]>> {
        let mut rest = self.revoked;
        std::iter::from_fn(move || {
            let entry = match rest {
                [] => return None,
                _ => sequence(rest),
            };
            rest = entry.unwrap_or_default().0;
            Some(entry.map(|(_, entry)| entry))
        })
    }
}

/// With the verifier's own reader, which refuses extensions that would have to be obeyed.
fn serials_of_version_2(der: &[u8]) -> Result<Vec<Box<[u8]>>, webpki::Error> {
    let list = BorrowedCertRevocationList::from_der(der)?;
    let entries = list.into_iter();
    entries
        .map(|entry| Ok(entry?.serial_number.into()))
        .collect()
}

/// Of an entry without extensions.
fn serial(entry: &[u8]) -> Option<&[u8]> {
    let (date, serial) = Any::from_der(entry).ok()?;
    let (rest, _) = ASN1Time::from_der(date).ok()?;
    (serial.tag() == Tag::Integer && rest.is_empty()).then_some(serial.data)
}

fn problem(error: &webpki::Error) -> String {
    use webpki::Error as E;
    let known = match error {
        E::UnsupportedDeltaCrl => "it is a delta list, which tells changes only",
        E::UnsupportedIndirectCrl => "it is an indirect list, about certificates of other issuers",
        E::UnsupportedRevocationReasonsPartitioning => "it is about some reasons only",
        E::UnsupportedCrlIssuingDistributionPoint => {
            "its issuingDistributionPoint has no full name of a distribution point"
        }
        E::UnsupportedCriticalExtension => "it has a critical extension that is not known here",
        E::SignatureAlgorithmMismatch => "it names two different signature algorithms",
        E::BadDer | E::BadDerTime | E::MalformedExtensions | E::TrailingData(_) => MALFORMED,
        other => return format!("the verifier does not read it: {other}"),
    };
    known.to_owned()
}

const NOT_A_LIST: &str = "the block is not a certificate revocation list";
const MALFORMED: &str = "it is malformed, or lacks extensions that RFC 5280 wants";
const NO_NEXT_UPDATE: &str = "it has no nextUpdate";

#[cfg(test)]
mod tests {
    use super::*;
    use trusted_transport_lab::Authority;

    fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = u8::try_from(content.len()).expect("a short fixture");
        match length {
            ..0x80 => [&[tag, length], content].concat(),
            _ => [&[tag, 0x81, length], content].concat(),
        }
    }

    fn entry(serial: u8, extensions: &[Vec<u8>]) -> Vec<u8> {
        let extensions = match extensions {
            [] => Vec::new(),
            _ => tlv(0x30, &extensions.concat()),
        };
        let fields = [tlv(2, &[serial]), tlv(0x17, DATE), extensions];
        tlv(0x30, &fields.concat())
    }

    fn critical(oid: &[u8], value: &[u8]) -> Vec<u8> {
        let fields = [tlv(6, oid), tlv(1, &[0xff]), tlv(4, value)];
        tlv(0x30, &fields.concat())
    }

    fn list(head: &[Vec<u8>], revoked: &[Vec<u8>], extensions: Option<&[Vec<u8>]>) -> Vec<u8> {
        let extensions = extensions.map(|all| tlv(0xa0, &tlv(0x30, &all.concat())));
        let fields = [
            head.concat(),
            tlv(0x30, &revoked.concat()),
            extensions.unwrap_or_default(),
        ];
        let signed = tlv(0x30, &fields.concat());
        tlv(0x30, &[signed, algorithm(), tlv(3, &[0, 1])].concat())
    }

    /// All before what is revoked.
    fn head() -> Vec<Vec<u8>> {
        let name = tlv(
            0x30,
            &tlv(
                0x31,
                &tlv(0x30, &[tlv(6, COMMON_NAME), tlv(12, b"A")].concat()),
            ),
        );
        vec![algorithm(), name, tlv(0x17, DATE), tlv(0x17, DATE)]
    }

    fn version_2() -> Vec<Vec<u8>> {
        [vec![tlv(2, &[1])], head()].concat()
    }

    fn algorithm() -> Vec<u8> {
        tlv(0x30, &tlv(6, &[0x2a, 3]))
    }

    fn block(der: Vec<u8>) -> CrlBlock {
        let place = Place {
            position: 1,
            line: 1,
        };
        CrlBlock::new(&Path::new("x.pem").into(), place, der, true)
    }

    /// Which of these serial numbers is revoked, or why nothing is.
    fn revokes(der: Vec<u8>, serials: [u8; 3]) -> Result<[bool; 3], String> {
        let block = block(der);
        let facts = block.facts.as_ref().expect("it can be read");
        assert_eq!(facts.issuer, "CN=A");
        assert_eq!(block.crl.is_none(), block.problem.is_some());
        let crl = block.crl.ok_or(block.problem.unwrap_or_default())?;
        Ok(serials.map(|serial| crl.revokes(&[serial])))
    }

    #[test]
    fn lists_of_either_version_revoke_what_they_name() {
        let entries = [entry(7, &[]), entry(3, &[])];
        let expected = Ok([true, false, true]);
        let number = tlv(
            0x30,
            &[tlv(6, &[0x55, 0x1d, 20]), tlv(4, &tlv(2, &[1]))].concat(),
        );
        for der in [
            list(&head(), &entries, None),
            list(&head()[..3], &entries, None),
            list(&version_2(), &entries, Some(&[number])),
        ] {
            assert!(is_crl(&der));
            assert_eq!(revokes(der, [3, 5, 7]), expected);
        }
        let empty = list(&head(), &[], None);
        assert_eq!(revokes(empty, [3, 5, 7]), Ok([false; 3]));
    }

    /// RFC 5280, 5.2 and 5.3: what has to be obeyed and is not, makes the whole list unusable.
    #[test]
    fn lists_that_say_more_than_is_understood_are_unusable() {
        let one = || vec![entry(7, &[])];
        let with = |extension| list(&version_2(), &one(), Some(&[extension]));
        let indirect = [0x84, 1, 0xff];
        let reasons = [0x83, 2, 1, 0x40];
        let users_only = [0x81, 1, 0xff];
        let point = |scope: &[u8]| critical(&[0x55, 0x1d, 28], &tlv(0x30, scope));
        let other_issuer = critical(&[0x55, 0x1d, 29], &tlv(0x30, &[]));
        let unknown = || critical(&[0x2a, 3], &[5, 0]);
        for (what, der, expected) in [
            (
                "delta",
                with(critical(&[0x55, 0x1d, 27], &[2, 1, 1])),
                "delta",
            ),
            ("indirect", with(point(&indirect)), "indirect"),
            ("some reasons", with(point(&reasons)), "some reasons"),
            (
                "no name",
                with(point(&users_only)),
                "issuingDistributionPoint",
            ),
            ("unknown", with(unknown()), "critical extension"),
            (
                "unknown in an entry",
                list(&version_2(), &[entry(7, &[unknown()])], Some(&[])),
                "",
            ),
            (
                "of another issuer",
                list(&version_2(), &[entry(7, &[other_issuer])], Some(&[])),
                "",
            ),
            (
                "without extensions",
                list(&version_2(), &one(), None),
                "malformed",
            ),
            (
                "no end",
                list(&version_2()[..4], &one(), None),
                "nextUpdate",
            ),
            (
                "version 1, extended",
                list(&head(), &one(), Some(&[unknown()])),
                "malformed",
            ),
            (
                "version 1, extended in an entry",
                list(&head(), &[entry(7, &[unknown()])], None),
                "malformed",
            ),
            (
                "garbage",
                list(&head(), &[entry(7, &[]), tlv(2, &[1])], None),
                "malformed",
            ),
            (
                "more",
                [list(&head(), &one(), None), vec![0]].concat(),
                "malformed",
            ),
        ] {
            let problem = revokes(der, [3, 5, 7]).expect_err(what);
            assert!(
                problem.contains(expected) && !problem.is_empty(),
                "{what}: {problem}"
            );
        }
    }

    #[test]
    fn a_certificate_is_not_a_list_nor_are_other_bytes() {
        let root = Authority::root("A");
        assert!(!is_crl(&root.der()));
        assert!(is_crl(root.crl(&[]).der()));
        for der in [&b""[..], b"\x30\x00", b"text"] {
            let block = block(der.to_vec());
            assert!(block.facts.is_none() && block.crl.is_none());
            assert_eq!(block.problem.as_deref(), Some(NOT_A_LIST));
        }
    }

    const DATE: &[u8] = b"260101000000Z";
    const COMMON_NAME: &[u8] = &[0x55, 4, 3];
}
