//! `completions` and `man`: what they print is what a shell and a pager can use.

use std::path::Path;
use std::process::Command;

use crate::run::{Result, file, run, text};

/// Words for which bash is asked, and one that it must offer.
const OFFERED: [(&str, &str, &str); 3] = [
    ("gu", "1", "guard"),
    ("check --bo", "2", "--both"),
    ("guard init --dry", "3", "--dry-run"),
];

/// Each page, and what has to stand on it.
const PAGES: [(&str, &str); 9] = [
    ("", r"\-\-verbose"),
    ("-check", r"\-\-both"),
    ("-completions", "fish"),
    ("-demo", "demo"),
    ("-guard", "guard"),
    ("-guard-check", r"\-\-locked"),
    ("-guard-init", r"\-\-dry\-run"),
    ("-inspect", r"\-\-all"),
    ("-man", r"\-\-out"),
];

#[tokio::test]
async fn bash_completes_a_subcommand_and_an_option() -> Result {
    let script = run(&["completions", "bash"], &[]).await?;
    assert_eq!(script.code, Some(0), "{}", script.output());
    let path = file("completions.bash", &script.stdout)?;
    let path = text(&path)?;
    for (words, position, offered) in OFFERED {
        let last = words.rsplit(' ').next().unwrap_or_default();
        let asked = format!(
            "source {path}; COMP_WORDS=(trusted-transport {words}); COMP_CWORD={position}; \
             _trusted__transport trusted-transport '{last}' ''; echo \"${{COMPREPLY[@]}}\""
        );
        let said = Command::new("bash").args(["-c", &asked]).output()?;
        let said = String::from_utf8(said.stdout)?;
        assert_eq!(said.trim(), offered, "{words}");
    }
    Ok(())
}

#[tokio::test]
async fn an_unknown_shell_is_refused() -> Result {
    let ran = run(&["completions", "nosuchshell"], &[]).await?;
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""));
    Ok(())
}

#[tokio::test]
async fn every_command_gets_a_page_and_the_program_s_is_the_one_that_is_printed() -> Result {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("man/pages");
    // Of an earlier run.
    std::fs::remove_dir_all(&folder).ok();
    let ran = run(&["man", "--out", text(&folder)?], &[]).await?;
    assert_eq!((ran.code, ran.output().as_str()), (Some(0), ""));
    for (command, own) in PAGES {
        let page = folder.join(format!("trusted-transport{command}.1"));
        let page = std::fs::read_to_string(page)?;
        for part in [own, "EXIT STATUS", "SSL_CERT_FILE"] {
            assert!(page.contains(part), "{command}: {part}");
        }
    }
    assert_eq!(std::fs::read_dir(&folder)?.count(), PAGES.len());
    let own = std::fs::read_to_string(folder.join("trusted-transport.1"))?;
    assert_eq!(run(&["man"], &[]).await?.stdout, own);
    Ok(())
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_an_error_with_a_remedy() -> Result {
    let taken = file("man-taken", "")?;
    let ran = run(&["man", "--out", text(&taken)?], &[]).await?;
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""));
    assert!(
        ran.stderr.starts_with("error: failed to write"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("hint: "), "{}", ran.stderr);
    Ok(())
}
