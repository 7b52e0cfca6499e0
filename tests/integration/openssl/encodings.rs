//! One bundle of a plain, a trusted and a rejected certificate, in every form that operators have.

use super::Class;
use super::kit::{Kit, rewrapped};
use super::recipe::Recipe;

pub(super) fn recipes(kit: &Kit) -> Vec<Recipe> {
    let certificates = NAMES.map(|name| kit.root(name));
    let [plain, trusted, rejected] = &certificates;
    let blocks = [
        plain.pem.clone(),
        kit.trustout(NAMES[1], "-addtrust serverAuth"),
        kit.trustout(NAMES[2], "-addreject serverAuth"),
    ];
    let pem = blocks.concat();
    let mixed = Recipe::new("mixed", pem.clone(), &[plain, trusted, rejected]);
    let group = |forms: Vec<Form>, class| {
        let mixed = &mixed;
        let forms = forms.into_iter();
        forms.map(move |(how, bytes)| mixed.rewritten(&how, bytes).differs(class))
    };
    let mut recipes: Vec<_> = group(widths(&pem), None)
        .chain(group(lines(&pem), None))
        .chain(group(comments(kit, &blocks), None))
        .chain(group(lost_lines(&pem), Some(Class::Encoding)))
        .chain(group(lost_characters(&pem), Some(Class::Encoding)))
        .collect();
    let der = Recipe::new("DER", plain.der.clone(), &[plain]);
    recipes.push(der.differs(Class::Encoding));
    recipes.push(mixed);
    recipes
}

/// How it is written, and the file.
type Form = (String, Vec<u8>);

fn widths(pem: &str) -> Vec<Form> {
    let widths = [
        1, 4, 5, 63, 65, 76, 77, 128, 253, 254, 255, 256, 257, 1024, 10_000,
    ];
    widths
        .map(|width| (format!("{width} in a line"), rewrapped(pem, width).into()))
        .into()
}

/// What both read.
fn lines(pem: &str) -> Vec<Form> {
    let each = |change: fn(&str) -> String| -> String { pem.lines().map(change).collect() };
    forms([
        ("CR LF", pem.replace('\n', "\r\n")),
        ("CR CR LF", pem.replace('\n', "\r\r\n")),
        ("no final newline", pem.trim_end().to_owned()),
        ("a Control-Z at the end", format!("{pem}\u{1a}")),
        ("a NUL at the end", format!("{pem}\0")),
        ("blanks behind", each(|line| format!("{line}  \n"))),
        ("tabs behind", each(|line| format!("{line}\t\n"))),
        ("indented base64", pem.replace("\nM", "\n  M")),
        ("blanks in the base64", pem.replace("\nMII", "\nM I\tI")),
        (
            "blank lines between",
            pem.replace("-----BEGIN", "\n\n-----BEGIN"),
        ),
        (
            "a blank line behind BEGIN",
            pem.replace("E-----\nM", "E-----\n\nM"),
        ),
        ("a byte order mark", format!("\u{feff}{pem}")),
        ("a byte order mark before each block", marked(pem)),
    ])
}

/// OpenSSL refuses the file, or loses certificates of it.
fn lost_lines(pem: &str) -> Vec<Form> {
    let each = |change: fn(&str) -> String| -> String { pem.lines().map(change).collect() };
    forms([
        ("CR", pem.replace('\n', "\r")),
        ("LF CR", pem.replace('\n', "\n\r")),
        ("indented", each(|line| format!("  {line}\n"))),
        ("indented by a tab", each(|line| format!("\t{line}\n"))),
        ("double-spaced", each(|line| format!("{line}\n\n"))),
        (
            "a blank line before END",
            pem.replace("\n-----END", "\n\n-----END"),
        ),
        ("joined markers", pem.replace("-----\n-----", "----------")),
    ])
}

fn lost_characters(pem: &str) -> Vec<Form> {
    let units = || std::iter::once(0xfeff).chain(pem.encode_utf16());
    let little: Vec<u8> = units().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = units().flat_map(u16::to_be_bytes).collect();
    let behind_a_comment = pem.replace("-----BEGIN", "# comment\n\u{feff}-----BEGIN");
    let mut characters = forms([
        ("two byte order marks", format!("\u{feff}\u{feff}{pem}")),
        ("a byte order mark behind a comment", behind_a_comment),
    ]);
    characters.push(("UTF-16, little-endian".to_owned(), little));
    characters.push(("UTF-16, big-endian".to_owned(), big));
    characters
}

fn comments(kit: &Kit, blocks: &[String; 3]) -> Vec<Form> {
    let before = |text: &str| -> String {
        let blocks = blocks.iter();
        blocks.map(|block| format!("{text}{block}")).collect()
    };
    let described = NAMES.iter().zip(blocks);
    let described = described.map(|(name, block)| {
        let text = kit.text(&format!("x509 -in {name}.pem -noout -text"));
        text + block
    });
    let bag = "Bag Attributes\n    friendlyName: Example\n    localKeyID: 01 02 \n\
               subject=CN = Example\n\nissuer=CN = Example\n";
    let long = format!("# {}\n", "x".repeat(1000));
    let mut comments = forms([
        ("described", described.collect()),
        ("Bag Attributes", before(bag)),
        ("comments", before("# a comment - with dashes --\n")),
        ("long comments", before(&long)),
        (
            "lines of dashes",
            before("------------------------------\n"),
        ),
        ("a NUL in comments", before("# \0\n")),
        (
            "END in comments",
            before("# the END of the CERTIFICATE before\n"),
        ),
    ]);
    let latin1 = [b"# Stra\xdfe\n", before("").as_bytes()].concat();
    comments.push(("a comment in Latin-1".to_owned(), latin1));
    comments
}

fn marked(pem: &str) -> String {
    pem.replace("-----BEGIN", "\u{feff}-----BEGIN")
}

fn forms<const N: usize>(forms: [(&str, String); N]) -> Vec<Form> {
    forms
        .map(|(how, text)| (how.to_owned(), text.into_bytes()))
        .into()
}

/// Of the certificates and of their files.
const NAMES: [&str; 3] = ["mixed-plain", "mixed-trusted", "mixed-rejected"];
