//! Reading request records and their sums, and removing old ones.

use async_trait::async_trait;

use crate::{RequestPosition, RequestRow, Span, StoreError, SumRow};

/// Which requests to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestQuery {
    /// Unix milliseconds; earlier requests are left out.
    pub since_ms: Option<i64>,
    /// Unix milliseconds; requests from this instant on are left out.
    pub until_ms: Option<i64>,
    /// Only requests with another outcome than [`Outcome::Served`](crate::Outcome::Served).
    pub only_failed: bool,
    /// Only requests with this key label.
    pub key: Option<String>,
    /// Only requests that asked for this model or were served by it.
    pub model: Option<String>,
    /// Only requests of this endpoint.
    pub endpoint: Option<String>,
    /// Only requests before this one: the last row of a page begins the next page.
    pub before: Option<RequestPosition>,
    /// Rows at most.
    pub limit: u32,
}

impl RequestQuery {
    /// The newest `limit` requests of any kind.
    #[must_use]
    pub fn newest(limit: u32) -> Self {
        Self {
            since_ms: None,
            until_ms: None,
            only_failed: false,
            key: None,
            model: None,
            endpoint: None,
            before: None,
            limit,
        }
    }
}

/// Which sums to read. The caller bounds their number by the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SumQuery {
    pub span: Span,
    /// Unix milliseconds; spans that begin earlier are left out.
    pub since_ms: i64,
    /// Unix milliseconds; spans that begin at this instant or later are left out.
    pub until_ms: i64,
}

/// How many request records to keep. What exceeds any one of the limits goes, oldest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Unix milliseconds; earlier requests go.
    pub before_ms: Option<i64>,
    /// Rows that may stay.
    pub max_rows: Option<u64>,
    /// Bytes that may stay: rows times the average size of the newest thousand, an estimate.
    pub max_bytes: Option<u64>,
}

impl Retention {
    /// Rows over the limits of number and size.
    pub(crate) fn excess(&self, size: TableSize) -> u64 {
        let over_rows = size.rows.saturating_sub(self.max_rows.unwrap_or(u64::MAX));
        let over_bytes = size
            .bytes
            .saturating_sub(self.max_bytes.unwrap_or(u64::MAX));
        let row_bytes = (size.bytes / size.rows.max(1)).max(1);
        over_rows.max(over_bytes.div_ceil(row_bytes).min(size.rows))
    }
}

/// Until when sums are removed, by span: those that begin before the instant (unix milliseconds).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SumRetention {
    pub minute_before_ms: i64,
    pub hour_before_ms: i64,
    pub day_before_ms: i64,
}

/// How much the request records take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TableSize {
    pub(crate) rows: u64,
    /// An estimate, see [`Retention::max_bytes`].
    pub(crate) bytes: u64,
}

/// What one call of pruning did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Rows that were removed.
    pub removed: u64,
    /// Whether the call stopped at its limit: call again.
    pub more: bool,
}

/// Reads and prunes request records. They are written by
/// [`RecordStore::submit`](crate::RecordStore::submit).
#[async_trait]
pub trait RequestStore: Send + Sync {
    /// The request of that id.
    async fn get_request(&self, id: &str) -> Result<Option<RequestRow>, StoreError>;

    /// Requests, newest first.
    async fn list_requests(&self, query: &RequestQuery) -> Result<Vec<RequestRow>, StoreError>;

    /// Sums in order of time, then model, key and outcome.
    async fn sum_requests(&self, query: &SumQuery) -> Result<Vec<SumRow>, StoreError>;

    /// Removes requests over the limits; sums stay.
    ///
    /// A call removes at most 10,000 rows, in transactions of 500, between which other writes are
    /// committed.
    ///
    /// # Cancellation
    /// What was removed until then stays removed.
    async fn prune_requests(&self, retention: &Retention) -> Result<Pruned, StoreError>;

    /// Removes old sums, at most 10,000 rows of each span a call, in transactions of 500.
    ///
    /// # Cancellation
    /// What was removed until then stays removed.
    async fn prune_sums(&self, retention: &SumRetention) -> Result<Pruned, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tighter_limit_decides_how_many_rows_go() {
        let size = TableSize {
            rows: 100,
            bytes: 50_000,
        };
        let excess = |max_rows, max_bytes| {
            let retention = Retention {
                before_ms: None,
                max_rows,
                max_bytes,
            };
            retention.excess(size)
        };
        assert_eq!(excess(None, None), 0);
        assert_eq!(excess(Some(100), Some(50_000)), 0);
        assert_eq!(excess(Some(90), None), 10);
        assert_eq!(excess(None, Some(49_999)), 1);
        assert_eq!(excess(Some(90), Some(25_000)), 50);
        assert_eq!(excess(None, Some(0)), 100);
        assert_eq!(Retention::default().excess(TableSize::default()), 0);
    }
}
