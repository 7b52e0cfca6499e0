//! One file's bytes as sections, label by label (RFC 7468, and what stands in real
//! bundles beside it). Every BEGIN line ends in one section or one error: text that
//! cannot be told from a lost certificate is an error, never skipped.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use memchr::{memchr3, memmem};

use super::lines::Lines;
use super::marker::{Token, is_a_certificate};

/// Reads `text` as a PEM bundle; after an error it goes on with the next section.
pub(crate) fn sections(text: &[u8]) -> Sections<'_> {
    Sections {
        lines: Lines::of(text),
        open: None,
        body: Vec::new(),
        pending: None,
        position: 0,
    }
}

/// One block of the bundle.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Section {
    pub(crate) place: Place,
    pub(crate) content: Content,
}

/// What a block holds. The bytes of a private key are passed over and never copied.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Certificate {
        der: Vec<u8>,
        label: Label,
    },
    /// A revocation list; empty if it is not base64.
    Crl(Vec<u8>),
    PrivateKey,
    /// A request for a certificate (RFC 2986).
    Request,
    /// PKCS#7 or CMS (RFC 5652), which may hold certificates.
    Pkcs7,
    /// Under a label that is not known here; empty if it is not base64.
    Other(Vec<u8>),
}

/// The labels that say certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Label {
    /// `CERTIFICATE`.
    Plain,
    /// `X509 CERTIFICATE`, the label of old OpenSSL.
    X509,
    /// `TRUSTED CERTIFICATE`, with OpenSSL's trust settings behind the certificate.
    Trusted,
}

/// Where a block stands: its number in the file and the line of its BEGIN, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) position: usize,
    pub(crate) line: usize,
}

/// Why a file is not a bundle, and where.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PemError {
    pub(crate) place: Place,
    pub(crate) fault: PemFault,
}

/// What is wrong with a block.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum PemFault {
    Base64,
    GluedMarker,
    MismatchedEnd,
    MissingBegin,
    MissingEnd,
    MixedEncodings,
    Binary,
    NoMarker,
    UnknownLabel,
}

impl fmt::Display for PemFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Base64 => "the certificate is not valid base64",
            Self::GluedMarker => {
                "a BEGIN or END marker is not alone on its line, or not well written"
            }
            Self::MismatchedEnd => "the END line does not fit the BEGIN line",
            Self::MissingBegin => "a certificate ends that did not begin",
            Self::MissingEnd => "the certificate has no END line",
            Self::Binary => "binary data that looks like a certificate follows the text",
            Self::NoMarker => "what looks like a certificate does not stand between BEGIN and END",
            Self::MixedEncodings => {
                "the encoding changes here, or it is UTF-16 without a byte order mark"
            }
            Self::UnknownLabel => {
                "a certificate needs the label CERTIFICATE, X509 CERTIFICATE or TRUSTED CERTIFICATE"
            }
        })
    }
}

/// Iterator over the blocks of a file; see [`sections`].
pub(crate) struct Sections<'a> {
    lines: Lines<'a>,
    open: Option<Open<'a>>,
    /// The base64 of the open block, if it is to be decoded.
    body: Vec<u8>,
    /// The BEGIN that shares a line with the END before it.
    pending: Option<&'a [u8]>,
    position: usize,
}

struct Open<'a> {
    label: &'a [u8],
    kind: Kind,
    place: Place,
}

impl<'a> Iterator for Sections<'a> {
    type Item = Result<Section, PemError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let Some(line) = self.pending.take().or_else(|| self.lines.next()) else {
                return self.open.take().map(|open| open.interrupted(&self.body));
            };
            let section = match Token::of(line) {
                Token::Text => match self.text(line) {
                    None => continue,
                    Some(fault) => Some(Err(self.fault(fault))),
                },
                Token::Begin(label) => self.begin(label),
                Token::End(label, rest) => {
                    self.pending = rest;
                    self.end(label)
                }
                Token::Faulty(fault) => Some(Err(self.fault(fault))),
            };
            if section.is_some() {
                return section;
            }
        }
    }
}

impl<'a> Sections<'a> {
    fn begin(&mut self, label: &'a [u8]) -> Option<Result<Section, PemError>> {
        let interrupted = self.open.take();
        let section = interrupted.map(|open| open.interrupted(&self.body));
        self.open = Some(Open {
            label,
            kind: Kind::of(label),
            place: self.next_place(),
        });
        self.position += 1;
        self.body.clear();
        section
    }

    fn text(&mut self, line: &[u8]) -> Option<PemFault> {
        let Some(Open { kind, .. }) = self.open else {
            return is_a_certificate(line).then_some(PemFault::NoMarker);
        };
        if kind.is_decoded() {
            match memchr3(b' ', b'\t', b'\x0c', line) {
                None => self.body.extend_from_slice(line),
                Some(_) => {
                    let black = line.iter().filter(|byte| !byte.is_ascii_whitespace());
                    self.body.extend(black);
                }
            }
        }
        None
    }

    fn end(&mut self, label: &[u8]) -> Option<Result<Section, PemError>> {
        let Some(open) = self.open.take() else {
            let certificate = matches!(Kind::of(label), Kind::Certificate(_));
            let place = self.next_place();
            return certificate.then(|| Err(PemFault::MissingBegin.at(place)));
        };
        if open.label == label {
            return Some(open.finish(&self.body));
        }
        Some(match (open.kind, Kind::of(label)) {
            (Kind::Certificate(_), _) | (_, Kind::Certificate(_)) => {
                let line = self.lines.number;
                Err(PemFault::MismatchedEnd.at(Place { line, ..open.place }))
            }
            _ => open.finish(&self.body),
        })
    }

    fn fault(&mut self, fault: PemFault) -> PemError {
        let next = self.next_place();
        let place = self.open.take().map_or(next, |open| Place {
            position: open.place.position,
            ..next
        });
        fault.at(place)
    }

    /// Of a block that begins on this line.
    fn next_place(&self) -> Place {
        Place {
            position: self.position + 1,
            line: self.lines.number,
        }
    }
}

impl Open<'_> {
    fn finish(self, body: &[u8]) -> Result<Section, PemError> {
        let place = self.place;
        let content = match self.kind {
            Kind::Certificate(label) => match STANDARD.decode(body) {
                Ok(der) => Content::Certificate { der, label },
                Err(_) => return Err(PemFault::Base64.at(place)),
            },
            Kind::Misspelt => return Err(PemFault::UnknownLabel.at(place)),
            Kind::Crl => Content::Crl(STANDARD.decode(body).unwrap_or_default()),
            Kind::PrivateKey => Content::PrivateKey,
            Kind::Request => Content::Request,
            Kind::Pkcs7 => Content::Pkcs7,
            Kind::Unknown => Content::Other(STANDARD.decode(body).unwrap_or_default()),
        };
        Ok(Section { place, content })
    }

    /// A certificate without its END is lost; a key or a revocation list may lack it.
    fn interrupted(self, body: &[u8]) -> Result<Section, PemError> {
        match self.kind {
            Kind::Certificate(_) => Err(PemFault::MissingEnd.at(self.place)),
            _ => self.finish(body),
        }
    }
}

impl PemFault {
    fn at(self, place: Place) -> PemError {
        PemError { place, fault: self }
    }
}

/// What a label announces.
#[derive(Clone, Copy)]
enum Kind {
    Certificate(Label),
    Crl,
    PrivateKey,
    Request,
    Pkcs7,
    Unknown,
    /// Somebody may have meant it for a certificate.
    Misspelt,
}

impl Kind {
    fn of(label: &[u8]) -> Self {
        let says = |word: &[u8]| memmem::find(&label.to_ascii_uppercase(), word).is_some();
        match label {
            b"CERTIFICATE" => Self::Certificate(Label::Plain),
            b"X509 CERTIFICATE" => Self::Certificate(Label::X509),
            b"TRUSTED CERTIFICATE" => Self::Certificate(Label::Trusted),
            b"X509 CRL" => Self::Crl,
            b"PKCS7" | b"PKCS #7 SIGNED DATA" | b"CMS" => Self::Pkcs7,
            b"CERTIFICATE REQUEST" | b"NEW CERTIFICATE REQUEST" => Self::Request,
            // RFC 5755; it certifies no key.
            b"ATTRIBUTE CERTIFICATE" => Self::Unknown,
            _ if says(b"CERTIFICATE") => Self::Misspelt,
            _ if says(b"PRIVATE KEY") => Self::PrivateKey,
            _ => Self::Unknown,
        }
    }

    /// Whether somebody wants to see what is in the block. Nobody does of a key.
    fn is_decoded(self) -> bool {
        matches!(self, Self::Certificate(_) | Self::Crl | Self::Unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Result<Section, PemError>> {
        sections(text.as_bytes()).collect()
    }

    fn certificate(position: usize, line: usize, der: &[u8], label: Label) -> Section {
        Section {
            place: Place { position, line },
            content: Content::Certificate {
                der: der.to_vec(),
                label,
            },
        }
    }

    fn fault(text: &str) -> (usize, usize, PemFault) {
        let error = read(text)
            .into_iter()
            .find_map(Result::err)
            .expect("a fault in the text");
        (error.place.position, error.place.line, error.fault)
    }

    #[test]
    fn certificates_between_other_text_are_found_in_order() {
        let text = "Bag Attributes\r\n-----BEGIN CERTIFICATE-----\r\nAQID\r\n-----END CERTIFICATE-----\r\n\
                    # comment\r-----BEGIN X509 CERTIFICATE-----\rBAUG\r-----END X509 CERTIFICATE-----\r\
                    -----BEGIN TRUSTED CERTIFICATE-----\n  BwgJ  \n\n-----END TRUSTED CERTIFICATE-----";
        assert_eq!(
            read(text),
            [
                Ok(certificate(1, 2, &[1, 2, 3], Label::Plain)),
                Ok(certificate(2, 6, &[4, 5, 6], Label::X509)),
                Ok(certificate(3, 9, &[7, 8, 9], Label::Trusted)),
            ]
        );
    }

    #[test]
    fn byte_order_marks_and_joined_markers_lose_nothing() {
        let block = "-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----";
        let text = format!("\u{feff}{block}{block}\u{feff}{block}");
        let found = read(&text);
        assert_eq!(found.len(), 3);
        assert_eq!(found[2], Ok(certificate(3, 5, &[1, 2, 3], Label::Plain)));
    }

    #[test]
    fn other_sections_are_told_apart_and_never_fatal() {
        let text = "-----BEGIN X509 CRL-----\n!!\n-----END X509 CRL-----\n\
                    -----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nsecret\n-----END RSA PRIVATE KEY-----\n\
                    -----BEGIN DH PARAMETERS-----\nno end\n\
                    -----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n\
                    -----BEGIN X509 CRL-----\ntruncated";
        let found: Vec<_> = read(text)
            .into_iter()
            .map(|section| section.expect("nothing fatal").content)
            .collect();
        assert!(matches!(
            found[..],
            [
                Content::Crl(_),
                Content::PrivateKey,
                Content::Other(_),
                Content::Certificate { .. },
                Content::Crl(_)
            ]
        ));
    }

    #[test]
    fn what_may_hide_a_certificate_is_an_error_with_its_place() {
        let good = "-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n";
        let cases = [
            (
                "-----BEGIN CERTIFICATE-----\nA?ID\n-----END CERTIFICATE-----\n",
                (2, 4, PemFault::Base64),
            ),
            (
                "-----BEGIN CERTIFICATE-----\nAQID\n",
                (2, 4, PemFault::MissingEnd),
            ),
            (
                "-----BEGIN CERTIFICATE-----\nAQID\n-----END X509 CRL-----\n",
                (2, 6, PemFault::MismatchedEnd),
            ),
            (
                "AQID\n-----END CERTIFICATE-----\n",
                (2, 5, PemFault::MissingBegin),
            ),
            (
                "x-----BEGIN CERTIFICATE-----\n",
                (2, 4, PemFault::GluedMarker),
            ),
            (
                "-----BEGIN CERTIFICATE-----AQID\n",
                (2, 4, PemFault::GluedMarker),
            ),
            (
                "-----begin certificate-----\n",
                (2, 4, PemFault::GluedMarker),
            ),
            (
                "---- BEGIN CERTIFICATE ----\n",
                (2, 4, PemFault::GluedMarker),
            ),
            (
                "\u{2014}\u{2014}-BEGIN CERTIFICATE\u{2014}\u{2014}-\n",
                (2, 4, PemFault::GluedMarker),
            ),
            (
                "-----BEGIN\tCERTIFICATE-----\n",
                (2, 4, PemFault::GluedMarker),
            ),
            (
                "-----BEGIN certificate-----\nAQID\n-----END certificate-----\n",
                (2, 4, PemFault::UnknownLabel),
            ),
            (
                "-----BEGIN X509 CRL-----\n-----END CERTIFICATE-----\n",
                (2, 5, PemFault::MismatchedEnd),
            ),
            (
                "*** BEGIN CERTIFICATE ***\nMIIBYzCCAQmgAwIBAgIUFzv7ZJrVu3lz5Zn1h1mXo\n",
                (2, 5, PemFault::NoMarker),
            ),
            (
                "# another file\n\0-\0-\0-\0-\0-\0B\0E\0G\0I\0N\0 \0C\0E\0R\0T",
                (2, 5, PemFault::MixedEncodings),
            ),
        ];
        for (bad, expected) in cases {
            assert_eq!(fault(&format!("{good}{bad}")), expected, "{bad}");
        }
    }

    #[test]
    fn a_fault_before_the_first_block_is_in_block_one() {
        for bad in [
            "---- BEGIN CERTIFICATE ----\n",
            "-----END CERTIFICATE-----\n",
        ] {
            assert_eq!(fault(bad).0, 1, "{bad}");
        }
    }

    #[test]
    fn after_an_error_the_next_certificate_is_still_read() {
        let text = "-----BEGIN CERTIFICATE-----\nAQID\n-----BEGIN CERTIFICATE-----\nBAUG\n-----END CERTIFICATE-----\n";
        let found = read(text);
        assert!(matches!(&found[0], Err(error) if error.fault == PemFault::MissingEnd));
        assert_eq!(found[1], Ok(certificate(2, 3, &[4, 5, 6], Label::Plain)));
    }
}
