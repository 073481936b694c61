//! The store traits over [`SqliteStore`]: reads from the readers, writes through the writer.

use async_trait::async_trait;
use pool::{Account, AccountId};
use sqlx::query;

use crate::{
    AccountStore, Record, RecordStore, SessionRow, SessionStore, SettingStore, StoreError,
    UsageRow, UsageStore,
    crypto::sha256_hex,
    sql::{
        SqliteStore,
        op::Op,
        rows::{SealedAccount, StoredSession, read_account, read_usage, to_u64},
    },
};

#[async_trait]
impl AccountStore for SqliteStore {
    async fn load_accounts(&self) -> Result<Vec<Account>, StoreError> {
        let rows = query("SELECT * FROM accounts ORDER BY created_at_ms, id")
            .fetch_all(self.readers())
            .await?;
        rows.iter()
            .map(|row| read_account(row, self.keys()))
            .collect()
    }

    async fn insert_accounts(&self, accounts: &[Account]) -> Result<Vec<AccountId>, StoreError> {
        // Encrypted here, not in the writer: others need not wait for it.
        let sealed = accounts
            .iter()
            .map(|account| SealedAccount::new(account, self.keys()));
        let op = Op::InsertAccounts(sealed.collect::<Result<_, _>>()?);
        Ok(self.writer().write(op).await?.ids)
    }

    async fn delete_accounts(&self, ids: &[AccountId]) -> Result<u64, StoreError> {
        Ok(self
            .writer()
            .write(Op::DeleteAccounts(ids.to_vec()))
            .await?
            .rows)
    }
}

#[async_trait]
impl UsageStore for SqliteStore {
    async fn count_usage(&self) -> Result<u64, StoreError> {
        let count = sqlx::query_scalar::<_, i64>("SELECT COUNT(*) FROM usage_log");
        Ok(to_u64(count.fetch_one(self.readers()).await?))
    }

    async fn recent_usage(&self, limit: u32) -> Result<Vec<UsageRow>, StoreError> {
        let rows = query("SELECT * FROM usage_log ORDER BY at_ms DESC, id DESC LIMIT ?")
            .bind(limit)
            .fetch_all(self.readers())
            .await?;
        rows.iter().map(read_usage).collect()
    }
}

#[async_trait]
impl SettingStore for SqliteStore {
    async fn get_setting(&self, name: &str) -> Result<Option<String>, StoreError> {
        let select = sqlx::query_scalar("SELECT value FROM settings WHERE name = ?").bind(name);
        Ok(select.fetch_optional(self.readers()).await?)
    }

    async fn set_setting(&self, name: &str, value: &str) -> Result<(), StoreError> {
        let op = Op::SetSetting {
            name: name.to_owned(),
            value: value.to_owned(),
        };
        self.writer().write(op).await?;
        Ok(())
    }
}

#[async_trait]
impl SessionStore for SqliteStore {
    async fn create_session(&self, session: &SessionRow) -> Result<bool, StoreError> {
        let op = Op::CreateSession(StoredSession::new(session));
        Ok(self.writer().write(op).await?.rows == 1)
    }

    async fn save_session(&self, session: &SessionRow) -> Result<(), StoreError> {
        self.writer()
            .write(Op::SaveSession(StoredSession::new(session)))
            .await?;
        Ok(())
    }

    async fn load_session(&self, id: &str, now_ms: i64) -> Result<Option<SessionRow>, StoreError> {
        let found: Option<(String, i64)> = sqlx::query_as(
            "SELECT data, expires_at_ms FROM sessions WHERE id_hash = ? AND expires_at_ms > ?",
        )
        .bind(sha256_hex(id))
        .bind(now_ms)
        .fetch_optional(self.readers())
        .await?;
        Ok(found.map(|(data, expires_at_ms)| SessionRow {
            id: id.to_owned(),
            data,
            expires_at_ms,
        }))
    }

    async fn delete_session(&self, id: &str) -> Result<(), StoreError> {
        self.writer()
            .write(Op::DeleteSession {
                id_hash: sha256_hex(id),
            })
            .await?;
        Ok(())
    }

    async fn delete_all_sessions(&self) -> Result<u64, StoreError> {
        Ok(self.writer().write(Op::DeleteAllSessions).await?.rows)
    }

    async fn sweep_sessions(&self, now_ms: i64) -> Result<u64, StoreError> {
        Ok(self
            .writer()
            .write(Op::SweepSessions { now_ms })
            .await?
            .rows)
    }
}

#[async_trait]
impl RecordStore for SqliteStore {
    async fn commit(&self, record: Record) -> Result<(), StoreError> {
        self.writer().write(Op::Record(record)).await?;
        Ok(())
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.writer().check()?;
        query("SELECT 1").execute(self.readers()).await?;
        Ok(())
    }

    async fn close(&self) {
        // The inherent method.
        Self::close(self).await;
    }
}
