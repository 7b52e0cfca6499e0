//! One thing that is open: what, where, and what to write instead.

use serde::Serialize;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Finding {
    /// Below the root of the workspace, with `/`.
    pub(crate) file: String,
    pub(crate) line: Option<usize>,
    pub(crate) column: Option<usize>,
    pub(crate) kind: Kind,
    /// What it is about, as an exemption names it: a function or type, a crate, a lint.
    pub(crate) path: String,
    pub(crate) message: String,
    pub(crate) instead: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// A function or type that connects without the token.
    Call,
    /// A crate that connects without the token, or that lets others do so.
    Dependency,
    /// An attribute that silences the list.
    Suppressed,
    /// A file that takes the place of the fence's, or a setting that undoes it.
    Shadowed,
    /// A package that the workspace does not reach.
    Uncovered,
    /// A part of the fence that is missing, old or weak.
    Incomplete,
    /// An exemption that is not valid, or that nothing needs.
    Exemption,
    /// What could not be looked at.
    Unseen,
}

impl Finding {
    pub(crate) fn new(kind: Kind, file: impl Into<String>, path: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            line: None,
            column: None,
            kind,
            path: path.into(),
            message: String::new(),
            instead: String::new(),
        }
    }

    pub(crate) fn at(mut self, line: Option<usize>, column: Option<usize>) -> Self {
        self.line = line;
        self.column = column;
        self
    }

    pub(crate) fn says(mut self, message: impl Into<String>, instead: impl Into<String>) -> Self {
        self.message = message.into();
        self.instead = instead.into();
        self
    }

    /// `file:line:column`, which editors and terminals can open.
    pub(crate) fn place(&self) -> String {
        let numbers = [self.line, self.column];
        let numbers = numbers.iter().map_while(|number| *number);
        numbers.fold(self.file.clone(), |place, number| {
            format!("{place}:{number}")
        })
    }
}

impl Kind {
    /// Whether a reason can excuse it. The fence itself has to be whole, and to be looked at.
    pub(crate) fn can_be_exempt(self) -> bool {
        !matches!(self, Self::Incomplete | Self::Exemption | Self::Unseen)
    }
}
