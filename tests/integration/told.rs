//! What a person and a program are told of a failure, in a form that can be compared between the
//! transports and between two days.

use std::fmt;

use trusted_transport::{TransportError, TrustFailure};

/// What both transports have to agree on.
#[derive(Debug, PartialEq)]
pub(crate) struct Told {
    pub(crate) kind: &'static str,
    refusal: Option<&'static str>,
    retryable: bool,
    message: String,
    hint: Option<String>,
    chain: Vec<String>,
    missing_issuer: Option<String>,
}

impl Told {
    pub(crate) fn of(error: &TransportError) -> Self {
        let failure = error.trust_failure();
        let subjects = |it: &TrustFailure| it.chain().iter().map(|it| it.subject.clone()).collect();
        Self {
            kind: error.kind(),
            refusal: failure.map(|it| it.refusal().as_str()),
            retryable: error.is_retryable(),
            message: lasting(&error.to_string()),
            hint: error.hint().map(|hint| lasting(&hint)),
            chain: failure.map(subjects).unwrap_or_default(),
            missing_issuer: failure.and_then(|it| Some(it.missing_issuer()?.to_owned())),
        }
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let refusal = self.refusal.unwrap_or("-");
        let retryable = if self.retryable { "retryable" } else { "final" };
        writeln!(f, "  {}, {refusal}, {retryable}", self.kind)?;
        writeln!(f, "  error: {}", self.message)?;
        if let Some(hint) = &self.hint {
            writeln!(f, "  hint: {hint}")?;
        }
        if !self.chain.is_empty() {
            writeln!(f, "  chain: {}", self.chain.join(" <- "))?;
        }
        match &self.missing_issuer {
            Some(issuer) => writeln!(f, "  missing: {issuer}"),
            None => Ok(()),
        }
    }
}

/// Dates and ports are others the next time.
fn lasting(text: &str) -> String {
    text.split(' ')
        .map(lasting_word)
        .collect::<Vec<_>>()
        .join(" ")
}

fn lasting_word(word: &str) -> String {
    if word.chars().filter(char::is_ascii_digit).count() == 14 && word.contains('T') {
        return format!("DATE{}", &word[20..]);
    }
    if let Some(word) = word.strip_suffix(':') {
        return lasting_word(word) + ":";
    }
    let Some((host, port)) = word.rsplit_once(':') else {
        return word.to_owned();
    };
    let rest = port.trim_start_matches(|c: char| c.is_ascii_digit());
    match rest.len() < port.len() {
        true => format!("{host}:PORT{rest}"),
        false => word.to_owned(),
    }
}
