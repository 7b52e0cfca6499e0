//! Certificate revocation lists of a bundle, below its certificates.

use std::io::{self, Write};

use trusted_transport::{BundleReport, RevocationList};

use crate::output::{Output, Text};

/// Nothing without any.
pub(crate) fn print(out: &mut Output<impl Write>, bundle: &BundleReport) -> io::Result<()> {
    if bundle.revocation_lists.is_empty() {
        return Ok(());
    }
    out.blank()?;
    let files = bundle.files.len() > 1;
    let lists = bundle.revocation_lists.iter();
    out.pairs(lists.map(|list| (state(list), described(list, files))))
}

/// The words for one and for several of those that decide something, and of those that do not.
pub(crate) fn counts(bundle: &BundleReport) -> [(usize, [&'static str; 2]); 2] {
    let lists = bundle.revocation_lists.iter();
    let enforced = lists.filter(|list| list.enforced).count();
    [
        (enforced, ["CRL, enforced", "CRLs, enforced"]),
        (
            bundle.crls - enforced,
            ["CRL, not enforced", "CRLs, not enforced"],
        ),
    ]
}

fn state(list: &RevocationList) -> Text {
    match (list.enforced, &list.problem) {
        (true, _) => Text::good("enforced"),
        (false, Some(_)) => Text::odd("unusable"),
        (false, None) => Text::faint("ignored"),
    }
}

fn described(list: &RevocationList, files: bool) -> String {
    let mut text = match &list.issuer {
        Some(issuer) => format!("CRL of {issuer}, {} revoked", list.revoked),
        None => "CRL".to_owned(),
    };
    if let Some(next) = list.next_update.as_deref().and_then(|date| date.get(..10)) {
        text += &format!(", next update {next}");
    }
    text += &format!("; block {}, line {}", list.position, list.line);
    if files {
        let name = list.file.file_name().unwrap_or_default();
        text += &format!(" of {}", name.to_string_lossy());
    }
    match &list.problem {
        Some(problem) => format!("{text}: {problem}"),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use trusted_transport::{BaseRoots, CaPolicy, CrlPolicy};
    use trusted_transport_lab::{Authority, Validity};

    use super::*;

    fn shown(policy: CrlPolicy) -> Result<String, Box<dyn Error>> {
        let root = Authority::root("Root");
        let list = root.crl_with(&[&root.der()], 1, Validity::Current).pem();
        let broken = "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n";
        let other = Authority::root("Other").pem();
        let none = CaPolicy::platform().base(BaseRoots::None).crls(policy);
        let anchors = none.bundle_pem("x", other + &list + broken).load()?;
        let mut out = Output::in_memory(false, None);
        print(&mut out, &anchors.report().bundle)?;
        Ok(out.into_text()?)
    }

    #[test]
    fn every_list_is_told_with_what_became_of_it() -> Result<(), Box<dyn Error>> {
        for (policy, state) in [
            (CrlPolicy::Enforce, "enforced"),
            (CrlPolicy::Ignore, "ignored"),
        ] {
            let shown = shown(policy)?;
            let lines: Vec<_> = shown.lines().collect();
            let [_, first, second] = lines[..] else {
                return Err(shown.into());
            };
            assert!(first.starts_with(state), "{shown}");
            assert!(first.contains("CRL of CN=Root, 1 revoked, next update 20"));
            assert!(second.starts_with("unusable"), "{shown}");
            assert!(second.contains("block 3"), "{shown}");
        }
        Ok(())
    }
}
