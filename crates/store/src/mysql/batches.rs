//! One row for each transaction: by it a batch is known again, and others learn what it changed.
//!
//! The row is written first. Should an earlier try of the batch still be on its way into the
//! database, the unique key makes this one wait for its end.

use std::time::Duration;

use pool::AccountId;
use serde::{Deserialize, Serialize};
use sqlx::{Error, Row, query};
use uuid::Uuid;

use super::{
    connection::Session,
    error::{Failure, is_duplicate},
    statements::{
        DONE_OF_BATCH, LAST_BATCHES, MARK_BATCH, MARK_DONE, SWEEP_BATCHES, SWEEP_WRITERS,
    },
};
use crate::{
    sql::to_i64,
    writer::{Batch, BatchId, Done, recall, remember},
};

/// News are kept for so long after their transaction.
pub(super) const KEPT: Duration = Duration::from_secs(300);
/// The newest batch of a writer is kept for so long: it may not know yet that it is stored.
const WRITER_KEPT: Duration = Duration::from_secs(7 * 24 * 3600);
pub(super) const SWEEP_INTERVAL: Duration = Duration::from_secs(10);
/// Rows that one statement removes.
const SWEEP_ROWS: u32 = 5000;
/// Accounts that are named one by one; of more than these others read everything again.
const NAMED_ACCOUNTS: usize = 10_000;

/// What a transaction changed, as it is stored.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct News {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    accounts: Vec<String>,
    /// Too much to be named.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    everything: bool,
}

impl News {
    fn of(batch: &Batch<'_>) -> Self {
        let changed = batch.changed();
        if changed.len() > NAMED_ACCOUNTS {
            return Self {
                everything: true,
                ..Self::default()
            };
        }
        Self {
            accounts: changed.into_iter().map(str::to_owned).collect(),
            everything: false,
        }
    }

    /// The column's text; `None` when nothing changed that concerns others.
    fn write(&self) -> Option<String> {
        let text = (*self != Self::default()).then(|| serde_json::to_string(self));
        // Texts only: this cannot fail.
        text.and_then(Result::ok)
    }

    /// What [`write`](Self::write) wrote; what cannot be read may be anything.
    pub(super) fn read(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_else(|_| Self {
            everything: true,
            ..Self::default()
        })
    }

    /// `None`: everything may have changed.
    pub(super) fn changed(self) -> Option<impl Iterator<Item = AccountId>> {
        (!self.everything).then(|| self.accounts.into_iter().map(AccountId::new))
    }
}

/// Begins the transaction of a batch; what it did, if it was committed before.
pub(super) async fn begin(
    session: &mut Session,
    batch: &Batch<'_>,
) -> Result<Option<Vec<Done>>, Failure> {
    let BatchId { writer, number } = batch.id;
    let mark = query(MARK_BATCH)
        .bind(writer.to_string())
        .bind(to_i64(number))
        .bind(News::of(batch).write());
    match session.execute(mark).await {
        Ok(_) => Ok(None),
        Err(error) if is_duplicate(&error) => Ok(Some(done_before(session, batch.id).await?)),
        Err(error) => Err(error.into()),
    }
}

async fn done_before(session: &mut Session, id: BatchId) -> Result<Vec<Done>, Error> {
    let find = query(DONE_OF_BATCH)
        .bind(id.writer.to_string())
        .bind(to_i64(id.number));
    let Some(row) = session.row(find).await? else {
        return Ok(Vec::new());
    };
    let done: Option<String> = row.try_get(0)?;
    Ok(done.map(|done| recall(&done)).unwrap_or_default())
}

/// Stores what the operations of the batch did.
pub(super) async fn keep_done(
    session: &mut Session,
    id: BatchId,
    done: &[Done],
) -> Result<(), Error> {
    let keep = query(MARK_DONE)
        .bind(remember(done))
        .bind(id.writer.to_string())
        .bind(to_i64(id.number));
    session.execute(keep).await.map(drop)
}

/// Removes what nobody needs any more: some rows of every writer, in a transaction of their own.
pub(super) async fn sweep(session: &mut Session, own: Option<&Uuid>) -> Result<(), Error> {
    let own = own.map(Uuid::to_string);
    for row in session.rows(query(LAST_BATCHES)).await? {
        let (writer, newest): (String, i64) = (row.try_get(0)?, row.try_get(1)?);
        // Those of others are left to them for a while, so that two do not wait for each other.
        let kept = match own.as_ref() == Some(&writer) {
            true => KEPT,
            false => KEPT * 2,
        };
        let sweep = query(SWEEP_BATCHES)
            .bind(writer)
            .bind(newest)
            .bind(millis(kept))
            .bind(SWEEP_ROWS);
        session.execute(sweep).await?;
    }
    let sweep = query(SWEEP_WRITERS).bind(millis(WRITER_KEPT));
    session.execute(sweep.bind(SWEEP_ROWS)).await?;
    session.commit().await
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use test_support::databases::{Engine, Server};

    use super::*;
    use crate::{MasterKey, mysql::address::Address, mysql::open};

    #[tokio::test]
    async fn what_nobody_needs_any_more_is_removed() {
        let mut server = Server::start(Engine::MariaDb).await.unwrap();
        let url = server.fresh_database().unwrap();
        open(&url, &MasterKey::from_bytes([1; 32])).await.unwrap();
        let mut session = Session::open(&Address::parse(&url).unwrap().options)
            .await
            .unwrap();
        let rows = [
            ("away", 1, 60),
            ("away", 2, 50),
            ("gone", 1, 8 * 24 * 60),
            ("here", 1, 40),
            ("here", 2, 5),
            ("here", 3, 0),
        ];
        for (writer, number, minutes_ago) in rows {
            let insert = query(
                "INSERT INTO batches (writer, batch, at_ms) \
                 VALUES (?, ?, CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED) - ? * 60000)",
            );
            let insert = insert.bind(writer).bind(number).bind(minutes_ago);
            session.execute(insert).await.unwrap();
        }
        sweep(&mut session, None).await.unwrap();
        let left = query("SELECT writer, batch FROM batches ORDER BY writer, batch");
        let left = session.rows(left).await.unwrap();
        let left: Vec<(String, i64)> = left
            .iter()
            .map(|row| (row.try_get(0).unwrap(), row.try_get(1).unwrap()))
            .collect();
        let expected = [("away", 2), ("here", 2), ("here", 3)];
        assert_eq!(
            left,
            expected.map(|(writer, number)| (writer.to_owned(), number))
        );
    }

    #[test]
    fn news_read_back_and_what_cannot_be_read_may_be_anything() {
        let mut news = News::default();
        assert_eq!(news.write(), None);
        news.accounts.push("a".to_owned());
        assert_eq!(News::read(&news.write().unwrap()), news);
        for everything in [r#"{"everything":true}"#, "nonsense"] {
            assert!(News::read(everything).changed().is_none());
        }
        let older = News::read(r#"{"accounts":["a"],"settings":["s"]}"#);
        assert_eq!(older, news, "earlier versions told settings too");
    }
}
