//! One path among the tokens of a source.

use proc_macro2::{Ident, TokenTree};

/// A path and where it begins; lines and columns count from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mention {
    pub(crate) path: Vec<String>,
    pub(crate) line: usize,
    pub(crate) column: usize,
}

/// The path that begins here, and how many trees it takes. What stands in angle brackets is no
/// part of it, and may name something itself.
pub(crate) fn path(first: &Ident, trees: &[TokenTree]) -> (Mention, usize) {
    let mut path = vec![plain(first)];
    let (mut at, mut length) = (1, 1);
    while let Some((next, step)) = continued(&trees[at..]) {
        path.push(plain(next));
        if at == length && step == "::".len() + 1 {
            length += step;
        }
        at += step;
    }
    let start = first.span().start();
    let mention = Mention {
        path,
        line: start.line,
        column: start.column + 1,
    };
    (mention, length)
}

/// The next part and the trees to its end: `::name`, `>::name` or `::<..>::name`.
fn continued(trees: &[TokenTree]) -> Option<(&Ident, usize)> {
    let colons = |at: usize| {
        let both = trees.get(at..at + 2)?;
        both.iter()
            .all(|tree| is_punct(tree, ':'))
            .then_some(at + 2)
    };
    let is_closing = |at: &usize| trees.get(*at).is_some_and(|tree| is_punct(tree, '>'));
    let mut at = colons(usize::from(is_closing(&0)))?;
    if is_punct(trees.get(at)?, '<') {
        let first = (at..trees.len()).find(is_closing)?;
        let end = (first..trees.len()).find(|at| !is_closing(at))?;
        at = colons(end)?;
    }
    match trees.get(at)? {
        TokenTree::Ident(next) => Some((next, at + 1)),
        _ => None,
    }
}

/// A raw identifier means the same.
pub(crate) fn plain(ident: &Ident) -> String {
    let name = ident.to_string();
    name.strip_prefix("r#").map(str::to_owned).unwrap_or(name)
}

pub(crate) fn is_punct(tree: &TokenTree, expected: char) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == expected)
}
