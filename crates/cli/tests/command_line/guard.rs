//! `guard init`: what it writes, what it keeps, and what it refuses. It needs cargo and no network.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::run::{Ran, Result, run, tools};

/// A workspace of one's own, with these files.
pub(crate) struct Workspace {
    folder: TempDir,
}

impl Workspace {
    pub(crate) fn new(files: &[(&str, &str)]) -> Result<Self> {
        let folder = TempDir::new()?;
        let workspace = Self { folder };
        workspace.write(files)?;
        Ok(workspace)
    }

    pub(crate) fn write(&self, files: &[(&str, &str)]) -> Result {
        for (name, text) in files {
            let path = self.path(name);
            fs::create_dir_all(path.parent().ok_or("a folder")?)?;
            fs::write(path, text)?;
        }
        Ok(())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn text(&self, name: &str) -> Result<String> {
        Ok(fs::read_to_string(self.path(name))?)
    }

    /// Every file with its bytes.
    fn files(&self) -> Result<BTreeMap<PathBuf, Vec<u8>>> {
        let mut files = BTreeMap::new();
        let mut folders = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder)? {
                let path = entry?.path();
                match path.is_dir() {
                    true => folders.push(path),
                    false => _ = files.insert(path.clone(), fs::read(path)?),
                }
            }
        }
        Ok(files)
    }

    pub(crate) async fn guard(&self, arguments: &[&str]) -> Result<Ran> {
        let manifest = self.path("Cargo.toml");
        guard(&manifest, arguments, &[]).await
    }
}

pub(crate) async fn guard(
    manifest: &Path,
    arguments: &[&str],
    variables: &[(&str, &str)],
) -> Result<Ran> {
    let manifest = manifest.to_str().ok_or("a path that is not UTF-8")?;
    let arguments = [&["guard"], arguments, &["--manifest-path", manifest]].concat();
    let tools = tools();
    let tools = tools.iter().map(|(name, value)| (*name, value.as_str()));
    let variables: Vec<_> = tools.chain(variables.iter().copied()).collect();
    run(&arguments, &variables).await
}

const ROOT: &str = "[workspace] # two\nmembers = [\"a\", \"b\"]\nresolver = \"3\"\n";
const A: &str = "[package]\nname = \"a\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
const B: &str = "[package]\nname = \"b\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";

fn two_crates() -> Result<Workspace> {
    Workspace::new(&[
        ("Cargo.toml", ROOT),
        ("a/Cargo.toml", A),
        ("a/src/lib.rs", ""),
        ("b/Cargo.toml", B),
        ("b/src/main.rs", "fn main() {}\n"),
    ])
}

#[tokio::test]
async fn a_fresh_workspace_gets_the_whole_fence_and_a_second_run_changes_nothing() -> Result {
    let workspace = two_crates()?;
    let ran = workspace.guard(&["init"]).await?;
    assert_eq!(ran.code, Some(0), "{}", ran.output());
    assert_eq!(
        workspace.text("clippy.toml")?,
        trusted_transport::CLIPPY_TOML
    );
    assert!(workspace.text("deny.toml")?.contains("crate = \"reqwest\""));
    let root = workspace.text("Cargo.toml")?;
    assert!(root.starts_with(ROOT), "{root}");
    assert!(
        root.contains("[workspace.lints.clippy]\ndisallowed_methods = \"deny\"\n"),
        "{root}"
    );
    for member in ["a/Cargo.toml", "b/Cargo.toml"] {
        let text = workspace.text(member)?;
        assert!(text.ends_with("\n[lints]\nworkspace = true\n"), "{text}");
    }
    assert!(
        ran.stdout.contains("trusted-transport guard check"),
        "{}",
        ran.stdout
    );

    let written = workspace.files()?;
    let ran = workspace.guard(&["init"]).await?;
    assert_eq!(ran.code, Some(0), "{}", ran.output());
    assert!(ran.stdout.contains("nothing has changed"), "{}", ran.stdout);
    assert_eq!(workspace.files()?, written);
    Ok(())
}

#[tokio::test]
async fn a_dry_run_shows_the_diff_and_writes_nothing() -> Result {
    let workspace = two_crates()?;
    let before = workspace.files()?;
    let dry = workspace.guard(&["init", "--dry-run"]).await?;
    assert_eq!(dry.code, Some(0), "{}", dry.output());
    assert_eq!(workspace.files()?, before);
    for line in [
        "--- a/Cargo.toml",
        "+++ b/clippy.toml",
        "+[workspace.lints.clippy]",
    ] {
        assert!(
            dry.stdout.lines().any(|it| it == line),
            "{line}: {}",
            dry.stdout
        );
    }
    let wet = workspace.guard(&["init"]).await?;
    let diff = |ran: &Ran| {
        let lines = ran.stdout.lines();
        let lines = lines
            .filter(|line| line.starts_with(['+', '-', '@', ' ']) && !line.contains("guard check"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(diff(&dry), diff(&wet));
    Ok(())
}

#[tokio::test]
async fn comments_order_and_entries_of_the_user_survive() -> Result {
    let workspace = two_crates()?;
    let clippy = "# ours\r\nmsrv = \"1.88\"\r\ndisallowed-methods = [ \"reqwest::get\" ] # one\r\n";
    let deny = "[bans]\nwildcards = \"deny\" # strict\ndeny = [\n    { crate = \"left-pad\" }, # why\n]\n\n[sources]\nunknown-git = \"deny\"\n";
    let member = "# b\n[package]\nname = \"b\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[lints.clippy]\ntodo = \"deny\" # ever\n";
    let own = [
        ("clippy.toml", clippy),
        ("deny.toml", deny),
        ("b/Cargo.toml", member),
    ];
    workspace.write(&own)?;
    let ran = workspace.guard(&["init"]).await?;
    assert_eq!(ran.code, Some(0), "{}", ran.output());
    for (name, before) in own {
        let after = workspace.text(name)?;
        let mut lines = after.lines();
        for line in before.lines() {
            // The list itself grows; what is around it and in it stays, in its order.
            let kept = line.trim_end_matches([']', ' ']);
            let kept = kept.split(" ] #").next().unwrap_or(kept);
            assert!(
                lines.any(|it| it.starts_with(kept)),
                "{line} of {name}:\n{after}"
            );
        }
    }
    let clippy = workspace.text("clippy.toml")?;
    assert_eq!(clippy.matches("\"reqwest::get\"").count(), 1);
    assert_eq!(clippy.matches('\n').count(), clippy.matches("\r\n").count());
    let member = workspace.text("b/Cargo.toml")?;
    assert!(member.contains("disallowed_types = \"deny\""), "{member}");
    Ok(())
}

#[tokio::test]
async fn an_entry_that_undoes_the_fence_is_kept_and_told() -> Result {
    let workspace = two_crates()?;
    let root = format!("{ROOT}\n[workspace.lints.clippy]\ndisallowed_types = \"allow\"\n");
    workspace.write(&[("Cargo.toml", &root)])?;
    let ran = workspace.guard(&["init"]).await?;
    let expected = "kept: Cargo.toml: workspace.lints.clippy.disallowed_types does not deny; \
                    write `disallowed_types = \"deny\"`";
    assert!(ran.stdout.contains(expected), "{}", ran.stdout);
    assert!(
        workspace
            .text("Cargo.toml")?
            .contains("disallowed_types = \"allow\"")
    );
    Ok(())
}

#[tokio::test]
async fn nothing_is_written_if_one_file_cannot_be_read() -> Result {
    for (name, text) in [
        ("clippy.toml", "disallowed-methods = ["),
        ("deny.toml", "bans = 1"),
    ] {
        let workspace = two_crates()?;
        workspace.write(&[(name, text)])?;
        let before = workspace.files()?;
        for arguments in [&["init"][..], &["init", "--dry-run"], &["check"]] {
            let ran = workspace.guard(arguments).await?;
            assert_eq!(ran.code, Some(2), "{}", ran.output());
            assert!(ran.stderr.contains(name), "{}", ran.stderr);
            assert!(ran.stderr.contains("hint:"), "{}", ran.stderr);
        }
        assert_eq!(workspace.files()?, before, "{name}");
    }
    Ok(())
}

#[tokio::test]
async fn where_there_is_no_workspace_it_says_so() -> Result {
    let workspace = Workspace::new(&[("README.md", "")])?;
    for command in ["init", "check"] {
        let ran = workspace.guard(&[command]).await?;
        assert_eq!(ran.code, Some(2), "{}", ran.output());
        assert!(ran.stderr.contains("--manifest-path"), "{}", ran.stderr);
    }
    let json = workspace.guard(&["check", "--json"]).await?;
    assert_eq!(json.code, Some(2));
    let json = json.json()?;
    assert_eq!(json["error"]["kind"], "workspace", "{json:#}");
    assert_eq!(json["open"], serde_json::Value::Null);
    Ok(())
}
