//! A source as its tokens: macros, attributes and code that is compiled away look alike here.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};

use super::paths::{Mention, is_punct, path, plain};

/// What the tokens of one source name.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    /// Every path, but for imports: what is imported and not used connects nowhere.
    pub(crate) mentions: Vec<Mention>,
    /// The lints whose level an attribute lowers.
    pub(crate) levels: Vec<Mention>,
    /// What a name may mean, by the imports of the file.
    pub(crate) imports: BTreeMap<String, BTreeSet<Vec<String>>>,
    /// What is imported as a whole.
    pub(crate) globs: Vec<Vec<String>>,
    /// The modules that it has inside.
    pub(crate) inside: BTreeSet<String>,
    /// The modules and other sources that it leads to.
    pub(crate) leads: Vec<Lead>,
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
    /// The line of what is no token, or is nested too deep.
    pub(crate) fn of(text: &str) -> Result<Self, usize> {
        let stream = TokenStream::from_str(code(text));
        let stream = stream.map_err(|error| error.span().start().line)?;
        let mut tokens = Self::default();
        tokens.take(stream, &Around::default())?;
        Ok(tokens)
    }

    fn take(&mut self, stream: TokenStream, around: &Around) -> Result<(), usize> {
        let trees: Vec<_> = stream.into_iter().collect();
        let mut at = 0;
        while let Some(tree) = trees.get(at) {
            at += match tree {
                TokenTree::Group(group) if around.depth > DEEPEST => {
                    return Err(group.span().start().line);
                }
                TokenTree::Group(group) => {
                    let attribute = &trees[at.saturating_sub(2)..at];
                    self.take(group.stream(), &around.within(group, attribute))?;
                    1
                }
                TokenTree::Ident(ident) => self.word(ident, &trees[at..], around)?,
                _ => 1,
            };
        }
        Ok(())
    }

    /// Takes what begins with an identifier, and says of how many trees it was.
    fn word(
        &mut self,
        ident: &Ident,
        trees: &[TokenTree],
        around: &Around,
    ) -> Result<usize, usize> {
        let rest = &trees[1..];
        match (ident.to_string().as_str(), rest) {
            // `use<..>` names what a type captures.
            ("use", [first, ..]) if !is_punct(first, '<') => {
                let end = rest.iter().position(|tree| is_punct(tree, ';'));
                let end = end.unwrap_or(rest.len());
                self.imports(&rest[..end], &[], around.depth)?;
                return Ok(end + 1);
            }
            (
                "crate",
                [
                    TokenTree::Ident(name),
                    TokenTree::Ident(again),
                    TokenTree::Ident(alias),
                    ..,
                ],
            ) if again == "as" => {
                self.import(plain(alias), vec![plain(name)]);
            }
            ("mod", [TokenTree::Ident(name), TokenTree::Group(body), ..]) => {
                self.inside.insert(plain(name));
                self.take(body.stream(), &around.below(plain(name)))?;
                return Ok(3);
            }
            ("mod", [TokenTree::Ident(name), ..]) => self.leads.push(Lead::Module {
                around: around.modules.clone(),
                name: plain(name),
            }),
            ("path", [equals, TokenTree::Literal(file), ..])
                if around.is_attribute && is_punct(equals, '=') =>
            {
                self.leads.extend(string(&file.to_string()).map(Lead::File));
            }
            ("include", [bang, TokenTree::Group(file), ..]) if is_punct(bang, '!') => {
                let file = string(&file.stream().to_string());
                self.leads.extend(file.map(Lead::File));
            }
            ("allow" | "warn", [TokenTree::Group(lints), ..]) if around.is_attribute => {
                let mut inside = Self::default();
                inside.take(lints.stream(), around)?;
                self.levels.extend(inside.mentions);
                return Ok(2);
            }
            _ => {}
        }
        let (mention, length) = path(ident, trees);
        self.mentions.push(mention);
        Ok(length)
    }

    fn import(&mut self, name: String, path: Vec<String>) {
        self.imports.entry(name).or_default().insert(path);
    }

    /// The tree of a `use`, without its semicolon.
    fn imports(
        &mut self,
        trees: &[TokenTree],
        before: &[String],
        depth: usize,
    ) -> Result<(), usize> {
        for branch in trees.split(|tree| is_punct(tree, ',')) {
            let mut whole = before.to_vec();
            let mut last = None;
            let mut trees = branch.iter().peekable();
            while let Some(tree) = trees.next() {
                match tree {
                    TokenTree::Ident(ident) if ident == "as" => {
                        if let Some(TokenTree::Ident(alias)) = trees.next() {
                            self.import(plain(alias), whole.clone());
                        }
                    }
                    TokenTree::Ident(ident) => {
                        if ident != "self" || whole.is_empty() {
                            whole.push(plain(ident));
                        }
                        last = whole.last().cloned();
                    }
                    TokenTree::Group(group) if depth > DEEPEST => {
                        return Err(group.span().start().line);
                    }
                    TokenTree::Group(group) => {
                        let inside: Vec<_> = group.stream().into_iter().collect();
                        self.imports(&inside, &whole, depth + 1)?;
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
                self.import(last, whole);
            }
        }
        Ok(())
    }
}

/// Where a stream of tokens stands.
#[derive(Default)]
struct Around {
    /// The inline modules around it.
    modules: Vec<String>,
    is_attribute: bool,
    depth: usize,
}

impl Around {
    /// In a group, which is an attribute's if the trees before it say so: `#` or `#!`.
    fn within(&self, group: &Group, before: &[TokenTree]) -> Self {
        let hash = |tree: &TokenTree| is_punct(tree, '#');
        let begins = match before {
            [first, second] => hash(second) || (hash(first) && is_punct(second, '!')),
            [only] => hash(only),
            _ => false,
        };
        let begins = begins && group.delimiter() == Delimiter::Bracket;
        Self {
            modules: self.modules.clone(),
            is_attribute: self.is_attribute || begins,
            depth: self.depth + 1,
        }
    }

    fn below(&self, module: String) -> Self {
        Self {
            modules: [&self.modules[..], &[module]].concat(),
            is_attribute: false,
            depth: self.depth + 1,
        }
    }
}

/// The text of a literal, raw or without escapes, which no name of a source needs.
fn string(literal: &str) -> Option<String> {
    let text = literal.trim().trim_start_matches('r').trim_matches('#');
    let text = text.strip_prefix('"')?.strip_suffix('"')?;
    Some(text.to_owned())
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

/// Deeper than people write, and far from the end of the stack.
const DEEPEST: usize = 128;

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
    fn a_path_goes_on_behind_angle_brackets() {
        for text in [
            "<reqwest::Client>::new()",
            "<reqwest::Client as Make>::new(); reqwest::Client::<T>::new()",
            "reqwest::Client::<A<B>>::new()",
            "<A as B>::<C>::d(); f::<reqwest::Client>(reqwest::Client::new)",
            "fn f() -> impl Sized + use<'a, T> { reqwest::Client::new() } fn g() { h(); }",
        ] {
            let written = written(text);
            let expected = "reqwest::Client::new".to_owned();
            assert!(written.contains(&expected), "{written:?}");
        }
    }

    #[test]
    fn what_stands_in_angle_brackets_is_named_too() {
        for text in ["f::<reqwest::Client>()", "f::<Vec<reqwest::Client>>::g()"] {
            let written = written(text);
            assert!(written.contains(&"reqwest::Client".into()), "{written:?}");
        }
    }

    #[test]
    fn what_is_nested_too_deep_is_not_taken() {
        for start in ["fn f() ", "use a::"] {
            let deep = |depth| format!("{start}{}{};", "{".repeat(depth), "}".repeat(depth));
            assert!(Tokens::of(&deep(100)).is_ok());
            assert!(Tokens::of(&deep(40_000)).is_err());
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
        let meant = |name: &str| {
            let paths = found.imports.get(name).into_iter().flatten();
            paths.map(|path| path.join("::")).collect::<Vec<_>>()
        };
        assert_eq!(meant("http"), ["reqwest"]);
        assert_eq!(meant("Client"), ["reqwest::Client"]);
        assert_eq!(meant("blocking"), ["reqwest::blocking"]);
        assert_eq!(meant("fetch"), ["reqwest::blocking::get"]);
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
        for text in [
            "#[expect(clippy::all, reason = \"x\")] #[deny(clippy::all)] fn f() {}",
            "fn f() { allow(clippy::all()); }",
        ] {
            assert_eq!(tokens(text).levels, [], "{text}");
        }
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
