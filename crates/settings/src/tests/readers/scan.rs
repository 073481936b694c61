//! Finds out what a source file reads, from its tokens: those have no comments and no layout.

use std::collections::BTreeSet;
use std::str::FromStr;

use proc_macro2::{Delimiter, LexError, TokenStream, TokenTree};

/// The tokens of a file, in one row.
pub(super) struct Source(Vec<String>);

impl Source {
    pub(super) fn parse(text: &str) -> Result<Self, LexError> {
        let mut row = Vec::new();
        flatten(TokenStream::from_str(text)?, &mut row);
        Ok(Self(row))
    }

    /// Whether the file reads `section.key`, by the rule of the test.
    pub(super) fn reads(&self, section: &str, kind: &str, key: &str) -> bool {
        let names = self.names_of(section, kind);
        let is_name = |token: &String| names.contains(token.as_str());
        (0..self.0.len()).any(|at| {
            let row = &self.0[at..];
            row.first().is_some_and(is_name)
                && is(row, 1, ".")
                && is(row, 2, key)
                && !is(row, 3, "(")
                && (!is(row, 3, "=") || is(row, 4, "="))
        })
    }

    /// The section's name and the variables that stand for the section.
    fn names_of<'a>(&'a self, section: &'a str, kind: &str) -> BTreeSet<&'a str> {
        let mut names = BTreeSet::from([section]);
        for at in 0..self.0.len() {
            let row = &self.0[at..];
            let name = row[0].as_str();
            let is_bound = at > 0 && ["let", "mut"].contains(&self.0[at - 1].as_str());
            let is_alias = is_bound && is(row, 1, "=") && ends_with(row, section);
            // `name: Type`, but no path such as `name::Type`.
            let is_typed = is(row, 1, ":") && !is(row, 2, ":") && is_type(&row[2..], kind);
            if is_alias || is_typed {
                names.insert(name);
            }
        }
        names
    }
}

fn is(row: &[String], at: usize, token: &str) -> bool {
    row.get(at).is_some_and(|found| found == token)
}

/// Whether the statement ends with `.section;`.
fn ends_with(statement: &[String], section: &str) -> bool {
    let end = statement.iter().position(|token| token == ";");
    let last = end.and_then(|end| statement.get(end.saturating_sub(2)..end));
    last.is_some_and(|last| last == [".", section])
}

/// Whether a type begins here whose name is `kind`, behind `&`, a lifetime, `mut` and a path.
fn is_type(row: &[String], kind: &str) -> bool {
    let mut row = row.iter().map(String::as_str);
    let mut token = row.next();
    while let Some("&" | "'" | "mut") = token {
        token = if token == Some("'") {
            row.nth(1)
        } else {
            row.next()
        };
    }
    while let Some(name) = token {
        if name == kind {
            return true;
        }
        if (row.next(), row.next()) != (Some(":"), Some(":")) {
            return false;
        }
        token = row.next();
    }
    false
}

/// Puts the tokens in a row, without the items under `#[cfg(test)]`.
fn flatten(stream: TokenStream, row: &mut Vec<String>) {
    let mut tokens = stream.into_iter();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Group(group) if group.to_string().replace(' ', "") == "[cfg(test)]" => {
                row.pop();
                // The item ends with its body or a semicolon.
                let _ = tokens.by_ref().find(ends_item);
            }
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                row.push(open.to_owned());
                flatten(group.stream(), row);
                row.push(close.to_owned());
            }
            token => row.push(token.to_string()),
        }
    }
}

fn ends_item(token: &TokenTree) -> bool {
    match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        TokenTree::Punct(punct) => punct.as_char() == ';',
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads(text: &str) -> bool {
        Source::parse(text)
            .unwrap()
            .reads("chat", "ChatConfig", "concurrent")
    }

    #[test]
    fn a_reader_is_found_in_every_form_of_the_rule() {
        for text in [
            "fn f() { g(state.live.load().config.chat.concurrent.max(1)) }",
            "fn f() { config\n    .chat // the limit\n    .concurrent }",
            "fn f() { let (chat, app) = (&config.chat, &config.app); chat.concurrent }",
            "fn f() { let limits = &config.chat; g(limits.concurrent) }",
            "fn f() { let mut limits = self.config.chat; limits.concurrent }",
            "fn f(limits: &ChatConfig) { limits.concurrent }",
            "fn f<'a>(limits: &'a settings::ChatConfig) { limits.concurrent }",
            "fn f() { assert!(config.chat.concurrent == 5) }",
        ] {
            assert!(reads(text), "{text}");
        }
    }

    #[test]
    fn nothing_else_is_a_reader() {
        for text in [
            "/// One of `config.chat.concurrent` slots.\nfn f() {}",
            "fn f() { g(\"config.chat.concurrent\") }",
            "fn f() { config.chat.concurrent = 5; }",
            "fn f() { config.chat.concurrent() }",
            "fn f() { config.chat.concurrent_calls }",
            "fn f() { config.image.concurrent }",
            "fn f() { let limits = &config.chat; others.concurrent }",
            "fn f() { let limits = &config.chat.first; limits.concurrent }",
            "fn f(limits: &ImageConfig) { limits.concurrent }",
            "fn f() { limits::ChatConfig; limits.concurrent }",
            "#[cfg(test)] mod tests { fn f() { config.chat.concurrent } }",
            "#[cfg(test)] use x::y; fn f() {}",
        ] {
            assert!(!reads(text), "{text}");
        }
        let after_tests = "#[cfg(test)] mod tests; fn f() { config.chat.concurrent }";
        assert!(reads(after_tests), "the code behind a test item counts");
    }
}
