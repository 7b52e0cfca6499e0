//! An error as a program tells it to the person behind it: what happened, what was behind it, and what
//! to do, wherever in the chain it is known.

use std::error::Error;
use std::fmt;

use super::attempt::causes;
use super::error::TransportError;
use super::failure::TrustFailure;
use super::identity_error::IdentityError;
use crate::ca::{CaError, printable};

/// An error in full: its sentence, then a line `cause:` and a line `hint:`, as far as there are any.
/// With `{:#}` it is one line, without the remedy: for a log, or for what is tried again. What a server
/// or a file has put into it steers no terminal: controls, and marks that reorder a line (UAX #9, 2),
/// are told by their numbers.
///
/// Any error will do, also one of another library that has wrapped one of this crate. Only a wrapper
/// that passes for what it wraps, such as thiserror's `#[error(transparent)]`, hides the remedy: give
/// it a sentence of its own.
///
/// ```
/// # use trusted_transport::{CaPolicy, in_full};
/// # let Err(error) = CaPolicy::platform().bundle("/etc/company.pem").load() else { return };
/// let error = std::io::Error::other(error); // by some library on the way
/// eprintln!("error: {}", in_full(&error));
/// // error: failed to read the CA bundle /etc/company.pem
/// // cause: No such file or directory (os error 2)
/// // hint: ..
/// # assert!(in_full(&error).hint().is_some());
/// ```
pub fn in_full<'a>(error: &'a (dyn Error + 'static)) -> InFull<'a> {
    InFull(error)
}

/// From [`in_full`].
#[derive(Clone, Copy, Debug)]
pub struct InFull<'a>(&'a (dyn Error + 'static));

impl InFull<'_> {
    /// The sentences behind the first, outermost first. A wrapper that ends with the text of what
    /// it wraps has told it already.
    pub fn causes(&self) -> Vec<String> {
        let mut told = vec![self.0.to_string()];
        for cause in causes(self.0) {
            let text = cause.to_string();
            if !told.iter().any(|before| before.ends_with(&text)) {
                told.push(text);
            }
        }
        told.split_off(1)
    }

    /// What to do about it: the remedy of the first error of this crate.
    pub fn hint(&self) -> Option<String> {
        causes(self.0).find_map(|cause| {
            let transport = cause.downcast_ref().and_then(TransportError::hint);
            let trust = || cause.downcast_ref().map(TrustFailure::hint);
            let ca = || cause.downcast_ref().map(CaError::hint);
            let identity = || cause.downcast_ref().map(IdentityError::hint);
            transport.or_else(trust).or_else(ca).or_else(identity)
        })
    }
}

impl fmt::Display for InFull<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |text: &str, end| {
            let lines = text.lines().map(printable);
            lines.collect::<Vec<_>>().join(end)
        };
        let (sentence, causes) = (self.0.to_string(), self.causes());
        if f.alternate() {
            f.write_str(&shown(&sentence, " "))?;
            let mut causes = causes.iter().map(|cause| shown(cause, " "));
            return causes.try_for_each(|cause| write!(f, ": {cause}"));
        }
        f.write_str(&shown(&sentence, "\n"))?;
        if !causes.is_empty() {
            write!(f, "\ncause: {}", shown(&causes.join(": "), "\n"))?;
        }
        match self.hint() {
            Some(hint) => write!(f, "\nhint: {}", shown(&hint, "\n")),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::ca::CaPolicy;

    #[derive(Debug, thiserror::Error)]
    #[error("the queue was not asked: {0}")]
    struct Repeats(#[source] TransportError);

    fn unreadable() -> CaError {
        let missing = CaPolicy::platform().bundle("/nowhere/company.pem");
        missing.load().expect_err("there is no such file")
    }

    #[test]
    fn an_error_of_another_library_is_told_with_the_remedy_of_ours() {
        let (error, hint) = (unreadable(), unreadable().hint());
        let sentence = error.to_string();
        let told = in_full(&io::Error::other(TransportError::from(error))).to_string();
        let [first, cause, last] = told.splitn(3, '\n').collect::<Vec<_>>()[..] else {
            panic!("{told}");
        };
        assert_eq!(first, sentence);
        assert!(cause.starts_with("cause: "), "{told}");
        assert_eq!(last, format!("hint: {hint}"));
    }

    #[test]
    fn nothing_is_told_twice() {
        let error = unreadable();
        let sentence = format!("the queue was not asked: {error}");
        let told = in_full(&Repeats(error.into())).to_string();
        assert!(told.starts_with(&format!("{sentence}\ncause: ")), "{told}");
        let (causes, hint) = told.split_once("\nhint: ").expect("a remedy");
        let file = "/nowhere/company.pem";
        assert_eq!(causes.matches(file).count(), 1, "{told}");
        assert!(hint.matches(file).count() <= 1, "{told}");
    }

    #[test]
    fn in_one_line_it_has_no_remedy() {
        let error = TransportError::from(unreadable());
        let told = format!("{:#}", in_full(&error));
        let cause = in_full(&error).causes().join(": ");
        assert_eq!(told, format!("{error}: {cause}"));
        assert!(!told.contains('\n') && !cause.is_empty(), "{told}");
    }

    #[test]
    fn it_steers_no_terminal() {
        let error = io::Error::other("a server said \u{1b}[2J\u{202e}\r\nand more");
        let told = in_full(&error);
        let [whole, line] = [told.to_string(), format!("{told:#}")];
        assert_eq!(whole, "a server said \\u{1b}[2J\\u{202e}\nand more");
        assert_eq!(line, "a server said \\u{1b}[2J\\u{202e} and more");
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        assert_eq!(in_full(&fmt::Error).to_string(), fmt::Error.to_string());
        assert_eq!(in_full(&fmt::Error).hint(), None);
    }
}
