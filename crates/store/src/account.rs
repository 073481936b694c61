//! What is kept of accounts, and their form in the database.

use async_trait::async_trait;
use pool::{Account, AccountId, Cooldown, CooldownReason, Credential, Status, Tier};

use crate::{StoreError, crypto::Keys};

/// Keeps the account pool. Changes to existing accounts go through
/// [`RecordStore::submit`](crate::RecordStore::submit).
#[async_trait]
pub trait AccountStore: Send + Sync {
    /// Every account, oldest first, and those whose rows cannot be read.
    async fn load_accounts(&self) -> Result<LoadedAccounts, StoreError>;

    /// Adds accounts and returns the ids of those that were added, in the order given.
    ///
    /// One whose id or credential is already stored is skipped, so that pasting a list twice is
    /// harmless: put only the returned ones into the pool.
    async fn insert_accounts(&self, accounts: &[Account]) -> Result<Vec<AccountId>, StoreError>;

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

/// An account as it is stored: its credential is ciphertext, closed sets are names.
#[derive(Debug)]
pub(crate) struct AccountRow {
    pub(crate) id: String,
    pub(crate) credential: String,
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
}

impl AccountRow {
    pub(crate) fn seal(account: &Account, keys: &Keys) -> Result<Self, StoreError> {
        let secret = account.credential.expose();
        let cooldown = account.cooldown;
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
        })
    }

    pub(crate) fn open(self, keys: &Keys) -> Result<Account, Unreadable> {
        let id = AccountId::new(self.id.as_str());
        self.try_open(keys).map_err(|reason| Unreadable {
            id,
            reason: reason.to_owned(),
        })
    }

    /// The error says what is wrong.
    fn try_open(self, keys: &Keys) -> Result<Account, &'static str> {
        let secret = keys.open(&self.id, &self.credential);
        let secret = secret.ok_or("the credential does not decrypt")?;
        let cooldown = match (self.cooldown_until_ms, self.cooldown_reason) {
            (Some(until_ms), Some(reason)) => Some(Cooldown {
                until_ms,
                reason: CooldownReason::from_name(&reason).ok_or("unknown cooldown reason")?,
            }),
            _ => None,
        };
        Ok(Account {
            credential: Credential::try_new(&secret).map_err(|_| "the credential is not one")?,
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
