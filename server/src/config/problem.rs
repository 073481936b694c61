//! What is wrong with a configuration: all of it, in words for the person who wrote it.

use std::fmt;
use std::path::PathBuf;

/// Where a value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Line of the file, counted from 1.
    Line { file: PathBuf, line: usize },
    /// Environment variable.
    Variable(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line { file, line } => write!(f, "{} line {line}", file.display()),
            Self::Variable(name) => write!(f, "variable {name}"),
        }
    }
}

/// One thing that is wrong. Values of secrets are already replaced by `(hidden)`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    #[error("{place}: not valid TOML: {message}")]
    Syntax { place: Place, message: String },
    #[error("{place}: unknown key {key}{}", suggestion(.nearest))]
    UnknownKey {
        key: String,
        nearest: Option<String>,
        place: Place,
    },
    #[error("{place}: unknown section [{section}]{}", suggestion(.nearest))]
    UnknownSection {
        section: String,
        nearest: Option<String>,
        place: Place,
    },
    #[error("{place}: {key} = {value}: expected {expected}")]
    BadValue {
        key: String,
        value: String,
        expected: String,
        place: Place,
    },
    #[error("{place}: {key} is the published default of older releases; choose another password")]
    DefaultPassword { key: &'static str, place: Place },
    #[error("{place}: {key} is missing")]
    Missing { key: String, place: Place },
    #[error("{}: {message}", .path.display())]
    File { path: PathBuf, message: String },
}

fn suggestion(name: &Option<String>) -> String {
    name.as_ref()
        .map_or_else(String::new, |name| format!("; did you mean {name}?"))
}

/// Everything that is wrong, in the order of file and variables; one line each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<Problem>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the configuration has {} problem(s):", self.0.len())?;
        self.0
            .iter()
            .try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl std::error::Error for ConfigErrors {}

/// The known name that was probably meant: up to half of the letters differ, at most three.
pub(super) fn nearest_name<'a>(
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let limit = (name.chars().count() / 2).min(3);
    known
        .into_iter()
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Letters to insert, delete or replace (Levenshtein), row by row.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, y) in row.iter_mut().skip(1).zip(&b) {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = *cell;
            *cell = replaced.min(left + 1).min(diagonal + 1);
            left = *cell;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found_within_three_letters() {
        let known = ["concurrent", "timeout", "stream_timeout"];
        assert_eq!(nearest_name("concurent", known), Some("concurrent"));
        assert_eq!(nearest_name("stream_timout", known), Some("stream_timeout"));
        assert_eq!(nearest_name("timeouts", known), Some("timeout"));
        assert_eq!(nearest_name("tiemout", known), Some("timeout"));
        assert_eq!(nearest_name("colour", known), None);
        assert_eq!(nearest_name("n", ["id"]), None);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
    }
}
