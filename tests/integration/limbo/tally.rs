//! What the verdicts come to: where the judges differ and why, what is refused for what, and where
//! both differ from what limbo expects.

use std::collections::BTreeMap;
use std::fmt;

use rustls::{Error, InvalidMessage};

use super::corpus::Case;
use super::judges::{Verdict, kind};

/// Why a token may differ from plain rustls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    /// The server's own certificate stands in the bundle, and is what it should be otherwise.
    Pinned,
    /// The chain is longer than rustls takes in a handshake, so that no verifier gets to see it.
    /// It is refused all the same.
    TooLong,
}

impl Class {
    fn of(case: &Case, ours: &Verdict, plain: &Verdict) -> Option<Self> {
        let too_long = Error::InvalidMessage(InvalidMessage::HandshakePayloadTooLarge);
        match (ours, plain) {
            (Verdict::Accepted, Verdict::Refused { .. }) => {
                let pinned = case.trusted().contains(case.chain().first()?);
                pinned.then_some(Self::Pinned)
            }
            (Verdict::Refused { error, .. }, Verdict::Refused { .. }) => {
                (*error == too_long).then_some(Self::TooLong)
            }
            _ => None,
        }
    }
}

#[derive(Default)]
pub(super) struct Tally {
    alike: usize,
    differences: BTreeMap<Class, Vec<String>>,
    unexplained: Vec<String>,
    /// By what the verifier says, and what the token makes of it.
    verdicts: BTreeMap<(String, String), usize>,
    as_expected: usize,
    incomparable: usize,
    /// By namespace.
    accepted_against_limbo: BTreeMap<String, Vec<String>>,
    refused_against_limbo: BTreeMap<String, Vec<String>>,
}

impl Tally {
    pub(super) fn compare(&mut self, case: &Case, ours: Verdict, plain: &Verdict) {
        match Class::of(case, &ours, plain) {
            _ if ours.is(plain) => self.alike += 1,
            Some(class) => {
                let cases = self.differences.entry(class).or_default();
                cases.push(format!("{} ({})", case.id, said(plain)));
            }
            None => {
                let difference = format!("{}: {ours:?}, but {plain:?}", case.id);
                self.unexplained.push(difference);
            }
        }
        if let Verdict::Refused { error, told: None } = &ours
            && matches!(error, Error::InvalidCertificate(_))
        {
            let silence = format!("{}: {error:?} is not explained", case.id);
            self.unexplained.push(silence);
        }
        let told = match &ours {
            Verdict::Accepted => "-".to_owned(),
            Verdict::Refused { told, .. } => told.map_or("-".to_owned(), |it| format!("{it:?}")),
        };
        *self.verdicts.entry((said(&ours), told)).or_default() += 1;
    }

    pub(super) fn is_expected(&mut self, case: &Case, plain: &Verdict) {
        let accepted = matches!(plain, Verdict::Accepted);
        let against = match (case.should_succeed(), accepted) {
            _ if !case.is_comparable() => return self.incomparable += 1,
            (false, true) => &mut self.accepted_against_limbo,
            (true, false) => &mut self.refused_against_limbo,
            _ => return self.as_expected += 1,
        };
        let cases = against.entry(case.namespace().to_owned()).or_default();
        cases.push(case.id[case.namespace().len() + 2..].to_owned());
    }

    /// Names of clients, and of nobody.
    pub(super) fn is_not_about_servers(&mut self, case: &Case) {
        assert!(!case.has_name(), "{} has a name that is none", case.id);
        self.incomparable += 1;
    }

    pub(super) fn accepted(&self) -> usize {
        let all = self.verdicts.iter();
        let accepted = all.filter(|((said, _), _)| said == ACCEPTED);
        accepted.map(|(_, count)| count).sum()
    }

    pub(super) fn refused(&self) -> usize {
        self.verdicts.values().sum::<usize>() - self.accepted()
    }

    pub(super) fn assert_explained(&self) {
        let unexplained = self.unexplained.join("\n");
        assert!(unexplained.is_empty(), "{unexplained}");
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "the token and plain rustls")?;
        writeln!(f, "  {:5} the same verdict", self.alike)?;
        for (class, cases) in &self.differences {
            writeln!(f, "  {:5} {class:?}: {}", cases.len(), cases.join(", "))?;
        }
        writeln!(f, "\nwhat the verifier says, and what the token tells")?;
        for ((said, told), count) in &self.verdicts {
            writeln!(f, "  {count:5} {said}, {told}")?;
        }
        writeln!(f, "\nplain rustls and limbo")?;
        writeln!(f, "  {:5} as expected", self.as_expected)?;
        writeln!(
            f,
            "  {:5} not about a server's chain alone",
            self.incomparable
        )?;
        for (verdict, against) in [
            ("accepted", &self.accepted_against_limbo),
            ("refused", &self.refused_against_limbo),
        ] {
            let count: usize = against.values().map(Vec::len).sum();
            writeln!(f, "  {count:5} {verdict} against what is expected:")?;
            for (namespace, cases) in against {
                writeln!(f, "        {namespace}: {}", cases.join(", "))?;
            }
        }
        Ok(())
    }
}

fn said(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Accepted => ACCEPTED.to_owned(),
        Verdict::Refused { error, .. } => kind(error),
    }
}

const ACCEPTED: &str = "accepted";
