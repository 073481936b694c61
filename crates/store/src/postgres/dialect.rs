//! What PostgreSQL takes, and the connection that writes in its terms.

use std::borrow::Cow;

use sqlx::{
    Error, PgConnection, Postgres, QueryBuilder,
    postgres::{PgArguments, PgRow},
    query,
    query::Query,
};

use crate::sql::{Dialect, WriteSession};

pub(super) type Statement<'q> = Query<'q, Postgres, PgArguments>;

impl Dialect for Postgres {
    const INTEGER: &'static str = "BIGINT";
    /// The column's collation makes no difference of case for ASCII alone.
    const PROMPT_LIKE: [&'static str; 2] = ["prompt ILIKE ", ""];
    const COMPARES_ROWS: bool = true;
    /// The parts of each sum, added up.
    const SUMS: [&'static str; 2] = [
        "span, start_ms, model, client_key, outcome, SUM(requests)::bigint AS requests, \
         SUM(prompt_tokens)::bigint AS prompt_tokens, \
         SUM(completion_tokens)::bigint AS completion_tokens, \
         SUM(reasoning_tokens)::bigint AS reasoning_tokens, SUM(bytes)::bigint AS bytes, \
         SUM(cost)::bigint AS cost, SUM(duration_ms)::bigint AS duration_ms, \
         MAX(max_duration_ms) AS max_duration_ms, SUM(first_byte_ms)::bigint AS first_byte_ms, \
         SUM(first_bytes)::bigint AS first_bytes",
        " GROUP BY span, start_ms, model, client_key, outcome",
    ];

    fn stored(text: &str) -> Cow<'_, str> {
        self::text(text)
    }
}

/// A text as it is stored: PostgreSQL has no U+0000.
pub(super) fn text(value: &str) -> Cow<'_, str> {
    match value.contains('\0') {
        true => Cow::Owned(value.replace('\0', "\u{fffd}")),
        false => Cow::Borrowed(value),
    }
}

impl WriteSession for PgConnection {
    type Row = PgRow;
    type Select = QueryBuilder<Postgres>;
    type Statement = Statement<'static>;

    fn query(text: &'static str) -> Self::Statement {
        query(text)
    }

    async fn execute(&mut self, statement: Self::Statement) -> Result<u64, Error> {
        Ok(statement.execute(self).await?.rows_affected())
    }

    async fn rows(&mut self, statement: Self::Statement) -> Result<Vec<PgRow>, Error> {
        statement.fetch_all(self).await
    }

    async fn find(&mut self, mut select: Self::Select) -> Result<PgRow, Error> {
        select.build().fetch_one(self).await
    }
}
