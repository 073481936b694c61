//! What is kept of accounts. The row type is [`pool::Account`].

use async_trait::async_trait;
use pool::{Account, AccountId};

use crate::StoreError;

/// Keeps the account pool. Changes to existing accounts go through
/// [`RecordStore::commit`](crate::RecordStore::commit).
#[async_trait]
pub trait AccountStore: Send + Sync {
    /// Every account, oldest first.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] names the account whose row cannot be read.
    async fn load_accounts(&self) -> Result<Vec<Account>, StoreError>;

    /// Adds accounts and returns the ids of those that were added, in the order given.
    ///
    /// One whose id or credential is already stored is skipped, so that pasting a list twice is
    /// harmless: put only the returned ones into the pool.
    async fn insert_accounts(&self, accounts: &[Account]) -> Result<Vec<AccountId>, StoreError>;

    /// Removes accounts; returns how many there were. Their usage rows stay.
    async fn delete_accounts(&self, ids: &[AccountId]) -> Result<u64, StoreError>;
}
