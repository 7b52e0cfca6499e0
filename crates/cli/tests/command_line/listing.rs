//! What `inspect` prints for people, where the output is no terminal: a line for each
//! certificate, in the order of the files, and nothing that a terminal would obey.

use std::fs;

use trusted_transport_lab::Authority;

use crate::blocks::with_alias;
use crate::run::{Result, file, run, text};

#[tokio::test]
async fn neither_subject_nor_alias_nor_file_can_control_the_terminal() -> Result {
    let root = Authority::root("Clear \x1b[2J\u{202e}\nCA");
    let alias = with_alias(&root, "Ring \x07\u{9b}31m\r")?;
    let path = file("escape \x1b[2J.pem", &alias)?;
    let other = file("escape.pem", &Authority::root("Other").pem())?;
    let folder = path.with_file_name("escape");
    fs::create_dir_all(&folder)?;
    for file in [&path, &other] {
        fs::copy(file, folder.join(file.file_name().ok_or("a name")?))?;
    }
    for named in [&path, &folder] {
        let ran = run(&["inspect", text(named)?], &[]).await?;
        assert_eq!(ran.code, Some(0), "{}", ran.output());
        let obeyed = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
        assert!(!ran.output().contains(obeyed), "{:?}", ran.stdout);
        let line = ran.stdout.lines().find(|line| line.starts_with("accepted"));
        let line = line.ok_or("a certificate")?;
        for text in [
            r"CN=Clear \u{1b}[2J\u{202e}\u{a}CA",
            r#""Ring \u{7}\u{9b}31m\u{d}""#,
        ] {
            assert!(line.contains(text), "{line}");
        }
        let file = line.contains(r"  escape \u{1b}[2J.pem  ");
        assert_eq!(file, named == &folder, "{line}");
    }
    Ok(())
}

#[tokio::test]
async fn warnings_reasons_and_aliases_are_notes() -> Result {
    let [named, rejected, root] = ["Named", "Rejected", "Root"].map(Authority::root);
    let end_entity = root.issue(&["localhost"]).chain_pem();
    let bundle = with_alias(&named, "my own")? + &rejected.rejected_pem() + &end_entity;
    let path = file("notes.pem", &bundle)?;
    let ran = run(&["inspect", text(&path)?], &[]).await?;
    let line = |text: &str| {
        let mut lines = ran.stdout.lines();
        lines.find(|line| line.contains(text)).unwrap_or_default()
    };
    assert!(line("CN=Named").ends_with("  \"my own\""), "{}", ran.stdout);
    let reason = "  its OpenSSL trust settings reject serverAuth";
    assert!(line("CN=Rejected").contains(reason), "{}", ran.stdout);
    assert!(
        line("CN=localhost").contains("  is an end-entity certificate (CA:FALSE): a server that"),
        "{}",
        ran.stdout
    );
    Ok(())
}

#[tokio::test]
async fn base_roots_are_counted_and_with_all_listed() -> Result {
    let path = file("listing-all.pem", &Authority::root("Mine").pem())?;
    let arguments = ["inspect", text(&path)?, "--all"];
    let roots = run(&[&arguments[..], &["--json"]].concat(), &[]).await?;
    let roots = roots.json()?;
    let accepted = |stdout: &str| {
        let lines = stdout.lines();
        lines.filter(|line| line.starts_with("accepted")).count()
    };

    let counted = run(&arguments[..2], &[]).await?.stdout;
    assert_eq!(accepted(&counted), 1, "{counted}");
    assert!(!counted.contains("The base roots"), "{counted}");

    let listed = run(&arguments, &[]).await?.stdout;
    let (bundle, base) = listed.split_once("\nThe base roots").ok_or("a heading")?;
    assert!(bundle.contains("\nThe bundle:\nstate "), "{bundle}");
    assert_eq!(accepted(bundle), 1, "{bundle}");
    if roots["base"]["kind"] == "delegated" {
        assert!(base.contains("the operating system's, which it does not list"));
    } else {
        assert_eq!(roots["base"]["anchors"], accepted(base), "{base}");
    }
    Ok(())
}
