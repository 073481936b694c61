//! The public face of the pool: a lock around its state.

use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::inner::Inner;
use crate::lease::Lease;
use crate::skip::{AccountView, Exhausted};
use crate::slot::SlotRef;
use crate::{Account, AccountChange, AccountId, Credential, Event, Outcome, Policy, Tier};

/// Accounts handled per lock in calls that touch many, so that selection never waits long.
const CHUNK: usize = 64;

/// What a request needs.
#[derive(Clone, Copy, Debug)]
pub struct SelectRequest<'a> {
    pub tier: Tier,
    /// Quota units to reserve; an account with less is still chosen. 0 counts as 1.
    pub cost: u32,
    /// Accounts that the request has tried already.
    pub exclude: &'a [AccountId],
    /// Chosen if it is selectable (the account of a running conversation).
    pub prefer: Option<&'a AccountId>,
}

/// All accounts, in memory; authoritative for selection.
///
/// # Locking
/// One mutex around the state. `select`, `finish` and `apply` hold it for well under a microsecond
/// (`benches/select.rs`); calls over many accounts take it once per 64 of them, so they see each
/// account consistent, but not all accounts at one instant. No call waits for anything else, so
/// all of them are safe to use from async code.
///
/// # Storing changes
/// Each mutation returns its [`AccountChange`]s; what time alone changed (rests that ended) is
/// returned by [`Pool::take_elapsed`]. Replayed in order they give the same accounts.
pub struct Pool {
    inner: Mutex<Inner>,
}

impl Pool {
    /// An empty pool. The same seed and the same calls give the same selections.
    pub fn new(policy: Policy, seed: u64) -> Arc<Self> {
        Arc::new(Self {
            inner: Mutex::new(Inner::new(policy, seed)),
        })
    }

    /// Adds accounts, skipping those whose id or credential is already there; returns how many
    /// were added.
    pub fn insert(&self, accounts: impl IntoIterator<Item = Account>) -> usize {
        let mut accounts = accounts.into_iter();
        let mut added = 0;
        loop {
            let chunk: Vec<_> = accounts.by_ref().take(CHUNK).collect();
            if chunk.is_empty() {
                return added;
            }
            let mut inner = self.inner.lock();
            added += chunk
                .into_iter()
                .map(|account| inner.insert(account))
                .filter(|new| *new)
                .count();
        }
    }

    /// Removes accounts and returns those that were there. Their open leases end without effect.
    pub fn remove(&self, ids: &[AccountId]) -> Vec<Account> {
        let chunks = ids.chunks(CHUNK);
        let take = |chunk: &[AccountId]| {
            let mut inner = self.inner.lock();
            chunk
                .iter()
                .filter_map(|id| inner.remove(id))
                .collect::<Vec<_>>()
        };
        chunks.flat_map(take).collect()
    }

    /// A copy of the account as it is now. A rest whose end nobody has noticed yet still shows.
    pub fn get(&self, id: &AccountId) -> Option<Account> {
        self.inner.lock().get(id).cloned()
    }

    pub fn contains_credential(&self, credential: &Credential) -> bool {
        self.inner.lock().has_credential(credential)
    }

    /// All accounts with their open leases and, where not selectable, the reason. O(n).
    pub fn snapshot(&self, now_ms: i64) -> Vec<AccountView> {
        self.end_cooldowns(now_ms);
        let mut views = Vec::with_capacity(self.len());
        let mut start = 0;
        while self.inner.lock().views(start..start + CHUNK, &mut views) {
            start += CHUNK;
        }
        views
    }

    /// Chooses an account and reserves quota on it: the preferred one if selectable, else from the
    /// first of the tier's pools that has one, the account with the most available quota (up to
    /// 1023, above that they count as equal), at random among equals.
    ///
    /// O(1) in the number of accounts, O(k) in the number excluded. Rests that have ended are ended
    /// first, at most 32 a call unless nothing is selectable otherwise. When only accounts that
    /// rest after an upstream failure are left, the one that has rested longest serves.
    ///
    /// # Errors
    /// [`Exhausted`] with the reason for every account; also from counters, not by a scan.
    pub fn select(
        self: &Arc<Self>,
        want: &SelectRequest<'_>,
        now_ms: i64,
    ) -> Result<Lease, Exhausted> {
        let grant = self.inner.lock().select(want, now_ms)?;
        Ok(Lease::new(Arc::clone(self), grant))
    }

    /// Applies an event that comes from outside a lease (sync, admin); returns the changes to
    /// store, none if there is no such account. `Reset` and `Enable` also end a rest in memory.
    #[must_use = "the changes must be stored"]
    pub fn apply(&self, id: &AccountId, event: &Event, now_ms: i64) -> Vec<AccountChange> {
        self.inner.lock().apply(id, event, now_ms)
    }

    /// Ends every rest whose time has come and returns all changes that time alone has made since
    /// the last call, those noticed by `select` and `snapshot` included. Call it regularly: until
    /// then they wait in memory.
    #[must_use = "the changes must be stored"]
    pub fn take_elapsed(&self, now_ms: i64) -> Vec<AccountChange> {
        self.end_cooldowns(now_ms);
        self.inner.lock().take_pending()
    }

    /// Leases that are neither finished nor dropped, those of removed accounts included.
    pub fn open_leases(&self) -> usize {
        self.inner.lock().open_leases()
    }

    pub fn len(&self) -> usize {
        self.inner.lock().len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether some active or cooling account could serve the tier, now or after its rest.
    pub fn serves(&self, tier: Tier) -> bool {
        self.inner.lock().serves(tier)
    }

    /// The numbers in force.
    pub fn policy(&self) -> Policy {
        self.inner.lock().policy().clone()
    }

    /// Replaces the numbers for all later events (configuration reload); rests that have begun
    /// keep their end.
    pub fn set_policy(&self, policy: Policy) {
        self.inner.lock().set_policy(policy);
    }

    pub(crate) fn end_lease(
        &self,
        slot: SlotRef,
        reserved: u32,
        outcome: Outcome,
        now_ms: i64,
    ) -> Vec<AccountChange> {
        self.inner.lock().finish(slot, reserved, outcome, now_ms)
    }

    fn end_cooldowns(&self, now_ms: i64) {
        while self.inner.lock().end_cooldowns(now_ms) {}
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (len, open_leases) = (self.len(), self.open_leases());
        f.debug_struct("Pool")
            .field("len", &len)
            .field("open_leases", &open_leases)
            .finish()
    }
}
