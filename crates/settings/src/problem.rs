//! What is wrong with a configuration: all of it, in words for the person who wrote it.

use std::fmt;
use std::path::PathBuf;

/// Where a value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
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
pub(crate) enum Problem {
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
    /// The value has the right type; the reason follows the key's name.
    #[error("{place}: {key} {reason}")]
    Refused {
        key: String,
        reason: String,
        place: Place,
    },
    #[error("{place}: {key} is missing")]
    Missing { key: String, place: Place },
    #[error("{}: {message}", .path.display())]
    File { path: PathBuf, message: String },
}

fn suggestion(name: &Option<String>) -> String {
    name.as_ref()
        .map_or_else(String::new, |name| format!("; did you mean {name}?"))
}

/// Everything that is wrong, in the order of file and variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors(pub(crate) Vec<Problem>);

impl ConfigErrors {
    /// One line for each problem, without secrets: for the log and the health report.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let line = |problem: &Problem| one_line(&problem.to_string());
        self.0.iter().map(line).collect()
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self.lines();
        write!(f, "the configuration has {} problem(s):", lines.len())?;
        lines.iter().try_for_each(|line| write!(f, "\n  {line}"))
    }
}

impl std::error::Error for ConfigErrors {}

/// The text without line breaks and other control characters: names and values come from files and
/// variables, and must not be able to write lines of their own into a log.
pub(crate) fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_control() || c.is_whitespace());
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    words.join(" ")
}
