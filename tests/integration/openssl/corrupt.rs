//! Damaged certificates and markers, before and behind a good certificate.

use super::Class;
use super::der::{SEQUENCE, element, elements, long_form, with_signed_part};
use super::kit::{Certificate, Kit, block};
use super::recipe::Recipe;

pub(super) fn recipes(kit: &Kit) -> Vec<Recipe> {
    let [good, bad] = ["good", "bad"].map(|name| kit.root(name));
    let pem = &bad.pem;
    let (overlooked, marker) = (Some(Class::Overlooked), Some(Class::Marker));
    let mut recipes = vec![bits_behind_base64(&good, &bad)];
    for (cases, first, last) in [
        (damaged_base64(pem), None, None),
        (damaged_contents(&bad), None, None),
        (damaged_ends(pem), None, None),
        (behind_a_certificate(&bad), overlooked, overlooked),
        (behind_a_line(pem), overlooked, overlooked),
        (misspelt(pem), marker, marker),
        (other_dashes(pem), marker, marker),
        (not_alone(pem), marker, marker),
        (wrapped(pem), marker, marker),
        (without_end(pem), marker, None),
    ] {
        for (name, text) in cases {
            let behind = good.pem.clone() + &text;
            let before = text + &good.pem;
            let before = Recipe::new(format!("{name}, first"), before, &[&bad, &good]);
            let behind = Recipe::new(format!("{name}, last"), behind, &[&bad, &good]);
            recipes.push(before.differs(first));
            recipes.push(behind.differs(last));
        }
    }
    recipes
}

/// A name, and the block of the bad certificate.
type Case = (&'static str, String);

fn damaged_base64(pem: &str) -> Vec<Case> {
    let (before, behind) = pem.split_at(pem.len() / 2);
    let lines = "AES-128-CBC,00000000000000000000000000000000";
    let encrypted = format!("-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: {lines}\n\n");
    let first = |text: &str| pem.replacen("-----\n", text, 1);
    vec![
        ("a bad character", format!("{before}!{}", &behind[1..])),
        ("a dash inside", format!("{before}-{}", &behind[1..])),
        ("a line of one dash", format!("{before}\n-\n{behind}")),
        (
            "a character of base64url",
            format!("{before}_{}", &behind[1..]),
        ),
        ("a character too few", format!("{before}{}", &behind[1..])),
        ("a character too many", format!("{before}A{behind}")),
        ("padding inside", format!("{before}={}", &behind[1..])),
        (
            "too much padding",
            pem.replace("\n-----END", "====\n-----END"),
        ),
        ("a checksum", pem.replace("\n-----END", "\n=abcd\n-----END")),
        ("a comment inside", first("-----\n# mine\n")),
        ("a header", first("-----\nComment: mine\n\n")),
        ("an encryption header", first(&encrypted)),
    ]
}

fn damaged_contents(bad: &Certificate) -> Vec<Case> {
    let half = &bad.der[..bad.der.len() / 2];
    let without_key = with_signed_part(&bad.der, |signed| signed[6] = vec![SEQUENCE, 0]);
    let one_short = &bad.der[..bad.der.len() - 1];
    let marker = "CERTIFICATE";
    vec![
        ("a certificate without a key", block(marker, &without_key)),
        ("half a certificate", block(marker, half)),
        (
            "a certificate without its last byte",
            block(marker, one_short),
        ),
        ("an empty certificate", block(marker, &[SEQUENCE, 0])),
        ("a NULL", block(marker, &[5, 0])),
        ("text", block(marker, b"not DER")),
        ("no byte", block(marker, b"")),
        (
            "no line",
            format!("-----BEGIN {marker}-----\n-----END {marker}-----\n"),
        ),
        ("base64 of PEM", block(marker, bad.pem.as_bytes())),
    ]
}

fn damaged_ends(pem: &str) -> Vec<Case> {
    vec![
        ("another END", pem.replace(END, "-----END X509 CRL-----")),
        (
            "END of a trusted one",
            pem.replace(END, "-----END TRUSTED CERTIFICATE-----"),
        ),
        (
            "END of the old label",
            pem.replace(END, "-----END X509 CERTIFICATE-----"),
        ),
        ("a truncated END", pem.replace(END, "-----END CERT")),
        ("text before END", pem.replace(END, &format!("text {END}"))),
        ("text behind END", pem.replace(END, &format!("{END} text"))),
    ]
}

fn behind_a_certificate(bad: &Certificate) -> Vec<Case> {
    let behind = |label, bytes: &[u8]| block(label, &[&bad.der, bytes].concat());
    let servers = [6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 1];
    let rejected = element(SEQUENCE, &element(0xa0, &servers));
    let inside = elements(&bad.der).concat();
    let indefinite = [&[SEQUENCE, 0x80], &inside[..], &[0, 0]].concat();
    vec![
        ("a NUL behind the certificate", behind("CERTIFICATE", b"\0")),
        (
            "text behind the certificate",
            behind("CERTIFICATE", b"garbage"),
        ),
        ("the certificate twice", behind("CERTIFICATE", &bad.der)),
        (
            "an X509_AUX, plain label",
            behind("CERTIFICATE", &[SEQUENCE, 0]),
        ),
        (
            "an X509_AUX, old label",
            behind("X509 CERTIFICATE", &[SEQUENCE, 0]),
        ),
        ("a rejection, plain label", behind("CERTIFICATE", &rejected)),
        (
            "a certificate of long length",
            block("CERTIFICATE", &long_form(&bad.der)),
        ),
        (
            "a certificate of indefinite length",
            block("CERTIFICATE", &indefinite),
        ),
    ]
}

/// OpenSSL takes every control character for a blank, and a dash for the end of the base64.
fn behind_a_line(pem: &str) -> Vec<Case> {
    vec![
        (
            "a vertical tab behind markers",
            pem.replace("E-----", "E-----\u{b}"),
        ),
        (
            "a Control-Z behind END",
            pem.replace(END, &format!("{END}\u{1a}")),
        ),
        ("a NUL behind END", pem.replace(END, &format!("{END}\0"))),
        (
            "a dash behind the base64",
            pem.replace("\n-----END", "-\n-----END"),
        ),
        (
            "dashes behind the base64",
            pem.replace("\n-----END", "\n---\n-----END"),
        ),
    ]
}

fn misspelt(pem: &str) -> Vec<Case> {
    let spelt = |from: &str, to: &str| pem.replace(from, to);
    let both = |behind: &str| {
        spelt("BEGIN ", &format!("BEGIN{behind}")).replace("END ", &format!("END{behind}"))
    };
    vec![
        (
            "lower case",
            spelt(BEGIN, &BEGIN.to_lowercase()).replace(END, &END.to_lowercase()),
        ),
        ("a label in lower case", spelt("CERTIFICATE", "certificate")),
        (
            "a blank behind the dashes",
            spelt("-----BEGIN", "----- BEGIN"),
        ),
        ("a blank behind the label", spelt("E-----", "E -----")),
        ("a tab in the markers", both("\t")),
        ("two blanks in the markers", both("  ")),
        ("a no-break space in the markers", both("\u{a0}")),
        ("no blank in the markers", both("")),
        (
            "a zero-width space before the markers",
            spelt("-----BEGIN", "\u{200b}-----BEGIN"),
        ),
        (
            "the label CERTIFICATES",
            spelt("CERTIFICATE", "CERTIFICATES"),
        ),
        (
            "the label X.509 CERTIFICATE",
            spelt("CERTIFICATE", "X.509 CERTIFICATE"),
        ),
    ]
}

/// Fewer or more, or what word processors make of them.
fn other_dashes(pem: &str) -> Vec<Case> {
    let dashes = [
        ("two dashes", "--"),
        ("four dashes", "----"),
        ("six dashes", "------"),
        ("em dashes and one dash", "\u{2014}\u{2014}-"),
        ("em dashes", "\u{2014}\u{2014}\u{2014}"),
        ("en dashes and one dash", "\u{2013}\u{2013}-"),
        (
            "hyphens of Unicode",
            "\u{2010}\u{2010}\u{2010}\u{2010}\u{2010}",
        ),
    ];
    dashes
        .map(|(name, dashes)| (name, pem.replace("-----", dashes)))
        .into()
}

fn not_alone(pem: &str) -> Vec<Case> {
    vec![
        (
            "text before BEGIN",
            pem.replace(BEGIN, &format!("text {BEGIN}")),
        ),
        (
            "text behind BEGIN",
            pem.replace(BEGIN, &format!("{BEGIN} text")),
        ),
        (
            "base64 behind BEGIN",
            pem.replace(&format!("{BEGIN}\n"), BEGIN),
        ),
        ("no BEGIN", pem.replace(&format!("{BEGIN}\n"), "")),
    ]
}

/// A certificate as it stands in something else.
fn wrapped(pem: &str) -> Vec<Case> {
    let each = |before: &str| -> String {
        let lines = pem.lines();
        lines.map(|line| format!("{before}{line}\n")).collect()
    };
    let newline = |text: &str| pem.replace('\n', text) + "\n";
    vec![
        ("a quotation", each("> ")),
        ("a comment", each("# ")),
        (
            "a JSON string",
            format!("{{\"ca\": \"{}\"}}\n", pem.replace('\n', "\\n")),
        ),
        ("newlines as in C", newline("\\n")),
        ("newlines as in HTML", newline("<br>")),
        ("newlines that became blanks", newline(" ")),
        ("newlines of EBCDIC", newline("\u{85}")),
        ("newlines of Unicode", newline("\u{2028}")),
        ("vertical tabs for newlines", newline("\u{b}")),
    ]
}

/// The good certificate's BEGIN follows, or the file ends.
fn without_end(pem: &str) -> Vec<Case> {
    vec![
        ("no END", pem.replace(&format!("{END}\n"), "")),
        ("base64 before END", pem.replace(&format!("\n{END}"), END)),
    ]
}

/// The last character of base64 has four bits that no byte needs, if a certificate has the length
/// for it.
fn bits_behind_base64(good: &Certificate, bad: &Certificate) -> Recipe {
    let lengths = (1..4).map(|length| {
        let serial = element(2, &vec![1; length]);
        with_signed_part(&bad.der, |signed| signed[1] = serial)
    });
    let mut der = lengths
        .into_iter()
        .find(|der| der.len() % 3 == 1)
        .expect("one of three lengths");
    *der.last_mut().expect("a signature") = 0xff;
    let bad = Certificate::new(der);
    let text = bad.pem.replace("w==\n", "x==\n") + &good.pem;
    let recipe = Recipe::new("bits behind the base64", text, &[&bad, good]);
    recipe.differs(Class::Overlooked)
}

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";
