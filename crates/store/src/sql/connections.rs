//! What an SQL engine reads in a way of its own; all else is read by [`SqlReader`](super::SqlReader).

use super::{columns::Columns, request::select_requests, select::Select};
use crate::{
    Changes, Cursor, MediaRow, RequestQuery, StoreError, Unreadable, account::AccountRow,
    tables::TableReader,
};

pub(crate) type Accounts = Vec<Result<AccountRow, Unreadable>>;

/// The connections of an engine that read. The methods are those of [`Reader`](crate::reader::Reader)
/// where nothing else is said.
pub(crate) trait Connections: Send + Sync + 'static {
    type Row: Columns;
    type Select: Select;

    /// Reads `total` and `row_bytes`: how many requests there are, and bytes of the average one
    /// among the newest thousand.
    const REQUESTS_SIZE: &'static str;

    /// All rows of a query.
    fn rows(
        &self,
        select: Self::Select,
    ) -> impl Future<Output = Result<Vec<Self::Row>, StoreError>> + Send;

    /// The first row of a query, if there is one.
    fn row(
        &self,
        select: Self::Select,
    ) -> impl Future<Output = Result<Option<Self::Row>, StoreError>> + Send;

    fn accounts(&self) -> impl Future<Output = Result<Accounts, StoreError>> + Send;

    fn accounts_of(
        &self,
        ids: &[String],
    ) -> impl Future<Output = Result<Accounts, StoreError>> + Send;

    /// The query for requests, newest first, in the form that the indexes serve.
    fn select_requests(query: &RequestQuery) -> Self::Select {
        select_requests(query)
    }

    fn many_media(
        &self,
        ids: &[String],
    ) -> impl Future<Output = Result<Vec<MediaRow>, StoreError>> + Send;

    fn changes_since(
        &self,
        cursor: Option<Cursor>,
    ) -> impl Future<Output = Result<Option<Changes>, StoreError>> + Send;

    fn reusable_bytes(&self) -> impl Future<Output = Result<u64, StoreError>> + Send {
        async { Ok(0) }
    }

    fn tables(&self) -> impl Future<Output = Result<Box<dyn TableReader>, StoreError>> + Send;

    fn close(&self) -> impl Future<Output = ()> + Send;
}
