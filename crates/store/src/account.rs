//! What is kept of accounts, and their form in the database.

use std::fmt;

use async_trait::async_trait;
use pool::{
    Account, AccountId, AccountProxy, Change, Check, CheckResult, Cooldown, CooldownReason,
    Credential, Status, Tier,
};

use serde::{Deserialize, Serialize};

use crate::{
    StoreError,
    crypto::Keys,
    quota_windows::{read_windows, write_windows},
};

const DOES_NOT_DECRYPT: &str = "the credential does not decrypt";
const PROXY_DOES_NOT_DECRYPT: &str = "its proxy does not decrypt";

/// Keeps the account pool. Changes to existing accounts go through
/// [`RecordStore::submit`](crate::RecordStore::submit).
#[async_trait]
pub trait AccountStore: Send + Sync {
    /// Every account, oldest first, and those whose rows cannot be read.
    async fn load_accounts(&self) -> Result<LoadedAccounts, StoreError>;

    /// Those of these ids; one that is not there is in neither list.
    async fn load_accounts_of(&self, ids: &[AccountId]) -> Result<LoadedAccounts, StoreError>;

    /// Adds accounts and returns the ids of those that were added, in the order given.
    ///
    /// One whose id or credential is already stored is skipped, so that pasting a list twice is
    /// harmless: put only the returned ones into the pool.
    async fn insert_accounts(&self, accounts: &[Account]) -> Result<Vec<AccountId>, StoreError>;

    /// Gives an account another credential, and applies these changes of it in the same transaction.
    ///
    /// False: there is no such account, or another one has the credential; then nothing is changed.
    async fn replace_credential(
        &self,
        id: &AccountId,
        credential: &Credential,
        changes: &[Change],
    ) -> Result<bool, StoreError>;

    /// Removes accounts, unreadable ones too; returns how many there were. Their requests stay.
    async fn delete_accounts(&self, ids: &[AccountId]) -> Result<u64, StoreError>;
}

/// The answer of [`AccountStore::load_accounts`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LoadedAccounts {
    pub accounts: Vec<Account>,
    /// Rows that were left out; they stay in the database.
    pub unreadable: Vec<Unreadable>,
}

/// A stored account that cannot be read, for example because its credential does not decrypt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    pub id: AccountId,
    /// What is wrong, without the row's content.
    pub reason: String,
}

/// An account as it is stored: its credential is ciphertext, closed sets are names. Read from lists too,
/// so the order of its fields matters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct AccountRow {
    pub(crate) id: String,
    pub(crate) credential: String,
    #[serde(skip)]
    pub(crate) credential_hash: String,
    pub(crate) tier: String,
    pub(crate) status: String,
    pub(crate) quota: u32,
    pub(crate) created_at_ms: i64,
    pub(crate) last_used_at_ms: Option<i64>,
    pub(crate) use_count: u64,
    pub(crate) fail_count: u32,
    pub(crate) last_fail_at_ms: Option<i64>,
    pub(crate) last_fail_reason: Option<String>,
    pub(crate) last_sync_at_ms: Option<i64>,
    pub(crate) cooldown_until_ms: Option<i64>,
    pub(crate) cooldown_reason: Option<String>,
    /// JSON list of texts.
    pub(crate) tags: String,
    pub(crate) note: String,
    pub(crate) last_asset_clear_at_ms: Option<i64>,
    /// JSON list, see [`crate::quota_windows`]; `None` = empty.
    pub(crate) quota_windows: Option<String>,
    pub(crate) last_check_at_ms: Option<i64>,
    pub(crate) last_check: Option<String>,
    pub(crate) last_check_until_ms: Option<i64>,
    /// Ciphertext.
    pub(crate) proxy: Option<String>,
}

/// An account whose credential and proxy are plain text: what is copied to another store. `Debug`
/// shows the id alone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PlainAccount(AccountRow);

impl fmt::Debug for PlainAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PlainAccount").field(&self.0.id).finish()
    }
}

impl PlainAccount {
    /// An account without the proxy that it should have would show another address: it is not opened.
    pub(crate) fn open(mut row: AccountRow, keys: &Keys) -> Result<Self, Unreadable> {
        let unreadable = |id: &str, reason: &str| Unreadable {
            id: AccountId::new(id),
            reason: reason.to_owned(),
        };
        let credential = keys.open(&row.id, &row.credential);
        row.credential = credential.ok_or_else(|| unreadable(&row.id, DOES_NOT_DECRYPT))?;
        row.credential_hash = String::new();
        if let Some(sealed) = &row.proxy {
            let proxy = keys.open(&proxy_owner(&row.id), sealed);
            let proxy = proxy.ok_or_else(|| unreadable(&row.id, PROXY_DOES_NOT_DECRYPT))?;
            row.proxy = Some(proxy);
        }
        Ok(Self(row))
    }

    pub(crate) fn seal(self, keys: &Keys) -> Result<AccountRow, StoreError> {
        let Self(mut row) = self;
        row.credential_hash = keys.hash(&row.credential);
        row.credential = keys.seal(&row.id, &row.credential)?;
        if let Some(proxy) = &row.proxy {
            row.proxy = Some(keys.seal(&proxy_owner(&row.id), proxy)?);
        }
        Ok(row)
    }

    /// # Errors
    /// What is wrong with its row.
    pub fn into_account(self) -> Result<Account, Unreadable> {
        let id = AccountId::new(self.0.id.as_str());
        self.0.read_plain().map_err(|reason| Unreadable {
            id,
            reason: reason.to_owned(),
        })
    }
}

impl AccountRow {
    pub(crate) fn seal(account: &Account, keys: &Keys) -> Result<Self, StoreError> {
        let secret = account.credential.expose();
        let (cooldown, check) = (account.cooldown, account.last_check);
        Ok(Self {
            id: account.id.to_string(),
            credential: keys.seal(account.id.as_str(), secret)?,
            credential_hash: keys.hash(secret),
            tier: account.tier.as_str().to_owned(),
            status: account.status.as_str().to_owned(),
            quota: account.quota,
            created_at_ms: account.created_at_ms,
            last_used_at_ms: account.last_used_at_ms,
            use_count: account.use_count,
            fail_count: account.fail_count,
            last_fail_at_ms: account.last_fail_at_ms,
            last_fail_reason: account.last_fail_reason.clone(),
            last_sync_at_ms: account.last_sync_at_ms,
            cooldown_until_ms: cooldown.map(|cooldown| cooldown.until_ms),
            cooldown_reason: cooldown.map(|cooldown| cooldown.reason.as_str().to_owned()),
            tags: serde_json::Value::from(account.tags.clone()).to_string(),
            note: account.note.clone(),
            last_asset_clear_at_ms: account.last_asset_clear_at_ms,
            quota_windows: write_windows(&account.windows),
            last_check_at_ms: check.map(|check| check.at_ms),
            last_check: check.map(|check| check.result.as_str().to_owned()),
            last_check_until_ms: check.and_then(|check| check.result.until_ms()),
            proxy: seal_proxy(&account.id, account.proxy.as_ref(), keys)?,
        })
    }

    pub(crate) fn open(self, keys: &Keys) -> Result<Account, Unreadable> {
        PlainAccount::open(self, keys)?.into_account()
    }

    /// The account of a row without ciphertext. The error says what is wrong.
    fn read_plain(self) -> Result<Account, &'static str> {
        let proxy = self.proxy.as_deref().map(AccountProxy::try_new).transpose();
        let cooldown = match (self.cooldown_until_ms, self.cooldown_reason) {
            (Some(until_ms), Some(reason)) => Some(Cooldown {
                until_ms,
                reason: CooldownReason::from_name(&reason).ok_or("unknown cooldown reason")?,
            }),
            _ => None,
        };
        let last_check = match (self.last_check_at_ms, self.last_check) {
            (Some(at_ms), Some(name)) => Some(Check {
                at_ms,
                result: CheckResult::from_name(&name, self.last_check_until_ms)
                    .ok_or("unknown result of its last check")?,
            }),
            _ => None,
        };
        Ok(Account {
            proxy: proxy.map_err(|_| "its proxy is not one")?,
            windows: read_windows(self.quota_windows.as_deref()),
            last_check,
            credential: Credential::try_new(&self.credential)
                .map_err(|_| "the credential is not one")?,
            tier: Tier::from_name(&self.tier).ok_or("unknown tier")?,
            status: Status::from_name(&self.status).ok_or("unknown status")?,
            quota: self.quota,
            created_at_ms: self.created_at_ms,
            last_used_at_ms: self.last_used_at_ms,
            use_count: self.use_count,
            fail_count: self.fail_count,
            last_fail_at_ms: self.last_fail_at_ms,
            last_fail_reason: self.last_fail_reason,
            last_sync_at_ms: self.last_sync_at_ms,
            cooldown,
            tags: serde_json::from_str(&self.tags).map_err(|_| "the tags are not a list")?,
            note: self.note,
            last_asset_clear_at_ms: self.last_asset_clear_at_ms,
            id: AccountId::new(self.id),
        })
    }
}

/// The ciphertext of an account's proxy, which does not pass for its credential.
pub(crate) fn seal_proxy(
    id: &AccountId,
    proxy: Option<&AccountProxy>,
    keys: &Keys,
) -> Result<Option<String>, StoreError> {
    proxy
        .map(|proxy| keys.seal(&proxy_owner(id.as_str()), proxy.expose()))
        .transpose()
}

fn proxy_owner(id: &str) -> String {
    format!("{id} proxy")
}
