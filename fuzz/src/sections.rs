//! The splitting of a text into blocks.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::encoding;
use crate::oracle;
use crate::pem::{self, Content, Label, PemError, PemFault, Place, Section};

/// Reads `data` as PEM. Each section is what its BEGIN line says and holds what stands below it,
/// and no BEGIN line is passed over in silence.
pub fn sections(data: &[u8]) {
    let is_utf16 = data.starts_with(&[0xff, 0xfe]) || data.starts_with(&[0xfe, 0xff]);
    let Ok(decoded) = encoding::text(data.into()) else {
        assert!(is_utf16);
        return;
    };
    let text = String::from_utf8_lossy(&decoded);
    let mark = if is_utf16 { "\u{feff}" } else { "" };
    assert_eq!(text.strip_prefix(mark), Some(&*oracle::text(data)));

    let found: Vec<_> = pem::sections(&decoded).collect();
    let text = text.replace("\r\n", "\n");
    let lines: Vec<&str> = text.split(['\n', '\r']).map(trimmed).collect();
    for section in found.iter().flatten() {
        check(section, &lines);
    }
    check_order(&found);
    check_numbers(&found, &text, &lines);
}

type Found = Result<Section, PemError>;

fn check(section: &Section, lines: &[&str]) {
    let (above, below) = lines.split_at(section.place.line);
    let begin = above.last().and_then(|line| line.rsplit_once(BEGIN));
    let label = begin.and_then(|(_, label)| label.strip_suffix("-----"));
    let label = label.expect("a BEGIN line where the section says");
    let known = match &section.content {
        Content::Certificate { der, label } => {
            assert_eq!(STANDARD.encode(der), body(below));
            match label {
                Label::Plain => "CERTIFICATE",
                Label::X509 => "X509 CERTIFICATE",
                Label::Trusted => "TRUSTED CERTIFICATE",
            }
        }
        Content::Crl(_) => "X509 CRL",
        Content::PrivateKey => return assert!(label.to_uppercase().contains("PRIVATE KEY")),
        Content::Request => return assert!(label.ends_with("CERTIFICATE REQUEST")),
        Content::Pkcs7 => return assert!(label.contains('7') || label == "CMS"),
        Content::Other(_) => {
            let named = label.to_ascii_uppercase().contains("CERTIFICATE");
            return assert!(!named || label == "ATTRIBUTE CERTIFICATE");
        }
    };
    assert_eq!(label, known);
}

fn body(below: &[&str]) -> String {
    let lines = below
        .iter()
        .take_while(|line| !line.starts_with("-----END "));
    lines.map(|line| oracle::without_blanks(line)).collect()
}

fn check_order(found: &[Found]) {
    let key = |place: &Place| (place.position, place.line);
    let places = found.iter().map(|found| match found {
        Ok(Section { place, .. }) | Err(PemError { place, .. }) => place,
    });
    assert!(places.map(key).is_sorted());
    let mut last = (0, 0);
    for Section { place, .. } in found.iter().flatten() {
        assert!(last.0 < place.position && last.1 < place.line);
        last = key(place);
    }
}

fn check_numbers(found: &[Found], text: &str, lines: &[&str]) {
    let begins = lines.iter().filter(|line| line.contains(BEGIN)).count();
    let sections = found.iter().flatten().count();
    // Those that may belong to two lines with a BEGIN: their own, and that of the block which
    // they break.
    let of_two = found.iter().filter(|found| {
        matches!(
            found,
            Err(PemError {
                fault: PemFault::GluedMarker | PemFault::MixedEncodings | PemFault::Binary,
                ..
            })
        )
    });
    assert!(sections <= begins);
    assert!(begins <= found.len() + of_two.count());
    if sections == found.len() {
        let markers = lines.iter().map(|line| line.matches(BEGIN).count());
        assert_eq!(sections, markers.sum::<usize>());
        let certificates = found.iter().filter(|found| {
            matches!(
                found,
                Ok(Section {
                    content: Content::Certificate { .. },
                    ..
                })
            )
        });
        assert_eq!(certificates.count(), oracle::certificates(text).len());
    }
}

/// Without what [`oracle::without_blanks`] takes out, but at the ends only.
fn trimmed(line: &str) -> &str {
    line.trim_matches(|char: char| char.is_ascii_whitespace() || char == '\u{feff}')
}

const BEGIN: &str = "-----BEGIN ";
