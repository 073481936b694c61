//! The public face of the pool: a lock around its state.

use std::fmt;
use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};

use crate::entry::EntryKey;
use crate::inner::Inner;
use crate::lease::Lease;
use crate::page::{AccountView, Page, PageQuery};
use crate::selection::Grant;
use crate::{
    Account, AccountChange, AccountId, Credential, Event, Exhausted, Outcome, Policy, PoolCounts,
    SkipCount, Tier,
};

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
    /// Names of quota windows that it takes from: accounts on which one of them is used up are
    /// excluded, too.
    pub windows: &'a [&'a str],
    /// Chosen if it is selectable (the account of a running conversation).
    pub prefer: Option<&'a AccountId>,
}

/// Another account has the credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("another account has this cookie")]
pub struct CredentialTaken;

/// All accounts, in memory; authoritative for selection.
///
/// # Locking
/// One mutex around the state. `select`, `finish` and `apply` hold it for well under a microsecond
/// (`benches/select.rs`); calls over many accounts take it once per 64 of them, so they see each
/// account consistent, but not all accounts at one instant. No call waits for anything else, so
/// all of them are safe to use from async code.
///
/// # Storing changes
/// Each mutation returns its [`AccountChange`]s; what time alone changed (cooldowns that ended) is
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
        let (expected, _) = accounts.size_hint();
        self.inner.lock().reserve(expected);
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
                .filter(|is_new| *is_new)
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

    /// A number that is another one after each change of the account; `None` if there is none of that
    /// id. O(1).
    pub fn revision(&self, id: &AccountId) -> Option<u64> {
        self.inner.lock().revision(id)
    }

    /// Takes over what another instance made of an account, as the store has it; adds one that is not
    /// there. Leases and ejections stay. Nothing is to be stored.
    ///
    /// False, and nothing is changed, unless the account is as it was when its [`Pool::revision`] was
    /// `seen`: what was changed here meanwhile may not be in the store's answer yet. An account whose
    /// credential another one here has is left out.
    pub fn absorb(&self, account: Account, seen: Option<u64>) -> bool {
        self.inner.lock().absorb(account, seen)
    }

    /// Removes an account that is no longer in the store, under the same condition.
    pub fn absorb_removal(&self, id: &AccountId, seen: Option<u64>) -> bool {
        let mut inner = self.inner.lock();
        let is_seen = inner.revision(id) == seen;
        if is_seen {
            inner.remove(id);
        }
        is_seen
    }

    /// The ids of all accounts. O(n).
    pub fn ids(&self) -> Vec<AccountId> {
        let mut ids = Vec::with_capacity(self.len());
        self.visit(|_, account| ids.push(account.id.clone()));
        ids
    }

    /// Whether there is an account of that id.
    pub fn contains(&self, id: &AccountId) -> bool {
        self.inner.lock().by_id.contains_key(id)
    }

    /// Open leases of an account; 0 if there is none of that id. O(1).
    pub fn in_flight(&self, id: &AccountId) -> u32 {
        let inner = self.inner.lock();
        let key = inner.by_id.get(id);
        key.map_or(0, |key| inner.entries[*key].in_flight())
    }

    pub fn contains_credential(&self, credential: &Credential) -> bool {
        self.inner.lock().has_credential(credential)
    }

    /// All accounts with their open leases and, where not selectable, the reason. O(n).
    pub fn snapshot(&self, now_ms: i64) -> Vec<AccountView> {
        self.end_cooldowns(now_ms);
        let mut keys = Vec::with_capacity(self.len());
        self.visit(|key, _| keys.push(key));
        self.views(&keys)
    }

    /// How many accounts are in which status. O(1): from counters.
    pub fn counts(&self, now_ms: i64) -> PoolCounts {
        self.end_cooldowns(now_ms);
        self.inner.lock().counts()
    }

    /// A page of the accounts that match, in the order of the query. O(n), but only the accounts on
    /// the page are copied.
    ///
    /// # Locking
    /// Accounts are looked at 64 per lock, then those on the page are copied in the same way. An
    /// account that changes meanwhile is where its old values put it and shows its new ones (it may
    /// no longer match); one that is removed meanwhile is counted but missing from the page.
    pub fn page(&self, query: &PageQuery<'_>, now_ms: i64) -> Page {
        self.end_cooldowns(now_ms);
        let mut found = Vec::with_capacity(self.len());
        self.visit(|key, account| found.extend(query.find(key, account)));
        let matched = found.len();
        let (keys, next) = query.slice(found);
        let rows = self.views(&keys);
        Page {
            rows,
            next,
            matched,
        }
    }

    /// Chooses an account and reserves quota on it: the preferred one if selectable, else of the
    /// first of [`Tier::candidates`] that has one, the account with the most available quota (up to
    /// 511, above that they count as equal), at random among equals. [`Lease::choice`] says which
    /// of these it was.
    ///
    /// O(1) in the number of accounts, O(k) in the number excluded or used up. Cooldowns that have ended are
    /// ended first, at most 32 a call unless nothing is selectable otherwise. When only accounts
    /// that are ejected after an upstream failure are left, the one whose ejection ends first
    /// serves.
    ///
    /// # Errors
    /// [`Exhausted`] with the reason for every account; also from counters, not by a scan.
    pub fn select(
        self: &Arc<Self>,
        request: &SelectRequest<'_>,
        now_ms: i64,
    ) -> Result<Lease, Exhausted> {
        let grant = self.inner.lock().select(request, now_ms)?;
        Ok(Lease::new(Arc::clone(self), grant))
    }

    /// Why the accounts that cannot be selected for the tier right now cannot, with how many each.
    /// O(1): from counters.
    ///
    /// A cooldown that has ended counts until `select`, `counts`, a list or
    /// [`Pool::take_elapsed`] notices.
    pub fn skips(&self, tier: Tier) -> Vec<SkipCount> {
        self.inner.lock().skips(tier)
    }

    /// Applies an event that comes from outside a lease (sync, quota question, admin); returns the
    /// changes to store, none if there is no such account. `Reset` and `Enable` also end an
    /// ejection.
    #[must_use = "the changes must be stored"]
    pub fn apply(&self, id: &AccountId, event: &Event, now_ms: i64) -> Vec<AccountChange> {
        self.inner.lock().apply(id, event, now_ms)
    }

    /// As [`Pool::apply`], for what was found out with this credential: nothing happens if the
    /// account has another one by now.
    #[must_use = "the changes must be stored"]
    pub fn apply_for(
        &self,
        id: &AccountId,
        credential: &Credential,
        event: &Event,
        now_ms: i64,
    ) -> Vec<AccountChange> {
        let mut inner = self.inner.lock();
        if !inner.is_credential_of(id, credential) {
            return Vec::new();
        }
        inner.apply(id, event, now_ms)
    }

    /// Gives the account another credential and forgets what is known of the old one
    /// ([`Event::CredentialReplaced`]); returns the changes that this makes of the rest, none if
    /// there is no such account. A refusal of the old credential by a request that is still running
    /// does not count.
    ///
    /// # Errors
    /// [`CredentialTaken`] when another account has it; nothing is changed then.
    pub fn replace_credential(
        &self,
        id: &AccountId,
        credential: Credential,
        now_ms: i64,
    ) -> Result<Vec<AccountChange>, CredentialTaken> {
        self.inner.lock().replace_credential(id, credential, now_ms)
    }

    /// What `look` finds in all accounts, in no order. O(n), 64 accounts per lock: `look` must be quick
    /// and may not call the pool.
    pub fn find<T>(&self, mut look: impl FnMut(&Account) -> Option<T>) -> Vec<T> {
        let mut found = Vec::new();
        self.visit(|_, account| found.extend(look(account)));
        found
    }

    /// The account as it is now. O(1).
    pub fn get(&self, id: &AccountId) -> Option<Account> {
        let inner = self.inner.lock();
        let key = inner.by_id.get(id)?;
        Some(inner.records.get(*key)?.account.clone())
    }

    /// The account's credential as it is now. O(1).
    pub fn credential(&self, id: &AccountId) -> Option<Credential> {
        let inner = self.inner.lock();
        let key = inner.by_id.get(id)?;
        Some(inner.records.get(*key)?.account.credential.clone())
    }

    /// Ends every cooldown whose time has come and returns all changes that time alone has made
    /// since the last call, those noticed by other calls included. Call it regularly: until then
    /// they wait in memory.
    #[must_use = "the changes must be stored"]
    pub fn take_elapsed(&self, now_ms: i64) -> Vec<AccountChange> {
        self.end_cooldowns(now_ms);
        self.inner.lock().take_elapsed()
    }

    /// When the first account on which one of these windows is used up may serve again, in unix
    /// milliseconds; `None` if there is none.
    pub fn used_up_until_ms(&self, windows: &[&str], now_ms: i64) -> Option<i64> {
        let inner = self.inner.lock();
        let until_ms = |model: &&str| inner.used_up.until_ms(model, now_ms);
        windows.iter().filter_map(until_ms).min()
    }

    /// Leases that are neither finished nor dropped, those of removed accounts included.
    pub fn open_leases(&self) -> usize {
        self.inner.lock().open_leases
    }

    pub fn len(&self) -> usize {
        self.inner.lock().len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether some active or cooling account could serve the tier, now or after its cooldown.
    pub fn serves(&self, tier: Tier) -> bool {
        self.inner.lock().serves(tier)
    }

    /// Replaces the numbers for all later events (configuration reload). Safe at any time:
    /// cooldowns and ejections that have begun keep their end, leases their reservation.
    pub fn set_policy(&self, policy: Policy) {
        self.inner.lock().policy = policy;
    }

    pub(crate) fn end_lease(
        &self,
        grant: &Grant,
        outcome: Outcome,
        now_ms: i64,
    ) -> Vec<AccountChange> {
        self.inner.lock().finish(grant, outcome, now_ms)
    }

    pub(crate) fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock()
    }

    fn end_cooldowns(&self, now_ms: i64) {
        while self.inner.lock().end_cooldowns(now_ms) {}
    }

    /// Visits all accounts, [`CHUNK`] per lock.
    fn visit(&self, mut visitor: impl FnMut(EntryKey, &Account)) {
        let mut last = None;
        loop {
            last = self.inner.lock().visit(last, CHUNK, &mut visitor);
            if last.is_none() {
                return;
            }
        }
    }

    /// Views of those accounts that are still there, [`CHUNK`] per lock.
    fn views(&self, keys: &[EntryKey]) -> Vec<AccountView> {
        let view = |chunk: &[EntryKey]| {
            let inner = self.inner.lock();
            let views = chunk.iter().filter_map(|key| inner.view(*key));
            views.collect::<Vec<_>>()
        };
        keys.chunks(CHUNK).flat_map(view).collect()
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
