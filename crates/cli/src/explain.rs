//! An error of the library as data for JSON and as text for people: what happened, what was
//! behind it, and what to do.

use std::io::{self, Write};

use serde::Serialize;
use trusted_transport::{CaError, TransportError, in_full};

use crate::output::{Output, Text};

/// Why there is no policy or no connection.
#[derive(Debug, Serialize)]
pub(crate) struct Explanation {
    pub(crate) kind: &'static str,
    pub(crate) message: String,
    pub(crate) causes: Vec<String>,
    pub(crate) hint: Option<String>,
    /// The variable that named the bundle.
    pub(crate) variable: Option<String>,
    pub(crate) path: Option<String>,
    /// The number of the block, from 1.
    pub(crate) position: Option<usize>,
    pub(crate) line: Option<usize>,
}

impl Explanation {
    /// On standard error, for people.
    pub(crate) fn report(&self) -> io::Result<()> {
        self.print(&mut Output::stderr())
    }

    /// What happened, then its causes, then the remedy.
    pub(crate) fn print(&self, out: &mut Output<impl Write>) -> io::Result<()> {
        out.labelled(Text::bad("error:"), &self.message)?;
        if !self.causes.is_empty() {
            out.labelled("cause:", self.causes.join(": "))?;
        }
        if let Some(hint) = &self.hint {
            let (hint, command) = hint.split_once('\n').unwrap_or((hint, ""));
            out.labelled(Text::odd("hint:"), hint)?;
            if !command.is_empty() {
                out.command(command)?;
            }
        }
        Ok(())
    }
}

impl From<&CaError> for Explanation {
    fn from(error: &CaError) -> Self {
        let (position, line) = error.position().unzip();
        Self {
            kind: error.kind(),
            message: error.to_string(),
            causes: in_full(error).causes(),
            hint: Some(error.hint()),
            variable: error.variable().map(str::to_owned),
            path: error.path().map(|path| path.to_string_lossy().into_owned()),
            position,
            line,
        }
    }
}

impl From<&TransportError> for Explanation {
    fn from(error: &TransportError) -> Self {
        if let TransportError::Ca(error) = error {
            return Self::from(error);
        }
        let variable = match error {
            TransportError::InvalidProxy { variable, .. } => variable.map(str::to_owned),
            _ => None,
        };
        Self {
            kind: error.kind(),
            message: error.to_string(),
            causes: in_full(error).causes(),
            hint: error.hint(),
            variable,
            path: None,
            position: None,
            line: None,
        }
    }
}
