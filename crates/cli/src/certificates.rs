//! Certificates as a table: as wide as the terminal, and one line each where the output goes
//! elsewhere.

use std::collections::HashMap;
use std::io::{self, Write};
use std::path::Path;

use time::Date;
use trusted_transport::{AcceptedCertificate, BundleReport, ExcludedCertificate};

use crate::expiry;
use crate::output::{Output, Text};

/// In the order of the files, which is how their owner knows them.
pub(crate) fn print(out: &mut Output<impl Write>, bundle: &BundleReport) -> io::Result<()> {
    let rows = in_order(bundle);
    if rows.is_empty() {
        return out.text("none");
    }
    let files = bundle.files.len() > 1;
    let layout = Layout::of(out.width(), files);
    let today = expiry::today();
    let cells = rows.iter().flat_map(|row| row.cells(layout, files, today));
    out.table(&layout.header(files), cells)
}

fn in_order(bundle: &BundleReport) -> Vec<Row<'_>> {
    let accepted = bundle.accepted.iter().map(Row::accepted);
    let distrusted = bundle.distrusted.iter();
    let distrusted = distrusted.map(|it| Row::excluded("distrusted", Text::bad, it));
    let unusable = bundle.unusable.iter();
    let unusable = unusable.map(|it| Row::excluded("unusable", Text::odd, it));
    let mut rows: Vec<Row<'_>> = accepted.chain(distrusted).chain(unusable).collect();

    let files = bundle.files.iter().enumerate();
    let order: HashMap<&Path, usize> = files.map(|(index, file)| (file.as_path(), index)).collect();
    rows.sort_by_cached_key(|row| (order.get(row.file).copied(), row.position));
    rows
}

/// What has a column. The rest stands below the subject, because columns of a word or two
/// are harder to read than a second line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    /// Everything: one line for each certificate.
    Wide,
    /// All but the notes, which most certificates have none of.
    Medium,
    /// State, subject and expiry.
    Narrow,
    /// State and subject.
    Tiny,
}

impl Layout {
    fn of(width: Option<u16>, files: bool) -> Self {
        let file = if files { FILE } else { 0 };
        match width.map(|width| width.saturating_sub(file)) {
            None | Some(WIDE..) => Self::Wide,
            Some(MEDIUM..) => Self::Medium,
            // The file has no column there.
            Some(_) if width >= Some(NARROW) => Self::Narrow,
            Some(_) => Self::Tiny,
        }
    }

    fn header(self, files: bool) -> Vec<&'static str> {
        let place: &[&str] = match files {
            true => &["block", "line", "file", "sha256"],
            false => &["block", "line", "sha256"],
        };
        match self {
            Self::Wide => [&["state", "subject", "expires"], place, &["notes"]].concat(),
            Self::Medium => [&["state", "subject", "expires"], place].concat(),
            Self::Narrow => vec!["state", "subject", "expires"],
            Self::Tiny => vec!["state", "subject"],
        }
    }
}

/// A certificate, whatever became of it.
struct Row<'a> {
    state: Text,
    subject: &'a str,
    not_after: &'a str,
    file: &'a Path,
    position: usize,
    line: usize,
    sha256: &'a str,
    notes: Text,
}

impl<'a> Row<'a> {
    fn accepted(certificate: &'a AcceptedCertificate) -> Self {
        let warnings = certificate.warnings.iter().map(String::as_str);
        let notes = notes(certificate.alias.as_deref(), warnings);
        Self {
            state: Text::good("accepted"),
            subject: &certificate.subject,
            not_after: &certificate.not_after,
            file: &certificate.file,
            position: certificate.position,
            line: certificate.line,
            sha256: &certificate.sha256,
            notes: match certificate.warnings.is_empty() {
                true => notes.into(),
                false => Text::odd(notes),
            },
        }
    }

    fn excluded(
        state: &str,
        tone: impl Fn(String) -> Text,
        certificate: &'a ExcludedCertificate,
    ) -> Self {
        let reason = certificate.reason.as_str();
        Self {
            state: tone(state.to_owned()),
            subject: &certificate.subject,
            not_after: &certificate.not_after,
            file: &certificate.file,
            position: certificate.position,
            line: certificate.line,
            sha256: &certificate.sha256,
            notes: tone(notes(certificate.alias.as_deref(), [reason])),
        }
    }

    /// One row of the table, and those below it.
    fn cells(&self, layout: Layout, files: bool, today: Date) -> Vec<Vec<Text>> {
        let expires = expiry::text(self.not_after, today);
        let place = Text::faint(self.place(files));
        let sha256 = Text::faint(format!("sha256 {}", self.digits()));
        let first = vec![self.state.clone(), self.subject.into()];
        let below = |text: Text| vec!["".into(), text];
        let mut rows = match layout {
            Layout::Wide | Layout::Medium => vec![self.line(first, expires, files)],
            Layout::Narrow => vec![
                [first, vec![expires]].concat(),
                [below(place), vec![sha256]].concat(),
            ],
            Layout::Tiny => vec![first, below(expires), below(place), below(sha256)],
        };
        match (layout, &mut rows[..]) {
            (Layout::Wide, [row]) => row.push(self.notes.clone()),
            _ if !self.notes.is_empty() => rows.push(below(self.notes.clone())),
            _ => {}
        }
        rows
    }

    fn line(&self, mut row: Vec<Text>, expires: Text, files: bool) -> Vec<Text> {
        row.push(expires);
        row.extend([self.position, self.line].map(|number| number.to_string().into()));
        row.extend(files.then(|| self.file_name().into()));
        row.push(self.digits().into());
        row
    }

    fn digits(&self) -> &str {
        self.sha256.get(..DIGITS).unwrap_or(self.sha256)
    }

    fn place(&self, files: bool) -> String {
        let place = format!("block {}, line {}", self.position, self.line);
        match files {
            true => format!("{place} of {}", self.file_name()),
            false => place,
        }
    }

    fn file_name(&self) -> String {
        let name = self.file.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }
}

fn notes<'a>(alias: Option<&str>, remarks: impl IntoIterator<Item = &'a str>) -> String {
    let mut notes: Vec<String> = Vec::new();
    notes.extend(alias.map(|alias| format!("\"{alias}\"")));
    notes.extend(remarks.into_iter().map(str::to_owned));
    notes.join("; ")
}

/// Enough to tell certificates apart, and to compare with what
/// `openssl x509 -fingerprint -sha256` prints.
const DIGITS: usize = 16;

/// These leave about 40 columns for each text that can be long.
const WIDE: u16 = 160;
const MEDIUM: u16 = 112;
const NARROW: u16 = 72;

/// The column with the names of files, as most of them are.
const FILE: u16 = 24;

#[cfg(test)]
mod tests {
    use std::error::Error;

    use trusted_transport::{BaseRoots, CaPolicy};
    use trusted_transport_lab::Authority;

    use super::*;

    type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

    #[test]
    fn the_colour_says_what_became_of_a_certificate() -> Result {
        let [first, _] = bundles();
        let none = CaPolicy::platform().base(BaseRoots::None);
        let anchors = none.bundle_pem("company.pem", first).load()?;
        let mut out = Output::in_memory(true, None);
        print(&mut out, &anchors.report().bundle)?;
        let shown = out.into_text()?;
        for coloured in ["\x1b[38;5;2maccepted", "\x1b[38;5;1mdistrusted"] {
            assert!(shown.contains(coloured), "{shown:?}");
        }
        Ok(())
    }

    /// Two bundles, so that there is a column for their names, or one.
    fn shown(bundles: &[&str], width: Option<u16>) -> Result<(BundleReport, String)> {
        let names = ["company.pem", "other-company.pem"].into_iter();
        let none = CaPolicy::platform().base(BaseRoots::None);
        let policy = names
            .zip(bundles)
            .fold(none, |policy, (name, &pem)| policy.bundle_pem(name, pem));
        let report = policy.load()?.report().bundle.clone();
        let mut out = Output::in_memory(false, width);
        print(&mut out, &report)?;
        Ok((report, out.into_text()?))
    }

    fn bundles() -> [String; 2] {
        let long = "Root CA of a company whose legal department chose its name";
        let rejected = Authority::root("Rejected").rejected_pem();
        [
            Authority::root(long).pem() + &rejected,
            Authority::root("Other Root").pem(),
        ]
    }

    #[test]
    fn no_terminal_is_too_narrow_for_anything() -> Result {
        let [first, second] = bundles();
        for bundles in [&[first.as_str()][..], &[&first, &second]] {
            for width in [40, 71, 72, 80, 111, 112, 120, 159, 160, 184, 200] {
                let (report, shown) = shown(bundles, Some(width))?;
                let widest = shown.lines().map(|line| line.chars().count()).max();
                assert!(widest <= Some(width.into()), "{width}:\n{shown}");
                for certificate in &report.accepted {
                    assert!(shown.contains(&certificate.sha256[..16]), "{shown}");
                    assert!(shown.contains(&certificate.not_after[..10]), "{shown}");
                }
                for text in ["distrusted", "Rejected", "-addreject"] {
                    assert!(shown.contains(text), "{width}:\n{shown}");
                }
                let names_files = shown.contains("other-company.pem");
                assert_eq!(names_files, bundles.len() > 1, "{width}:\n{shown}");
            }
        }
        Ok(())
    }

    #[test]
    fn what_does_not_fit_beside_the_subject_stands_below_it() -> Result {
        let [first, _] = bundles();
        for (width, header, lines) in [
            (None, "state subject expires block line sha256 notes", 4),
            (
                Some(220),
                "state subject expires block line sha256 notes",
                4,
            ),
            (Some(120), "state subject expires block line sha256", 7),
            (Some(80), "state subject expires", 9),
            (Some(60), "state subject", 13),
        ] {
            let (_, shown) = shown(&[&first], width)?;
            let words: Vec<_> = shown
                .lines()
                .take(1)
                .flat_map(str::split_whitespace)
                .collect();
            assert_eq!(words.join(" "), header, "{shown}");
            assert_eq!(shown.lines().count(), lines, "{width:?}:\n{shown}");
        }
        Ok(())
    }

    #[test]
    fn every_certificate_stands_in_its_place() -> Result {
        let [a, b, c, d] = ["A", "B", "C", "D"].map(Authority::root);
        let first = a.pem() + &b.rejected_pem() + &c.pem();
        let (_, shown) = shown(&[&first, &d.pem()], None)?;
        let subjects: Vec<_> = shown
            .lines()
            .filter_map(|line| line.split_whitespace().find(|word| word.starts_with("CN=")))
            .collect();
        assert_eq!(subjects, ["CN=A", "CN=B", "CN=C", "CN=D"], "{shown}");
        Ok(())
    }
}
