//! What `MySQL` and `MariaDB` take, and the connection that writes in its terms.

use sqlx::{
    Error, MySql, QueryBuilder,
    mysql::{MySqlArguments, MySqlRow},
    query,
    query::Query,
};

use crate::sql::{Dialect, WriteSession};

use super::connection::Session;

pub(super) type Statement<'q> = Query<'q, MySql, MySqlArguments>;

impl Dialect for MySql {
    const INTEGER: &'static str = "SIGNED";
    const PROMPT_LIKE: [&'static str; 2] = ["LOWER(prompt) LIKE LOWER(", ")"];
    const COMPARES_ROWS: bool = false;
}

impl WriteSession for Session {
    type Row = MySqlRow;
    type Select = QueryBuilder<MySql>;
    type Statement = Statement<'static>;

    fn query(text: &'static str) -> Self::Statement {
        query(text)
    }

    async fn execute(&mut self, statement: Self::Statement) -> Result<u64, Error> {
        Session::execute(self, statement).await
    }

    async fn rows(&mut self, statement: Self::Statement) -> Result<Vec<MySqlRow>, Error> {
        Session::rows(self, statement).await
    }

    async fn find(&mut self, mut select: Self::Select) -> Result<MySqlRow, Error> {
        let row = self.row(select.build()).await?;
        row.ok_or(Error::RowNotFound)
    }
}
