//! The store traits, implemented once for every engine: reads through its [`Reader`], writes
//! through the [`GroupWriter`].

mod documents;
mod media;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use pool::{Account, AccountChange, AccountId, Change, Credential};
use tokio::time::{Instant, timeout};
use uuid::Uuid;

use crate::{
    AccountStore, ChangeFeed, Changes, Cursor, LoadedAccounts, Lock, LockToken, Pruned, Receipt,
    Record, RecordStore, RequestPosition, RequestQuery, RequestRow, RequestStore, Retention,
    SessionRow, SessionStore, SettingStore, Span, StoreError, SumQuery, SumRetention, SumRow,
    TableStore, Tables, Unreadable,
    account::AccountRow,
    crypto::{Keys, sha256_hex},
    patch::{StoredChange, fold_one},
    reader::Reader,
    record_verdict::RecordVerdict,
    request::StoredRequest,
    session::StoredSession,
    tables::{self, Row, StoredRow, Table},
    writer::{CopiedRows, Done, GroupWriter, NewCredential, Op, StoredRecord, Write},
};

/// How long a page or a job waits for its write. One that is later is done all the same.
const OP_LIMIT: Duration = Duration::from_secs(20);
/// How long whoever copies waits for a store that cannot be written.
const COPY_PATIENCE: Duration = Duration::from_secs(30);
/// Between two looks at whether it can.
const COPY_LOOK: Duration = Duration::from_secs(1);
/// Rows that are removed in one transaction: some milliseconds.
const PRUNE_BATCH: u32 = 500;
/// Rows that one call of pruning removes at most.
const PRUNE_CALL: u64 = 10_000;

/// An opened store.
pub(crate) struct Backend<R> {
    pub(crate) reader: R,
    pub(crate) writer: GroupWriter,
    pub(crate) keys: Keys,
}

impl<R> Backend<R> {
    /// Writes and returns the number of rows that were added, changed or removed.
    async fn write(&self, op: Op) -> Result<u64, StoreError> {
        Ok(self.write_op(op).await?.rows)
    }

    /// Writes what a page or a job waits for: refused at once while nothing can be written.
    async fn write_op(&self, op: Op) -> Result<Done, StoreError> {
        self.writer.check()?;
        let late = |_| StoreError::Late { after: OP_LIMIT };
        timeout(OP_LIMIT, self.writer.write(op))
            .await
            .map_err(late)?
    }

    fn seal_changes(
        &self,
        changes: impl IntoIterator<Item = AccountChange>,
    ) -> Result<Vec<StoredChange>, StoreError> {
        let seal = |change| StoredChange::seal(change, &self.keys);
        changes.into_iter().map(seal).collect()
    }

    fn open_accounts(&self, rows: Vec<Result<AccountRow, Unreadable>>) -> LoadedAccounts {
        let mut loaded = LoadedAccounts::default();
        for row in rows {
            match row.and_then(|row| row.open(&self.keys)) {
                Ok(account) => loaded.accounts.push(account),
                Err(unreadable) => loaded.unreadable.push(unreadable),
            }
        }
        loaded
    }

    /// Waits while the store writes, however slowly: whoever copies has nothing else to do. What
    /// cannot be written for [`COPY_PATIENCE`], as on a full disk, is given up.
    async fn write_copied(&self, copied: CopiedRows) -> Result<(), StoreError> {
        self.writer.check()?;
        let mut answer = self.writer.submit(Write::Rows(Box::new(copied)))?;
        let mut trouble_since = None;
        loop {
            if let Ok(answer) = timeout(COPY_LOOK, &mut answer).await {
                return answer.unwrap_or(Err(StoreError::Closed)).map(drop);
            }
            let Err(trouble @ StoreError::Degraded { .. }) = self.writer.check() else {
                trouble_since = None;
                continue;
            };
            let since = *trouble_since.get_or_insert_with(Instant::now);
            if since.elapsed() > COPY_PATIENCE {
                return Err(trouble);
            }
        }
    }

    /// Removes rows batch by batch until none is left or the call's limit is reached.
    async fn prune(&self, batch: impl Fn(u32) -> Op) -> Result<Pruned, StoreError> {
        let mut pruned = Pruned::default();
        while pruned.removed < PRUNE_CALL {
            let rows = self.write(batch(PRUNE_BATCH)).await?;
            pruned.removed += rows;
            if rows < u64::from(PRUNE_BATCH) {
                return Ok(pruned);
            }
        }
        pruned.more = true;
        Ok(pruned)
    }
}

#[async_trait]
impl<R: Reader> AccountStore for Backend<R> {
    async fn load_accounts(&self) -> Result<LoadedAccounts, StoreError> {
        let mut loaded = self.open_accounts(self.reader.accounts().await?);
        // The engines would write them to a file for that.
        let age = |one: &Account| (one.created_at_ms, one.id.clone());
        loaded.accounts.sort_by_cached_key(age);
        Ok(loaded)
    }

    async fn load_accounts_of(&self, ids: &[AccountId]) -> Result<LoadedAccounts, StoreError> {
        let ids: Vec<String> = ids.iter().map(AccountId::to_string).collect();
        Ok(self.open_accounts(self.reader.accounts_of(&ids).await?))
    }

    async fn insert_accounts(&self, accounts: &[Account]) -> Result<Vec<AccountId>, StoreError> {
        // Encrypted here, not in the writer: others need not wait for it.
        let rows = accounts
            .iter()
            .map(|account| AccountRow::seal(account, &self.keys));
        let op = Op::InsertAccounts(rows.collect::<Result<_, _>>()?);
        Ok(self.write_op(op).await?.ids)
    }

    async fn replace_credential(
        &self,
        id: &AccountId,
        credential: &Credential,
        changes: &[Change],
    ) -> Result<bool, StoreError> {
        let of_account = |change: &Change| AccountChange {
            id: id.clone(),
            change: change.clone(),
        };
        let changes = self.seal_changes(changes.iter().map(of_account))?;
        let new = NewCredential {
            id: id.clone(),
            credential: self.keys.seal(id.as_str(), credential.expose())?,
            credential_hash: self.keys.hash(credential.expose()),
            patch: fold_one(&changes),
        };
        Ok(self.write(Op::ReplaceCredential(Box::new(new))).await? > 0)
    }

    async fn delete_accounts(&self, ids: &[AccountId]) -> Result<u64, StoreError> {
        self.write(Op::DeleteAccounts(ids.to_vec())).await
    }
}

#[async_trait]
impl<R: Reader> RecordStore for Backend<R> {
    fn submit(&self, record: Record) -> Result<Receipt, StoreError> {
        let verdict = Arc::<RecordVerdict>::default();
        let record = StoredRecord {
            changes: self.seal_changes(record.changes)?,
            request: record.request.map(StoredRequest::new),
            verdict: Arc::clone(&verdict),
        };
        let answer = self.writer.submit(Write::Record(Box::new(record)))?;
        Ok(Receipt { answer, verdict })
    }

    fn check(&self) -> Result<(), StoreError> {
        self.writer.check()
    }

    async fn ended(&self) {
        self.writer.ended().await;
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.check()?;
        self.reader.ping().await
    }

    async fn close(&self) {
        // Readers first: then the writer is the last one out and leaves a tidy database behind.
        self.reader.close().await;
        self.writer.close().await;
    }
}

#[async_trait]
impl<R: Reader> RequestStore for Backend<R> {
    async fn get_request(&self, id: &str) -> Result<Option<RequestRow>, StoreError> {
        self.reader.request(id).await
    }

    async fn list_requests(&self, query: &RequestQuery) -> Result<Vec<RequestRow>, StoreError> {
        self.reader.requests(query).await
    }

    async fn sum_requests(&self, query: &SumQuery) -> Result<Vec<SumRow>, StoreError> {
        self.reader.sums(query).await
    }

    async fn prune_requests(&self, retention: &Retention) -> Result<Pruned, StoreError> {
        let excess = if retention.max_rows.is_some() || retention.max_bytes.is_some() {
            let size = self.reader.requests_size().await?;
            retention.excess(size).min(PRUNE_CALL)
        } else {
            0
        };
        let start = |at_ms| RequestPosition {
            at_ms,
            id: String::new(),
        };
        let mut before = start(retention.before_ms.unwrap_or(i64::MIN));
        if excess > 0 {
            let kept = self.reader.nth_oldest_request(excess).await?;
            before = before.max(kept.unwrap_or_else(|| start(i64::MAX)));
        }
        self.prune(|limit| Op::PruneRequests {
            before: before.clone(),
            limit,
        })
        .await
    }

    async fn prune_sums(&self, retention: &SumRetention) -> Result<Pruned, StoreError> {
        let mut total = Pruned::default();
        for (span, before_ms) in [
            (Span::Minute, retention.minute_before_ms),
            (Span::Hour, retention.hour_before_ms),
            (Span::Day, retention.day_before_ms),
        ] {
            let op = |limit| Op::PruneSums {
                span,
                before_ms,
                limit,
            };
            let pruned = self.prune(op).await?;
            total.removed += pruned.removed;
            total.more |= pruned.more;
        }
        Ok(total)
    }
}

#[async_trait]
impl<R: Reader> SettingStore for Backend<R> {
    async fn get_setting(&self, name: &str) -> Result<Option<String>, StoreError> {
        self.reader.setting(name).await
    }

    async fn set_setting(&self, name: &str, value: &str) -> Result<(), StoreError> {
        let op = Op::SetSetting {
            name: name.to_owned(),
            value: value.to_owned(),
        };
        self.write(op).await.map(drop)
    }
}

#[async_trait]
impl<R: Reader> SessionStore for Backend<R> {
    async fn create_session(&self, session: &SessionRow) -> Result<bool, StoreError> {
        let op = Op::CreateSession(StoredSession::new(session));
        Ok(self.write(op).await? > 0)
    }

    async fn save_session(&self, session: &SessionRow) -> Result<bool, StoreError> {
        let op = Op::SaveSession(StoredSession::new(session));
        Ok(self.write(op).await? > 0)
    }

    async fn touch_session(&self, id: &str, expires_at_ms: i64) -> Result<bool, StoreError> {
        let op = Op::TouchSession {
            id_hash: sha256_hex(id),
            expires_at_ms,
        };
        Ok(self.write(op).await? > 0)
    }

    async fn load_session(&self, id: &str, now_ms: i64) -> Result<Option<SessionRow>, StoreError> {
        let found = self.reader.session(&sha256_hex(id), now_ms).await?;
        Ok(found.map(|session| session.open(id)))
    }

    async fn delete_session(&self, id: &str) -> Result<(), StoreError> {
        let id_hash = sha256_hex(id);
        self.write(Op::DeleteSession { id_hash }).await.map(drop)
    }

    async fn delete_all_sessions(&self) -> Result<u64, StoreError> {
        self.write(Op::DeleteAllSessions).await
    }

    async fn sweep_sessions(&self, now_ms: i64) -> Result<u64, StoreError> {
        self.write(Op::SweepSessions { now_ms }).await
    }
}

#[async_trait]
impl<R: Reader> Lock for Backend<R> {
    async fn try_lock(
        &self,
        name: &str,
        owner: &str,
        now_ms: i64,
        ttl: Duration,
    ) -> Result<Option<LockToken>, StoreError> {
        // The id keeps an owner from mistaking a later holding of its own for this one.
        let token = LockToken {
            name: name.to_owned(),
            holder: format!("{owner} {}", Uuid::new_v4().simple()),
        };
        let op = Op::TakeLock {
            name: token.name.clone(),
            holder: token.holder.clone(),
            now_ms,
            until_ms: after(now_ms, ttl),
        };
        Ok((self.write(op).await? > 0).then_some(token))
    }

    async fn renew_lock(
        &self,
        token: &LockToken,
        now_ms: i64,
        ttl: Duration,
    ) -> Result<bool, StoreError> {
        let op = Op::RenewLock {
            name: token.name.clone(),
            holder: token.holder.clone(),
            now_ms,
            until_ms: after(now_ms, ttl),
        };
        Ok(self.write(op).await? > 0)
    }

    async fn unlock(&self, token: LockToken) -> Result<(), StoreError> {
        let LockToken { name, holder } = token;
        self.write(Op::ReleaseLock { name, holder }).await.map(drop)
    }
}

fn after(now_ms: i64, ttl: Duration) -> i64 {
    now_ms.saturating_add(i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX))
}

#[async_trait]
impl<R: Reader> ChangeFeed for Backend<R> {
    async fn changes_since(&self, cursor: Option<Cursor>) -> Result<Option<Changes>, StoreError> {
        self.reader.changes_since(cursor).await
    }
}

#[async_trait]
impl<R: Reader> TableStore for Backend<R> {
    async fn tables(&self) -> Result<Tables<'_>, StoreError> {
        Ok(Tables::new(self.reader.tables().await?, &self.keys))
    }

    async fn write_rows(
        &self,
        rows: Vec<Row>,
        settings: Vec<(String, Option<String>)>,
    ) -> Result<(), StoreError> {
        let copied = tables::copied(rows, settings, &self.keys)?;
        self.write_copied(copied).await
    }

    async fn clear(&self) -> Result<(), StoreError> {
        self.delete_all_sessions().await?;
        let all = Retention {
            before_ms: Some(i64::MAX),
            ..Retention::default()
        };
        while self.prune_requests(&all).await?.more {}
        let every = SumRetention {
            minute_before_ms: i64::MAX,
            hour_before_ms: i64::MAX,
            day_before_ms: i64::MAX,
        };
        while self.prune_sums(&every).await?.more {}
        for table in Table::ALL {
            let mut place = None;
            loop {
                // A view of its own for each page: an old one would see what is gone.
                let mut reader = self.reader.tables().await?;
                let page = reader.rows(table, place.as_deref(), table.page_rows());
                let page = page.await?;
                drop(reader);
                let removed = CopiedRows {
                    ops: page.rows.iter().filter_map(StoredRow::removal).collect(),
                    ..CopiedRows::default()
                };
                self.write_copied(removed).await?;
                place = page.next;
                if place.is_none() {
                    break;
                }
            }
        }
        Ok(())
    }
}
