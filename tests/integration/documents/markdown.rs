//! What there is to check in a page of Markdown.

use std::collections::{BTreeMap, BTreeSet};

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

#[derive(Default)]
pub(super) struct Page {
    /// Of its headings, by GitHub's rule.
    pub(super) anchors: BTreeSet<String>,
    /// Where its links and pictures lead.
    pub(super) links: Vec<String>,
    /// What its fences say about themselves.
    pub(super) fences: Vec<String>,
    /// What it says to call, without comments: lines for a shell, and code in a sentence that
    /// begins with one of our commands.
    pub(super) commands: Vec<String>,
}

/// What the text is part of.
enum Within {
    Prose,
    Heading(String),
    /// With a `$ ` before each command, or not.
    Shell {
        prompt: bool,
    },
}

impl Page {
    pub(super) fn of(text: &str) -> Self {
        let mut page = Self::default();
        let mut times = BTreeMap::new();
        let mut within = Within::Prose;
        for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
            match (event, &mut within) {
                (Event::Start(Tag::Heading { .. }), _) => within = Within::Heading(String::new()),
                (Event::Text(text) | Event::Code(text), Within::Heading(heading)) => {
                    heading.push_str(&text);
                }
                (Event::End(TagEnd::Heading(_)), Within::Heading(heading)) => {
                    page.anchors.insert(anchor(heading, &mut times));
                    within = Within::Prose;
                }
                (Event::Start(Tag::CodeBlock(kind)), _) => within = page.begin(kind),
                (Event::Text(text), Within::Shell { prompt }) => page.shell(&text, *prompt),
                (Event::End(TagEnd::CodeBlock), _) => within = Within::Prose,
                (Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }), _) => {
                    page.links.push(dest_url.into_string());
                }
                (Event::Code(code), _) if OURS.iter().any(|it| code.starts_with(it)) => {
                    page.commands.push(code.into_string());
                }
                _ => {}
            }
        }
        page
    }

    fn begin(&mut self, kind: CodeBlockKind<'_>) -> Within {
        let CodeBlockKind::Fenced(info) = kind else {
            return Within::Prose;
        };
        self.fences.push(info.to_string());
        match &*info {
            "console" => Within::Shell { prompt: true },
            "sh" => Within::Shell { prompt: false },
            _ => Within::Prose,
        }
    }

    fn shell(&mut self, text: &str, prompt: bool) {
        let lines = text.lines().filter_map(|line| match prompt {
            true => line.strip_prefix("$ "),
            false => Some(line),
        });
        let lines = lines.map(|line| line.split(" #").next().unwrap_or(line).trim());
        let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        self.commands.extend(lines.map(str::to_owned));
    }
}

/// In lower case, without punctuation, with `-` for blanks; numbered if there has been one.
fn anchor(heading: &str, times: &mut BTreeMap<String, usize>) -> String {
    let kept = heading.to_lowercase();
    let kept = kept
        .chars()
        .filter(|it| it.is_alphanumeric() || " -_".contains(*it));
    let anchor: String = kept.map(|it| if it == ' ' { '-' } else { it }).collect();
    let seen = times.entry(anchor.clone()).or_insert(0);
    *seen += 1;
    match *seen {
        1 => anchor,
        more => format!("{anchor}-{}", more - 1),
    }
}

const OURS: [&str; 3] = ["cargo ", "trusted-transport ", ".ci/"];

#[test]
fn headings_have_githubs_anchors() {
    let page = Page::of("# What `init` writes, and why\n## A b\n## A  b\n## A b\n");
    let expected = ["a--b", "a-b", "a-b-1", "what-init-writes-and-why"];
    assert_eq!(page.anchors, expected.map(str::to_owned).into());
}

#[test]
fn what_a_page_holds_is_found() {
    let page = Page::of(
        "[a](b.md#c) ![d](e.svg) `cargo test`\n\n```console\n$ one --two # three\nfour\n```\n\
         \n```rust,ignore\nfive\n```\n",
    );
    assert_eq!(page.links, ["b.md#c", "e.svg"]);
    assert_eq!(page.fences, ["console", "rust,ignore"]);
    assert_eq!(page.commands, ["cargo test", "one --two"]);
}
