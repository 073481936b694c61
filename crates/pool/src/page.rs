//! Lists of accounts: a page of a sorted selection, without a copy of the rest.

use std::cmp::Ordering;
use std::ops::Bound::{Excluded, Unbounded};

use crate::entry::EntryKey;
use crate::inner::Inner;
use crate::{Account, AccountId, Condition, SkipReason, Status};

/// By what a page is sorted; accounts that are equal in it are in the order of their ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortKey {
    CreatedAt,
    /// Accounts that were never used come first.
    LastUsed,
    Quota,
    UseCount,
    /// In the order of [`Condition`].
    Status,
}

/// Which accounts a page shows.
#[derive(Clone, Copy)]
pub struct PageQuery<'a> {
    /// Only accounts in this status.
    pub filter: Option<Status>,
    /// Only accounts for which this holds. It runs under the pool's lock: it must be quick and may
    /// not call the pool.
    pub matches: &'a dyn Fn(&Account) -> bool,
    pub sort: SortKey,
    /// Reverses the order, that of equal accounts included.
    pub descending: bool,
    /// Only accounts behind this place, which a page before it ended with.
    pub after: Option<&'a Place>,
    /// Matching accounts before the page.
    pub offset: usize,
    /// Accounts on the page at most.
    pub limit: usize,
}

/// Some of the accounts that match a query.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    pub rows: Vec<AccountView>,
    /// Where the page ends, if others follow.
    pub next: Option<Place>,
    /// Accounts that match, on this page or not, also before the place where it begins.
    pub matched: usize,
}

/// An account as the admin page sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct AccountView {
    pub account: Account,
    /// Open leases on it.
    pub in_flight: u32,
    /// `None` when it is selectable.
    pub skipped: Option<SkipReason>,
}

/// A place in the order of a sort key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The account's value in the sort key.
    pub rank: i64,
    pub id: AccountId,
}

/// An account that matches, with what decides its place in the order.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Match {
    place: Place,
    key: EntryKey,
}

impl Inner {
    /// Visits up to `limit` accounts after the one of key `after`, in the order of keys; returns
    /// the last one's key, `None` when nothing is left to visit.
    pub(crate) fn visit(
        &self,
        after: Option<EntryKey>,
        limit: usize,
        mut visitor: impl FnMut(EntryKey, &Account),
    ) -> Option<EntryKey> {
        let rest = self
            .keys
            .range((after.map_or(Unbounded, Excluded), Unbounded));
        let mut last = None;
        for key in rest.take(limit).copied() {
            if let Some(record) = self.records.get(key) {
                visitor(key, &record.account);
            }
            last = Some(key);
        }
        last
    }

    pub(crate) fn view(&self, key: EntryKey) -> Option<AccountView> {
        let (entry, account) = (self.entries.get(key)?, &self.records.get(key)?.account);
        let until_ms = account.cooling_until_ms().unwrap_or_default();
        Some(AccountView {
            account: account.clone(),
            in_flight: entry.in_flight(),
            skipped: entry.state().reason(until_ms),
        })
    }
}

impl PageQuery<'_> {
    /// The account's place in the order, if it is to be shown.
    pub(crate) fn find(&self, key: EntryKey, account: &Account) -> Option<Match> {
        let is_shown = self.filter.is_none_or(|status| status == account.status);
        (is_shown && (self.matches)(account)).then(|| Match {
            place: Place {
                rank: self.sort.rank(account),
                id: account.id.clone(),
            },
            key,
        })
    }

    /// The keys of the page in its order, and where it ends if others follow. O(n), and O(p log p) in
    /// the size of the page.
    pub(crate) fn slice(&self, mut found: Vec<Match>) -> (Vec<EntryKey>, Option<Place>) {
        if let Some(after) = self.after {
            found.retain(|one| match self.descending {
                true => one.place < *after,
                false => one.place > *after,
            });
        }
        let start = self.offset.min(found.len());
        let length = self.limit.min(found.len() - start);
        if length == 0 {
            return (Vec::new(), None);
        }
        let order = |a: &Match, b: &Match| self.order(a, b);
        found.select_nth_unstable_by(start, order);
        found.drain(..start);
        let has_more = found.len() > length;
        found.select_nth_unstable_by(length - 1, order);
        found.truncate(length);
        found.sort_unstable_by(order);
        let next = found.last().filter(|_| has_more);
        let next = next.map(|last| last.place.clone());
        (found.into_iter().map(|row| row.key).collect(), next)
    }

    fn order(&self, a: &Match, b: &Match) -> Ordering {
        if self.descending { b.cmp(a) } else { a.cmp(b) }
    }
}

impl SortKey {
    /// A number in the order of the accounts.
    fn rank(self, account: &Account) -> i64 {
        match self {
            Self::CreatedAt => account.created_at_ms,
            Self::LastUsed => account.last_used_at_ms.unwrap_or(i64::MIN),
            Self::Quota => account.quota.into(),
            Self::UseCount => i64::try_from(account.use_count).unwrap_or(i64::MAX),
            Self::Status => Condition::of(account) as i64,
        }
    }
}
