//! How many URLs are done, on a terminal, as long as it takes.

use std::cell::Cell;
use std::io::{self, IsTerminal, Write};

/// A line on standard error that vanishes in the end.
pub(crate) struct Progress {
    /// `None` if nobody would see it, or it is not worth it.
    all: Option<usize>,
    done: Cell<usize>,
}

impl Progress {
    pub(crate) fn of(all: usize, json: bool) -> Self {
        let seen = all > 1 && !json && io::stderr().is_terminal();
        let progress = Self {
            all: seen.then_some(all),
            done: Cell::new(0),
        };
        progress.show();
        progress
    }

    pub(crate) fn one_more(&self) {
        self.done.set(self.done.get() + 1);
        self.show();
    }

    fn show(&self) {
        if let Some(all) = self.all {
            let done = self.done.get();
            // Whoever does not read it misses nothing.
            let _ = write!(io::stderr(), "\rchecked {done} of {all} URLs");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.all.is_some() {
            let _ = write!(io::stderr(), "\r{:40}\r", "");
        }
    }
}
