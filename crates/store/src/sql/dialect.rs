//! In what the databases differ where a statement is otherwise the same.

use std::borrow::Cow;

use sqlx::Database;

/// A database, as its engine describes it.
pub(crate) trait Dialect: Database {
    /// To what a sum of integers is cast, which is a decimal number otherwise.
    const INTEGER: &'static str;
    /// Before and behind the pattern that a prompt is like, whatever the case of its letters.
    const PROMPT_LIKE: [&'static str; 2];
    /// Whether an index serves `(a, b) < (…, …)`; elsewhere it is spelt out.
    const COMPARES_ROWS: bool;
    /// The columns of a sum, and what makes one row of its parts where it has some.
    const SUMS: [&'static str; 2] = ["*", ""];

    /// A text as it can be stored.
    fn stored(text: &str) -> Cow<'_, str> {
        Cow::Borrowed(text)
    }
}
