//! How the output looks: colours, tables and wrapped text on a terminal, plain lines where it
//! goes elsewhere. Every text passes through here, so that no name in a certificate and no
//! path can send control characters to a terminal.

use std::io::{self, BufWriter, StderrLock, StdoutLock, Write};

use anstream::{AutoStream, ColorChoice};
use comfy_table::{Attribute, Cell, Color, ContentArrangement, LineStyle, Table, presets};
use serde::Serialize;

/// A stream to print to, and what it can show.
pub(crate) struct Output<W: Write> {
    writer: W,
    color: bool,
    /// Of a terminal; other streams are as wide as the text.
    width: Option<u16>,
}

/// A text and how it is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text {
    text: String,
    tone: Tone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tone {
    Plain,
    Strong,
    Faint,
    Good,
    Bad,
    Odd,
}

impl Output<BufWriter<StdoutLock<'static>>> {
    pub(crate) fn stdout() -> Self {
        let stream = io::stdout().lock();
        let color = AutoStream::choice(&stream) != ColorChoice::Never;
        Self {
            writer: BufWriter::new(stream),
            color,
            width: Table::new().width(),
        }
    }
}

impl Output<StderrLock<'static>> {
    pub(crate) fn stderr() -> Self {
        let stream = io::stderr().lock();
        let color = AutoStream::choice(&stream) != ColorChoice::Never;
        Self {
            writer: stream,
            color,
            width: Table::new().use_stderr().width(),
        }
    }
}

impl<W: Write> Output<W> {
    /// A paragraph.
    pub(crate) fn text(&mut self, text: impl Into<Text>) -> io::Result<()> {
        self.rows(self.plain_table(), 0, vec![vec![text.into()]])
    }

    /// A paragraph behind a label, such as `error: ..`.
    pub(crate) fn labelled(
        &mut self,
        label: impl Into<Text>,
        text: impl Into<Text>,
    ) -> io::Result<()> {
        self.rows(self.plain_table(), 1, vec![vec![label.into(), text.into()]])
    }

    /// A line that is not wrapped, so that others can take it apart.
    pub(crate) fn line(&mut self, text: impl Into<Text>) -> io::Result<()> {
        let mut table = self.plain_table();
        table.set_content_arrangement(ContentArrangement::Disabled);
        self.rows(table, 0, vec![vec![text.into()]])
    }

    /// A line to copy, which therefore is not wrapped.
    pub(crate) fn command(&mut self, command: &str) -> io::Result<()> {
        writeln!(self.writer, "  {}", printable(command))
    }

    pub(crate) fn blank(&mut self) -> io::Result<()> {
        writeln!(self.writer)
    }

    /// Lines of a label and a text; the texts stand below each other.
    pub(crate) fn pairs<L, T>(&mut self, pairs: impl IntoIterator<Item = (L, T)>) -> io::Result<()>
    where
        L: Into<Text>,
        T: Into<Text>,
    {
        let pairs = pairs.into_iter();
        let rows = pairs.map(|(label, text)| vec![label.into(), text.into()]);
        self.rows(self.plain_table(), 2, rows)
    }

    pub(crate) fn table(
        &mut self,
        header: &[&str],
        rows: impl IntoIterator<Item = Vec<Text>>,
    ) -> io::Result<()> {
        let mut table = self.plain_table();
        let header = header.iter().map(|&title| self.cell(Text::strong(title)));
        let line = LineStyle::none().fill('─').junction('─');
        table
            .set_header(header)
            .load_style(presets::NOTHING.header_separator(line));
        // With a line below the header comes a blank between columns.
        self.rows(table, 1, rows)
    }

    pub(crate) fn json(&mut self, value: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut self.writer, value)?;
        writeln!(self.writer)
    }

    /// A file for other programs, byte for byte; nothing in it comes from outside.
    pub(crate) fn file(&mut self, content: &[u8]) -> io::Result<()> {
        self.writer.write_all(content)
    }

    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }

    /// The columns of a terminal; elsewhere there is no limit.
    pub(crate) fn width(&self) -> Option<u16> {
        self.width
    }

    fn plain_table(&self) -> Table {
        let mut table = Table::new();
        table
            .load_style(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Dynamic);
        // What it would find out by itself holds for standard output only.
        table.force_no_tty();
        if self.color {
            table.enforce_styling();
        }
        if let Some(width) = self.width {
            table.set_width(width);
        }
        table
    }

    fn rows(
        &mut self,
        mut table: Table,
        gap: u16,
        rows: impl IntoIterator<Item = Vec<Text>>,
    ) -> io::Result<()> {
        for row in rows {
            table.add_row(row.into_iter().map(|text| self.cell(text)));
        }
        let last = table.column_count().saturating_sub(1);
        for (number, column) in table.column_iter_mut().enumerate() {
            column.set_padding((0, if number == last { 0 } else { gap }));
        }
        for line in table.lines() {
            writeln!(self.writer, "{}", line.trim_end())?;
        }
        Ok(())
    }

    fn cell(&self, Text { text, tone }: Text) -> Cell {
        let cell = Cell::new(printable(&text));
        match tone {
            _ if !self.color => cell,
            Tone::Plain => cell,
            Tone::Strong => cell.add_attribute(Attribute::Bold),
            Tone::Faint => cell.add_attribute(Attribute::Dim),
            Tone::Good => cell.fg(Color::DarkGreen),
            Tone::Bad => cell.fg(Color::DarkRed),
            Tone::Odd => cell.fg(Color::DarkYellow),
        }
    }
}

#[cfg(test)]
impl Output<Vec<u8>> {
    pub(crate) fn in_memory(color: bool, width: Option<u16>) -> Self {
        let writer = Vec::new();
        Self {
            writer,
            color,
            width,
        }
    }

    pub(crate) fn into_text(self) -> io::Result<String> {
        String::from_utf8(self.writer).map_err(io::Error::other)
    }
}

impl Text {
    pub(crate) fn strong(text: impl Into<String>) -> Self {
        Self::toned(text, Tone::Strong)
    }

    pub(crate) fn faint(text: impl Into<String>) -> Self {
        Self::toned(text, Tone::Faint)
    }

    pub(crate) fn good(text: impl Into<String>) -> Self {
        Self::toned(text, Tone::Good)
    }

    pub(crate) fn bad(text: impl Into<String>) -> Self {
        Self::toned(text, Tone::Bad)
    }

    pub(crate) fn odd(text: impl Into<String>) -> Self {
        Self::toned(text, Tone::Odd)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    fn toned(text: impl Into<String>, tone: Tone) -> Self {
        let text = text.into();
        Self { text, tone }
    }
}

impl<T: Into<String>> From<T> for Text {
    fn from(text: T) -> Self {
        Self::toned(text, Tone::Plain)
    }
}

/// The text without what a terminal would obey: controls, and marks that reorder a line.
fn printable(text: &str) -> String {
    let obeyed = |c: char| c.is_control() || REORDERING.contains(&c);
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if obeyed(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Bidirectional controls (UAX #9, 2).
const REORDERING: [char; 12] = [
    '\u{61c}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}',
    '\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}',
];

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(color: bool, width: Option<u16>) -> io::Result<String> {
        let mut out = Output::in_memory(color, width);
        let long = "a subject that is long enough to need a second line";
        let row = |text: &str| vec![Text::from(text), Text::good("accepted")];
        out.table(&["subject", "state"], vec![row("CN=a\x1b[2J"), row(long)])?;
        out.into_text()
    }

    #[test]
    fn elsewhere_than_on_a_terminal_nothing_is_wrapped_or_coloured() -> io::Result<()> {
        let shown = shown(false, None)?;
        assert_eq!(shown.lines().count(), 4, "{shown}");
        assert!(!shown.contains('\x1b'), "{shown:?}");
        Ok(())
    }

    #[test]
    fn a_terminal_gets_colours_and_no_line_that_is_too_wide() -> io::Result<()> {
        assert!(shown(true, Some(40))?.contains("\x1b["));
        let shown = shown(false, Some(40))?;
        assert!(
            shown.lines().all(|line| line.chars().count() <= 40),
            "{shown}"
        );
        assert!(shown.lines().count() > 4, "{shown}");
        Ok(())
    }

    #[test]
    fn a_name_cannot_clear_the_screen() -> io::Result<()> {
        let shown = shown(true, None)?;
        assert!(shown.contains("CN=a\\u{1b}[2J"), "{shown:?}");
        Ok(())
    }
}
