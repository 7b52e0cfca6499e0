//! A source as its tokens: macros, attributes and code that is compiled away look alike here.

use std::collections::BTreeMap;
use std::str::FromStr;

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};

/// What the tokens of one source name.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    /// Every path, imports included.
    pub(crate) mentions: Vec<Mention>,
    /// The lints whose level an attribute lowers.
    pub(crate) levels: Vec<Mention>,
    /// What a name means, by the imports of the file.
    pub(crate) imports: BTreeMap<String, Vec<String>>,
    /// What is imported as a whole.
    pub(crate) globs: Vec<Vec<String>>,
    /// The modules and other sources that it leads to.
    pub(crate) leads: Vec<Lead>,
}

/// A path and where it begins; lines and columns count from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mention {
    pub(crate) path: Vec<String>,
    pub(crate) line: usize,
    pub(crate) column: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Lead {
    /// `mod name;`, below the inline modules around it.
    Module { around: Vec<String>, name: String },
    /// `#[path = ".."]` or `include!("..")`.
    File(String),
}

impl Tokens {
    /// # Errors
    /// The line of what is no token.
    pub(crate) fn of(text: &str) -> Result<Self, usize> {
        let stream = TokenStream::from_str(code(text));
        let stream = stream.map_err(|error| error.span().start().line)?;
        let mut tokens = Self::default();
        tokens.take(stream, &[]);
        Ok(tokens)
    }

    fn take(&mut self, stream: TokenStream, around: &[String]) {
        let trees: Vec<_> = stream.into_iter().collect();
        let mut at = 0;
        while let Some(tree) = trees.get(at) {
            match tree {
                TokenTree::Group(group) => {
                    self.take(group.stream(), around);
                    at += 1;
                }
                TokenTree::Ident(ident) => at += self.word(ident, &trees[at..], around),
                _ => at += 1,
            }
        }
    }

    /// Takes what begins with an identifier, and says of how many trees it was.
    fn word(&mut self, ident: &Ident, trees: &[TokenTree], around: &[String]) -> usize {
        let rest = &trees[1..];
        match (ident.to_string().as_str(), rest) {
            ("use", rest) => {
                let end = rest.iter().position(|tree| is_punct(tree, ';'));
                let end = end.unwrap_or(rest.len());
                self.imports(&rest[..end], &[]);
                return end + 1;
            }
            ("mod", [TokenTree::Ident(name), end, ..]) => match end {
                TokenTree::Group(body) => {
                    let inside = [around, &[plain(name)]].concat();
                    self.take(body.stream(), &inside);
                    return 3;
                }
                _ => self.leads.push(Lead::Module {
                    around: around.to_vec(),
                    name: plain(name),
                }),
            },
            ("path", [equals, TokenTree::Literal(file), ..]) if is_punct(equals, '=') => {
                self.leads.extend(source(&file.to_string()).map(Lead::File));
            }
            ("include", [bang, TokenTree::Group(file), ..]) if is_punct(bang, '!') => {
                let file = source(&file.stream().to_string());
                self.leads.extend(file.map(Lead::File));
            }
            ("allow" | "warn", [TokenTree::Group(lints), ..])
                if lints.delimiter() == Delimiter::Parenthesis =>
            {
                let mut inside = Self::default();
                inside.take(lints.stream(), &[]);
                self.levels.extend(inside.mentions);
                return 2;
            }
            _ => {}
        }
        let (mention, length) = path(ident, trees);
        self.mentions.push(mention);
        length
    }

    /// The tree of a `use`, without its semicolon.
    fn imports(&mut self, trees: &[TokenTree], before: &[String]) {
        for branch in trees.split(|tree| is_punct(tree, ',')) {
            let mut whole = before.to_vec();
            let mut last = None;
            let mut trees = branch.iter().peekable();
            while let Some(tree) = trees.next() {
                match tree {
                    TokenTree::Ident(ident) if ident == "as" => {
                        if let Some(TokenTree::Ident(alias)) = trees.next() {
                            self.imports.insert(plain(alias), whole.clone());
                        }
                    }
                    TokenTree::Ident(ident) => {
                        if ident != "self" || whole.is_empty() {
                            whole.push(plain(ident));
                        }
                        last = Some(ident);
                    }
                    TokenTree::Group(group) => {
                        let inside: Vec<_> = group.stream().into_iter().collect();
                        self.imports(&inside, &whole);
                        last = None;
                    }
                    TokenTree::Punct(star) if star.as_char() == '*' => {
                        self.globs.push(whole.clone());
                        last = None;
                    }
                    _ => {}
                }
            }
            if let Some(last) = last {
                self.imports
                    .entry(whole.last().cloned().unwrap_or_default())
                    .or_insert_with(|| whole.clone());
                self.mentions.push(mention(whole, last));
            }
        }
    }
}

/// The path that begins here, and of how many trees it is.
fn path(first: &Ident, trees: &[TokenTree]) -> (Mention, usize) {
    let mut path = vec![plain(first)];
    let mut length = 1;
    while let [colon, second, TokenTree::Ident(next), ..] = &trees[length..]
        && is_punct(colon, ':')
        && is_punct(second, ':')
    {
        path.push(plain(next));
        length += 3;
    }
    (mention(path, first), length)
}

fn mention(path: Vec<String>, at: &Ident) -> Mention {
    let start = at.span().start();
    Mention {
        path,
        line: start.line,
        column: start.column + 1,
    }
}

/// A raw identifier means the same.
fn plain(ident: &Ident) -> String {
    let name = ident.to_string();
    name.strip_prefix("r#").map(str::to_owned).unwrap_or(name)
}

fn is_punct(tree: &TokenTree, expected: char) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == expected)
}

/// The name of a source in a literal.
fn source(literal: &str) -> Option<String> {
    let name = literal.trim().strip_prefix('"')?.strip_suffix('"')?;
    name.ends_with(".rs").then(|| name.to_owned())
}

/// Without a byte order mark and a line for the shell.
fn code(text: &str) -> &str {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match text.starts_with("#!") && !text.starts_with("#![") {
        // The line end stays, so that lines count as they do in the file.
        true => text.find('\n').map_or("", |end| &text[end..]),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Tokens {
        Tokens::of(text).unwrap_or_else(|line| panic!("line {line} of {text}"))
    }

    fn written(text: &str) -> Vec<String> {
        let mentions = tokens(text).mentions.into_iter();
        mentions.map(|mention| mention.path.join("::")).collect()
    }

    #[test]
    fn a_path_is_found_in_a_macro_and_behind_a_condition() {
        for text in [
            "macro_rules! raw { () => { reqwest::Client::new() } }",
            "#[cfg(windows)] fn raw() { reqwest::Client::new(); }",
            "vec![reqwest::Client::new()];",
            "#!/usr/bin/env x\nfn raw() { reqwest :: Client ::\n new() }",
            "fn raw() { r#reqwest::Client::new() }",
        ] {
            let written = written(text);
            assert!(written.contains(&"reqwest::Client::new".into()), "{text}");
        }
    }

    #[test]
    fn no_path_is_found_in_a_text_or_a_comment() {
        for text in [
            "// reqwest::get\n",
            "/// reqwest::get\nfn f() {}",
            "\"reqwest::get\"",
        ] {
            assert!(!written(text).contains(&"reqwest::get".into()), "{text}");
        }
    }

    #[test]
    fn imports_are_taken_apart() {
        let found = tokens("use reqwest::{self as http, Client, blocking::{self, get as fetch}};");
        let meant = |name: &str| found.imports.get(name).map(|path| path.join("::"));
        assert_eq!(meant("http").as_deref(), Some("reqwest"));
        assert_eq!(meant("Client").as_deref(), Some("reqwest::Client"));
        assert_eq!(meant("blocking").as_deref(), Some("reqwest::blocking"));
        assert_eq!(meant("fetch").as_deref(), Some("reqwest::blocking::get"));
    }

    #[test]
    fn lowered_levels_are_found_in_every_place() {
        for text in [
            "#![allow(clippy::all)]",
            "#[cfg_attr(test, allow(dead_code, clippy::all))] fn f() {}",
            "m! { #[warn(clippy::all)] fn f() {} }",
        ] {
            let levels = tokens(text).levels;
            assert!(
                levels.iter().any(|it| it.path == ["clippy", "all"]),
                "{text}"
            );
        }
        let expected = "#[expect(clippy::all, reason = \"x\")] #[deny(clippy::all)] fn f() {}";
        assert_eq!(tokens(expected).levels, []);
    }

    #[test]
    fn modules_lead_on() {
        let text = "mod a; mod b { mod c; } #[cfg_attr(windows, path = \"w.rs\")] mod d; \
                    include!(\"e.rs\");";
        let module = |around: &[&str], name: &str| Lead::Module {
            around: around.iter().map(|&name| name.to_owned()).collect(),
            name: name.to_owned(),
        };
        let file = |name: &str| Lead::File(name.to_owned());
        let expected = [
            module(&[], "a"),
            module(&["b"], "c"),
            file("w.rs"),
            module(&[], "d"),
            file("e.rs"),
        ];
        assert_eq!(tokens(text).leads, expected);
    }
}
