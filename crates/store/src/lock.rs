//! Named locks, so that interval work is done by one instance at a time.

use std::time::Duration;

use async_trait::async_trait;

use crate::StoreError;

/// The right to do the work of a named lock until it ends. Made by [`Lock::try_lock`] only.
#[derive(Debug, PartialEq, Eq)]
pub struct LockToken {
    pub(crate) name: String,
    /// The owner and an id of this one holding.
    pub(crate) holder: String,
}

/// Locks that end by themselves, so that an instance that dies holds up nobody for long.
///
/// Times are the caller's clock: choose `ttl` well above the difference of the instances' clocks
/// and above the time the work takes, or renew. A holder whose time is over is not told; work that
/// must not be done twice asks [`renew_lock`](Self::renew_lock) before its last step.
#[async_trait]
pub trait Lock: Send + Sync {
    /// Takes the lock unless somebody holds it, the same owner included. `owner` says who, for
    /// people.
    async fn try_lock(
        &self,
        name: &str,
        owner: &str,
        now_ms: i64,
        ttl: Duration,
    ) -> Result<Option<LockToken>, StoreError>;

    /// Holds the lock until `now_ms` + `ttl`. `false`: its time was over, somebody else may have it.
    async fn renew_lock(
        &self,
        token: &LockToken,
        now_ms: i64,
        ttl: Duration,
    ) -> Result<bool, StoreError>;

    /// Lets go of the lock; fine if its time was over.
    async fn unlock(&self, token: LockToken) -> Result<(), StoreError>;
}
