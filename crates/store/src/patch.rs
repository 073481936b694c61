//! Folds the changes of one group into at most one update for each account.
//!
//! Quota use is relative (`quota = MAX(quota - used, 0)`), so instances that share a database never
//! overwrite each other, and folding is exact: `max(max(q - a, 0) - b, 0) = max(q - (a + b), 0)`,
//! and a set quota forgets what was used before it.

use std::collections::BTreeMap;

use pool::{AccountChange, AccountId, Change, Check, Cooldown, Status, Tier};

use crate::{StoreError, account::seal_proxy, crypto::Keys, quota_windows::write_windows};

/// A change of an account as it waits to be stored.
#[derive(Debug)]
pub(crate) struct StoredChange {
    id: AccountId,
    change: Change,
    /// What is secret in it, as ciphertext: the proxy.
    sealed: Option<String>,
}

impl StoredChange {
    pub(crate) fn seal(change: AccountChange, keys: &Keys) -> Result<Self, StoreError> {
        let AccountChange { id, change } = change;
        let sealed = match &change {
            Change::Proxy { proxy } => seal_proxy(&id, proxy.as_ref(), keys)?,
            _ => None,
        };
        Ok(Self { id, change, sealed })
    }
}

/// Everything that a group changes in one account. `None` leaves a column alone.
///
/// In this order: quota set, `used` of `ended` taken from it, `ended` if it applies, `used` taken, status
/// set.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Patch {
    /// Quota before anything is taken from it.
    pub(crate) quota: Option<u32>,
    pub(crate) ended: Option<Ended>,
    /// Taken from the quota, not below zero.
    pub(crate) used: u64,
    /// Added to the use count.
    pub(crate) uses: u64,
    pub(crate) last_used_at_ms: Option<i64>,
    pub(crate) status: Option<(Status, Option<Cooldown>)>,
    pub(crate) failure: Option<Failure>,
    pub(crate) tier: Option<Tier>,
    /// `Some(None)` clears it.
    pub(crate) last_sync_at_ms: Option<Option<i64>>,
    /// JSON list; `Some(None)`: empty.
    pub(crate) quota_windows: Option<Option<String>>,
    /// Columns `last_check_at_ms`, `last_check`, `last_check_until_ms`; `Some(None)` clears them.
    pub(crate) check: Option<Option<Check>>,
    /// JSON list of texts.
    pub(crate) tags: Option<String>,
    pub(crate) note: Option<String>,
    /// Ciphertext; `Some(None)` clears it.
    pub(crate) proxy: Option<Option<String>>,
}

/// The end of a cooldown. It applies if the account is cooling with this end: then it is active, has
/// no cooldown, and its quota is `quota`, if there is one.
#[derive(Debug, PartialEq)]
pub(crate) struct Ended {
    pub(crate) until_ms: Option<i64>,
    pub(crate) quota: Option<u32>,
    /// Taken from the quota, not below zero, before the end.
    pub(crate) used: u64,
}

/// The failure columns, always written together. The default clears them.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Failure {
    pub(crate) count: u32,
    pub(crate) at_ms: Option<i64>,
    pub(crate) reason: Option<String>,
}

impl Patch {
    fn push(&mut self, stored: &StoredChange) {
        match &stored.change {
            Change::Used { used, at_ms } => {
                self.used += u64::from(*used);
                self.uses += u64::from(*used);
                self.last_used_at_ms = Some(*at_ms);
            }
            Change::Status { status, cooldown } => self.status = Some((*status, *cooldown)),
            Change::CooldownEnded { until_ms, quota } => self.end_cooldown(*until_ms, *quota),
            Change::Quota { quota } => self.set_quota(*quota),
            Change::Failed {
                fail_count,
                at_ms,
                reason,
            } => {
                self.failure = Some(Failure {
                    count: *fail_count,
                    at_ms: Some(*at_ms),
                    reason: Some(reason.clone()),
                });
            }
            Change::FailuresCleared => self.failure = Some(Failure::default()),
            Change::Tier { tier } => self.tier = Some(*tier),
            Change::Synced { at_ms } => self.last_sync_at_ms = Some(*at_ms),
            Change::Windows { windows } => self.quota_windows = Some(write_windows(windows)),
            Change::Checked { check } => self.check = Some(*check),
            Change::Tags { tags } => {
                self.tags = Some(serde_json::Value::from(tags.clone()).to_string());
            }
            Change::Note { note } => self.note = Some(note.clone()),
            Change::Proxy { .. } => self.proxy = Some(stored.sealed.clone()),
        }
    }

    fn set_quota(&mut self, quota: u32) {
        self.quota = Some(quota);
        self.used = 0;
        if let Some(ended) = &mut self.ended {
            (ended.quota, ended.used) = (None, 0);
        }
    }

    fn end_cooldown(&mut self, until_ms: Option<i64>, quota: Option<u32>) {
        match self.status {
            // Known here whether it applies.
            Some((Status::Cooling, cooldown)) if until_ms == cooldown.map(|one| one.until_ms) => {
                self.status = Some((Status::Active, None));
                if let Some(quota) = quota {
                    self.set_quota(quota);
                }
            }
            Some(_) => {}
            // A second one without a status between them comes of no pool.
            None if self.ended.is_some() => {}
            None => {
                self.ended = Some(Ended {
                    until_ms,
                    quota,
                    used: std::mem::take(&mut self.used),
                });
            }
        }
    }

    /// Whether it only uses quota: the common case, for which one statement serves many accounts.
    pub(crate) fn is_use_only(&self) -> bool {
        let Self {
            quota,
            ended,
            used: _,
            uses: _,
            last_used_at_ms,
            status,
            failure,
            tier,
            last_sync_at_ms,
            quota_windows,
            check,
            tags,
            note,
            proxy,
        } = self;
        last_used_at_ms.is_some()
            && quota.is_none()
            && ended.is_none()
            && status.is_none()
            && failure.is_none()
            && tier.is_none()
            && last_sync_at_ms.is_none()
            && quota_windows.is_none()
            && check.is_none()
            && tags.is_none()
            && note.is_none()
            && proxy.is_none()
    }
}

/// What these changes of one account make together.
pub(crate) fn fold_one(changes: &[StoredChange]) -> Patch {
    let mut patch = Patch::default();
    changes.iter().for_each(|change| patch.push(change));
    patch
}

/// One patch for each account, sorted by id so that all instances lock rows in the same order.
pub(crate) fn fold<'a>(
    changes: impl IntoIterator<Item = &'a StoredChange>,
) -> BTreeMap<&'a AccountId, Patch> {
    let mut patches = BTreeMap::<_, Patch>::new();
    for change in changes {
        patches.entry(&change.id).or_default().push(change);
    }
    patches
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(id: &str, change: Change) -> StoredChange {
        StoredChange {
            id: AccountId::new(id),
            change,
            sealed: None,
        }
    }

    #[test]
    fn uses_of_one_account_add_up() {
        let changes = [
            change("b", Change::Used { used: 4, at_ms: 10 }),
            change("a", Change::Used { used: 1, at_ms: 11 }),
            change("b", Change::Used { used: 1, at_ms: 12 }),
        ];
        let patches = fold(&changes);
        let b = &patches[&AccountId::new("b")];
        assert!(b.is_use_only());
        assert_eq!((b.used, b.uses, b.last_used_at_ms), (5, 5, Some(12)));
    }

    #[test]
    fn a_set_quota_forgets_what_was_used_before_it_but_not_the_use_count() {
        let changes = [
            change("a", Change::Used { used: 4, at_ms: 10 }),
            change("a", Change::Quota { quota: 80 }),
            change("a", Change::Used { used: 1, at_ms: 12 }),
        ];
        let patches = fold(&changes);
        let patch = &patches[&AccountId::new("a")];
        assert!(!patch.is_use_only());
        assert_eq!((patch.quota, patch.used, patch.uses), (Some(80), 1, 5));
    }
}
