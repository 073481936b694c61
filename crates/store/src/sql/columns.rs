//! Reading a row, column by column.

use sqlx::{ColumnIndex, Decode, Error, Row, Type};

use super::numbers::{to_u32, to_u64};

/// A row of any database, whose columns are found by name, or by place (`usize`) where there are very
/// many rows. A column of another type, or a null where none may be, is an error that names it.
pub(crate) trait Columns<I: Copy + ToString = &'static str>: Send + Sync {
    fn text(&self, column: I) -> Result<String, Error>;

    fn maybe_text(&self, column: I) -> Result<Option<String>, Error>;

    /// A short text that is looked at and not kept.
    fn name(&self, column: I) -> Result<&str, Error>;

    fn int(&self, column: I) -> Result<i64, Error>;

    fn maybe_int(&self, column: I) -> Result<Option<i64>, Error>;

    fn flag(&self, column: I) -> Result<bool, Error>;

    fn count(&self, column: I) -> Result<u64, Error> {
        self.int(column).map(to_u64)
    }

    fn small_count(&self, column: I) -> Result<u32, Error> {
        self.int(column).map(to_u32)
    }

    /// One of few values by its name; `what` says in an error what it should have been.
    fn named<T>(
        &self,
        column: I,
        from_name: fn(&str) -> Option<T>,
        what: &str,
    ) -> Result<T, Error> {
        let name = self.name(column)?;
        from_name(name).ok_or_else(|| Error::ColumnDecode {
            index: column.to_string(),
            source: format!("`{name}` is no {what}").into(),
        })
    }
}

impl<R, I> Columns<I> for R
where
    R: Row,
    I: ColumnIndex<R> + Copy + ToString,
    for<'r> String: Decode<'r, R::Database> + Type<R::Database>,
    for<'r> Option<String>: Decode<'r, R::Database> + Type<R::Database>,
    for<'r> &'r str: Decode<'r, R::Database> + Type<R::Database>,
    for<'r> i64: Decode<'r, R::Database> + Type<R::Database>,
    for<'r> Option<i64>: Decode<'r, R::Database> + Type<R::Database>,
    for<'r> bool: Decode<'r, R::Database> + Type<R::Database>,
{
    fn text(&self, column: I) -> Result<String, Error> {
        self.try_get(column)
    }

    fn maybe_text(&self, column: I) -> Result<Option<String>, Error> {
        self.try_get(column)
    }

    fn name(&self, column: I) -> Result<&str, Error> {
        self.try_get(column)
    }

    fn int(&self, column: I) -> Result<i64, Error> {
        self.try_get(column)
    }

    fn maybe_int(&self, column: I) -> Result<Option<i64>, Error> {
        self.try_get(column)
    }

    fn flag(&self, column: I) -> Result<bool, Error> {
        self.try_get(column)
    }
}
