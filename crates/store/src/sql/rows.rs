//! Between rows and Rust types.

use pool::{Account, AccountId, Cooldown, CooldownReason, Credential, Status, Tier};
use sqlx::{Row, Sqlite, query::Query, sqlite::SqliteArguments, sqlite::SqliteRow};

use crate::{
    SessionRow, StoreError, UsageRow,
    crypto::{Keys, sha256_hex},
};

pub(crate) type Statement<'q> = Query<'q, Sqlite, SqliteArguments>;

/// An account ready to be written: its credential is ciphertext already.
#[derive(Debug)]
pub(crate) struct SealedAccount {
    account: Account,
    credential: String,
    credential_hash: String,
    tags: String,
}

impl SealedAccount {
    pub(crate) fn new(account: &Account, keys: &Keys) -> Result<Self, StoreError> {
        let secret = account.credential.expose();
        Ok(Self {
            credential: keys.seal(account.id.as_str(), secret)?,
            credential_hash: keys.hash(secret),
            tags: serde_json::Value::from(account.tags.clone()).to_string(),
            account: account.clone(),
        })
    }

    pub(crate) fn id(&self) -> &AccountId {
        &self.account.id
    }

    pub(crate) fn bind<'q>(&'q self, statement: Statement<'q>) -> Statement<'q> {
        let account = &self.account;
        let cooldown = account.cooldown.as_ref();
        statement
            .bind(account.id.as_str())
            .bind(&self.credential)
            .bind(&self.credential_hash)
            .bind(account.tier.as_str())
            .bind(account.status.as_str())
            .bind(account.quota)
            .bind(account.created_at_ms)
            .bind(account.last_used_at_ms)
            .bind(to_i64(account.use_count))
            .bind(account.fail_count)
            .bind(account.last_fail_at_ms)
            .bind(account.last_fail_reason.as_deref())
            .bind(account.last_sync_at_ms)
            .bind(cooldown.map(|cooldown| cooldown.until_ms))
            .bind(cooldown.map(|cooldown| cooldown.reason.as_str()))
            .bind(&self.tags)
            .bind(&account.note)
            .bind(account.last_asset_clear_at_ms)
    }
}

/// A session as it is stored: the id only as hash.
#[derive(Debug)]
pub(crate) struct StoredSession {
    id_hash: String,
    data: String,
    expires_at_ms: i64,
}

impl StoredSession {
    pub(crate) fn new(session: &SessionRow) -> Self {
        Self {
            id_hash: sha256_hex(&session.id),
            data: session.data.clone(),
            expires_at_ms: session.expires_at_ms,
        }
    }

    pub(crate) fn bind<'q>(&'q self, statement: Statement<'q>) -> Statement<'q> {
        statement
            .bind(&self.id_hash)
            .bind(&self.data)
            .bind(self.expires_at_ms)
    }
}

pub(crate) fn read_account(row: &SqliteRow, keys: &Keys) -> Result<Account, StoreError> {
    let id: String = row.try_get("id")?;
    let corrupt = |what: &str| StoreError::Corrupt {
        what: format!("{what} of account {id}"),
    };
    let sealed: &str = row.try_get("credential")?;
    let credential =
        Credential::try_new(&keys.open(&id, sealed)?).map_err(|_| corrupt("the credential"))?;
    let tier = Tier::from_name(row.try_get("pool")?).ok_or_else(|| corrupt("the pool"))?;
    let status = Status::from_name(row.try_get("status")?).ok_or_else(|| corrupt("the status"))?;
    let tags: &str = row.try_get("tags")?;
    let cooldown = match (
        row.try_get("cooldown_until_ms")?,
        row.try_get("cooldown_reason")?,
    ) {
        (Some(until_ms), Some(reason)) => Some(Cooldown {
            until_ms,
            reason: CooldownReason::from_name(reason)
                .ok_or_else(|| corrupt("the cooldown reason"))?,
        }),
        _ => None,
    };
    Ok(Account {
        credential,
        tier,
        status,
        quota: to_u32(row.try_get("quota")?),
        created_at_ms: row.try_get("created_at_ms")?,
        last_used_at_ms: row.try_get("last_used_at_ms")?,
        use_count: to_u64(row.try_get("use_count")?),
        fail_count: to_u32(row.try_get("fail_count")?),
        last_fail_at_ms: row.try_get("last_fail_at_ms")?,
        last_fail_reason: row.try_get("last_fail_reason")?,
        last_sync_at_ms: row.try_get("last_sync_at_ms")?,
        cooldown,
        tags: serde_json::from_str(tags).map_err(|_| corrupt("the list of tags"))?,
        note: row.try_get("note")?,
        last_asset_clear_at_ms: row.try_get("last_asset_clear_at_ms")?,
        id: AccountId::new(id),
    })
}

pub(crate) fn read_usage(row: &SqliteRow) -> Result<UsageRow, StoreError> {
    let count = |column| row.try_get::<i64, _>(column).map(to_u64);
    Ok(UsageRow {
        id: row.try_get("id")?,
        at_ms: row.try_get("at_ms")?,
        account_id: row.try_get("account_id")?,
        client_key: row.try_get("client_key")?,
        model: row.try_get("model")?,
        endpoint: row.try_get("endpoint")?,
        stream: row.try_get::<i64, _>("stream")? != 0,
        status: u16::try_from(row.try_get::<i64, _>("status")?).unwrap_or_default(),
        error_code: row.try_get("error_code")?,
        prompt_tokens: count("prompt_tokens")?,
        completion_tokens: count("completion_tokens")?,
        reasoning_tokens: count("reasoning_tokens")?,
        estimated: row.try_get::<i64, _>("estimated")? != 0,
        cost: to_u32(row.try_get("cost")?),
        ttft_ms: row.try_get::<Option<i64>, _>("ttft_ms")?.map(to_u64),
        duration_ms: count("duration_ms")?,
    })
}

/// Counters are `BIGINT`; a value beyond it stays at the largest.
pub(crate) fn to_i64(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

pub(crate) fn to_u64(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

fn to_u32(value: i64) -> u32 {
    u32::try_from(value.max(0)).unwrap_or(u32::MAX)
}
