//! The connection that writes.

use sqlx::Error;

use super::{columns::Columns, select::Select, values::Values};

/// A connection in the transaction of a batch.
pub(crate) trait WriteSession: Send {
    type Row: Columns;
    type Select: Select;
    type Statement: Values + Send;

    fn query(text: &'static str) -> Self::Statement;

    /// How many rows it concerned.
    fn execute(
        &mut self,
        statement: Self::Statement,
    ) -> impl Future<Output = Result<u64, Error>> + Send;

    /// All rows of a statement.
    fn rows(
        &mut self,
        statement: Self::Statement,
    ) -> impl Future<Output = Result<Vec<Self::Row>, Error>> + Send;

    /// The one row of a query that always has one.
    fn find(
        &mut self,
        select: Self::Select,
    ) -> impl Future<Output = Result<Self::Row, Error>> + Send;
}
