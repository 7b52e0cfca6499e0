//! The documents, held to the repository: what they link to is there, the Rust in them is compiled,
//! and the commands that they show can be called.

mod commands;
mod markdown;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use commands::Commands;
use markdown::Page;

/// All files of the repository with one of these endings, in order.
fn files(endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().and_then(|name| name.to_str());
            match (path.is_dir(), name.expect("a name in UTF-8")) {
                (true, "target" | "corpus" | "artifacts") => {}
                (true, name) if name.starts_with('.') => {}
                (true, _) => folders.push(path),
                (false, name) => {
                    let ending = name.rsplit('.').next();
                    if ending.is_some_and(|ending| endings.contains(&ending)) {
                        found.push(path);
                    }
                }
            }
        }
    }
    found.sort();
    assert!(found.len() > 5, "they have moved: {found:?}");
    found
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What is wrong with `link`, which stands in a file of this folder.
fn broken(folder: &Path, link: &str) -> Option<String> {
    let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
    let path = folder.join(file);
    if !path.exists() {
        return Some(format!("{link}: there is no {}", path.display()));
    }
    if anchor.is_empty() {
        return None;
    }
    let anchors = Page::of(&read(&path)).anchors;
    (!anchors.contains(anchor)).then(|| format!("{link}: no such heading, but {anchors:?}"))
}

#[test]
fn links_lead_to_files_and_headings() {
    let mut wrong = Vec::new();
    let mut followed = 0;
    for file in files(&["md"]) {
        let folder = file.parent().expect("a folder");
        let page = Page::of(&read(&file));
        for link in page.links.iter().filter(|link| !is_elsewhere(link)) {
            followed += 1;
            // One that has no file is about the page itself.
            let link = match link.strip_prefix('#') {
                Some(_) => format!("{}{link}", file.display()),
                None => link.clone(),
            };
            wrong.extend(broken(folder, &link).map(|why| format!("{}: {why}", file.display())));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(followed > 10, "the links have gone");
}

fn is_elsewhere(link: &str) -> bool {
    link.starts_with("https://")
}

#[test]
fn the_documents_that_sources_name_are_there() {
    let mut wrong = Vec::new();
    let mut named = 0;
    for file in files(&["rs", "toml", "txt", "md"]) {
        for name in documents_named(&read(&file)) {
            named += 1;
            wrong.extend(broken(root(), &name).map(|why| format!("{}: {why}", file.display())));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(named > 10, "they are named no more");
}

/// Every document below `docs/` that a text names, with its anchor.
fn documents_named(text: &str) -> impl Iterator<Item = String> {
    let of_a_path = |it: char| it.is_ascii_alphanumeric() || "/._#-".contains(it);
    text.split(move |it| !of_a_path(it)).filter_map(|word| {
        let word = word.trim_end_matches('.');
        let (file, _) = word.split_once('#').unwrap_or((word, ""));
        (file.starts_with("docs/") && file.ends_with(".md")).then(|| word.to_owned())
    })
}

/// rustdoc finds an item that is missing, but not a heading.
#[test]
fn the_headings_that_rustdoc_links_to_are_there() {
    let book: String = read(&root().join("src/lib.rs"))
        .lines()
        .filter_map(|line| Some(format!("{}\n", line.strip_prefix("//!")?.trim_start())))
        .collect();
    let book = Page::of(&book);
    let within = book.links.iter().filter_map(|link| link.strip_prefix('#'));
    let mut linked: BTreeSet<String> = within.map(str::to_owned).collect();
    let sources = files(&["rs"]).into_iter();
    for file in sources.filter(|file| file.starts_with(root().join("src"))) {
        let text = read(&file);
        let others = text.split("(crate#").skip(1);
        linked.extend(others.filter_map(|rest| Some(rest.split_once(')')?.0.to_owned())));
    }
    let missing: Vec<_> = linked.difference(&book.anchors).collect();
    assert!(missing.is_empty(), "{missing:?} of {:?}", book.anchors);
    assert!(linked.len() > 3, "{linked:?}");
}

#[test]
fn all_rust_in_documents_is_compiled() {
    let compiled = doctested();
    for file in files(&["md"]) {
        for info in Page::of(&read(&file)).fences {
            let mut words = info.split([',', ' ']);
            let language = words.next().unwrap_or_default();
            let known = [
                "", "console", "json", "mermaid", "rust", "sh", "text", "toml",
            ];
            let name = file.display();
            assert!(known.contains(&language), "{name}: a fence of {info:?}");
            if language == "rust" {
                assert!(compiled.contains(&file), "{name}: nothing compiles it");
                assert!(
                    !words.any(|word| word.starts_with("ignore")),
                    "{name}: {info}"
                );
            }
        }
    }
}

/// The pages that a library has as a documentation, since rustdoc compiles what is in them; and those
/// that a test holds against programs, to the letter.
fn doctested() -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for source in files(&["rs"]) {
        let text = read(&source);
        let folder = source.parent().expect("a folder");
        let how = match source.ends_with("lib.rs") {
            true => "doc = include_str!(\"",
            false => "\nconst PAGE: &str = include_str!(\"",
        };
        let included = text.split(how).skip(1);
        for page in included.filter_map(|rest| Some(rest.split_once('"')?.0)) {
            found.insert(folder.join(page).canonicalize().expect("a page"));
        }
    }
    assert!(!found.is_empty(), "nothing is compiled");
    found
}

/// In a paragraph, Markdown would end it at the first element that it knows: `<title>`.
#[test]
fn a_diagram_of_the_reference_stands_in_a_block_of_its_own() {
    let book = read(Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/src/lib.rs"
    )));
    for name in ["house", "connection"] {
        let block = format!(
            "//! <div>\n#![doc = include_str!(\"../docs/pictures/{name}.svg\")]\n//! </div>\n"
        );
        assert!(book.contains(&block), "{name}");
    }
}

/// `.ci/pictures` renders them.
#[test]
fn a_rendered_diagram_says_what_its_source_says() {
    for name in ["house", "connection"] {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/pictures");
        let diagram = Path::new(folder).join(name).with_extension("dot");
        let source = read(&diagram);
        let rendered = read(&diagram.with_extension("svg"));
        let labels = source.split("label = \"").skip(1);
        let labels = labels.filter_map(|rest| rest.split('"').next());
        let labels: BTreeSet<&str> = labels
            .flat_map(|it| it.split("\\n"))
            .map(str::trim)
            .collect();
        let texts = rendered
            .split("</text>")
            .filter_map(|it| it.rsplit('>').next());
        let texts: Vec<String> = texts
            .map(|it| it.replace("&#39;", "'").replace("&#45;", "-"))
            .collect();
        for label in &labels {
            let shown = texts.iter().any(|text| text.trim() == *label);
            assert!(
                shown,
                "{}: {label:?} is not in {texts:?}",
                diagram.display()
            );
        }
        for text in texts.iter().map(|it| it.trim()).filter(|it| !it.is_empty()) {
            let meant = labels.contains(text) || source.contains(&format!("    {text} ["));
            assert!(meant, "{}: {text:?} is out of date", diagram.display());
        }
    }
}

#[test]
fn commands_in_documents_can_be_called() {
    let commands = Commands::of_the_repository();
    let mut wrong = Vec::new();
    let mut shown = 0;
    for file in files(&["md"]) {
        for line in Page::of(&read(&file)).commands {
            shown += 1;
            let why = commands.wrong(&line);
            wrong.extend(why.map(|why| format!("{}: `{line}`: {why}", file.display())));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(shown > 10, "the commands have gone");
}
