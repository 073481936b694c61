//! Binding the values of a statement.

use std::borrow::Cow;

use sqlx::{Encode, Type, query::Query};

use super::{dialect::Dialect, numbers::to_i64};

/// A statement of any database, which takes its values in the order of its places.
pub(crate) trait Values: Sized {
    fn text(self, value: &str) -> Self;

    fn maybe_text(self, value: Option<&str>) -> Self;

    fn int(self, value: i64) -> Self;

    fn maybe_int(self, value: Option<i64>) -> Self;

    fn flag(self, value: bool) -> Self;

    fn count(self, value: u64) -> Self {
        self.int(to_i64(value))
    }
}

impl<'q, DB> Values for Query<'q, DB, DB::Arguments>
where
    DB: Dialect,
    for<'t> Cow<'t, str>: Encode<'t, DB> + Type<DB>,
    for<'t> Option<Cow<'t, str>>: Encode<'t, DB> + Type<DB>,
    for<'t> i64: Encode<'t, DB> + Type<DB>,
    for<'t> Option<i64>: Encode<'t, DB> + Type<DB>,
    for<'t> bool: Encode<'t, DB> + Type<DB>,
{
    fn text(self, value: &str) -> Self {
        self.bind(DB::stored(value))
    }

    fn maybe_text(self, value: Option<&str>) -> Self {
        self.bind(value.map(DB::stored))
    }

    fn int(self, value: i64) -> Self {
        self.bind(value)
    }

    fn maybe_int(self, value: Option<i64>) -> Self {
        self.bind(value)
    }

    fn flag(self, value: bool) -> Self {
        self.bind(value)
    }
}
