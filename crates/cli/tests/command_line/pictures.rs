//! docs/pictures has what the program prints on a terminal of a hundred columns.
//!
//! `.ci/pictures` makes them anew, and .ci/run sees that they are still true: `UPDATE_EXPECT` tells
//! the one from the other.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::{env, fs};

use anstyle_svg::Term;
use tempfile::TempDir;
use tokio::process::Command;
use tokio::time::timeout;
use trusted_transport_lab::{Authority, Origin, Proxy, Template, Validity};

use crate::run::{LIMIT, Result};

#[tokio::test]
#[ignore = "needs `script`, for a terminal; .ci/run runs it"]
async fn demo_is_as_it_is_pictured() -> Result {
    let folder = TempDir::new()?;
    let shown = Terminal::new(&folder)
        .types("trusted-transport demo")
        .await?;
    compare("demo", &shown)
}

#[tokio::test]
#[ignore = "needs `script`, for a terminal; .ci/run runs it"]
async fn inspect_is_as_it_is_pictured() -> Result {
    let folder = TempDir::new()?;
    let root = Authority::root("Example Corp Root CA");
    let proxy = Authority::root("Example Corp Web Proxy CA");
    let mail = Authority::root("Example Corp Mail CA");
    let old = Template::authority("Example Corp Root CA 2015");
    let old = old.validity(Validity::Expired).root();
    let bundle = [
        root.pem(),
        proxy.trusted_pem(),
        mail.rejected_pem(),
        old.pem(),
        root.crl(&[]).pem(),
        root.issue(&["intranet.example"]).key_pem(),
    ];
    fs::write(folder.path().join("company.pem"), bundle.concat())?;
    let terminal = Terminal::new(&folder);
    let shown = terminal
        .types("trusted-transport inspect company.pem")
        .await?;
    compare("inspect", &shown)
}

#[tokio::test]
#[ignore = "needs `script`, for a terminal; .ci/run runs it"]
async fn check_is_as_it_is_pictured() -> Result {
    let folder = TempDir::new()?;
    let world = Authority::root("World Root");
    let company = Authority::root("Example Corp Root CA");
    let origin = Origin::https(world.issue(&["api.example"])).await?;
    let proxy = Proxy::intercepting(company.clone()).upstream_root(&world);
    let proxy = proxy.start().await?;
    fs::write(folder.path().join("company.pem"), company.pem())?;
    let terminal = Terminal::new(&folder).sets("HTTPS_PROXY", &proxy.url("http"));
    let url = origin.url("https", "api.example", "/");
    let check = format!("trusted-transport check {url}");
    let refused = terminal.types(&check).await?;
    let found = terminal
        .types(&format!("SSL_CERT_FILE=company.pem {check}"))
        .await?;
    compare("check", &format!("{refused}\n{found}"))
}

/// A shell in a folder, on a terminal.
struct Terminal<'a> {
    folder: &'a Path,
    variables: Vec<(&'static str, String)>,
}

impl<'a> Terminal<'a> {
    fn new(folder: &'a TempDir) -> Self {
        Self {
            folder: folder.path(),
            variables: Vec::new(),
        }
    }

    fn sets(mut self, name: &'static str, value: &str) -> Self {
        self.variables.push((name, value.to_owned()));
        self
    }

    /// What is seen then: the line, and what is printed.
    async fn types(&self, line: &str) -> Result<String> {
        let program = Path::new(env!("CARGO_BIN_EXE_trusted-transport"));
        let folder = program.parent().ok_or("it is in a folder")?;
        let mut path = vec![folder.to_owned()];
        path.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
        let mut command = Command::new("script");
        command
            .args(["--quiet", "--echo", "never", "--command"])
            .arg(format!("stty cols {COLUMNS} rows 50; {line}"))
            .arg("/dev/null")
            .env_clear()
            .env("PATH", env::join_paths(path)?)
            .env("TERM", "xterm-256color")
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .current_dir(self.folder)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        let printed = timeout(LIMIT, command.output()).await??.stdout;
        let printed = String::from_utf8(printed)?.replace("\r\n", "\n");
        Ok(format!("$ \x1b[1m{line}\x1b[0m\n{printed}"))
    }
}

/// The picture in the repository, written anew if that is asked for.
fn compare(name: &str, shown: &str) -> Result {
    let picture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/pictures");
    let picture: PathBuf = picture.join(name).with_extension("svg");
    let svg = Term::new().render_svg(shown);
    if env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&picture, &svg)?;
    }
    let drawn = fs::read_to_string(&picture)?;
    assert_eq!(
        lasting(&drawn),
        lasting(&svg),
        "{} is old",
        picture.display()
    );
    Ok(())
}

/// Without what is another in each run, or on another machine: figures, fingerprints, widths, and what
/// the platform's own roots are like.
fn lasting(svg: &str) -> String {
    let lines = svg
        .lines()
        .filter(|line| !PLATFORM.iter().any(|it| line.contains(it)));
    let words = lines.flat_map(|line| line.split_inclusive(|it: char| !it.is_alphanumeric()));
    let words = words.map(|word| {
        let is_hex = |it: char| it.is_ascii_hexdigit() || !it.is_alphanumeric();
        match word.len() >= 8 && word.chars().all(is_hex) {
            true => word.replace(char::is_alphanumeric, "#"),
            false => word.replace(|it: char| it.is_ascii_digit(), "#"),
        }
    });
    let mut text: Vec<char> = words.collect::<String>().chars().collect();
    text.dedup_by(|it, last| it == last && matches!(it, '#' | ' ' | '─'));
    let text: String = text.into_iter().collect();
    // A column is as wide as what is in it, and a slow machine counts seconds.
    let text = text.replace(" <", "<").replace("#.#", "#");
    text.replace("# ms", "# s")
}

const COLUMNS: u16 = 100;
const PLATFORM: [&str; 2] = ["unusable base root", "of the platform"];
