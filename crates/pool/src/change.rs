//! What happened to an account, in the form in which it is stored.

use crate::{Account, AccountId, AccountProxy, Check, Cooldown, QuotaWindow, Status, Tier};

/// One fact to store. Consumption is relative, so that instances never overwrite each other;
/// everything else is the new value.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// `quota -= used` (not below zero), `use_count += used`, last used at `at_ms`.
    Used {
        used: u32,
        at_ms: i64,
    },
    Status {
        status: Status,
        cooldown: Option<Cooldown>,
    },
    /// The cooldown that ends at `until_ms` is over: active again, with this quota if one is given.
    /// Without effect on an account that no longer has that cooldown, so that instances which all
    /// notice its end refill the account once.
    CooldownEnded {
        /// As stored; imported accounts may cool without an end.
        until_ms: Option<i64>,
        quota: Option<u32>,
    },
    Quota {
        quota: u32,
    },
    Failed {
        fail_count: u32,
        at_ms: i64,
        reason: String,
    },
    /// `fail_count` is 0 again, when and why it last failed is forgotten.
    FailuresCleared,
    Tier {
        tier: Tier,
    },
    /// When the upstream last told the quota; `None`: the quota is not known.
    Synced {
        at_ms: Option<i64>,
    },
    /// All windows that are known now.
    Windows {
        windows: Vec<QuotaWindow>,
    },
    Checked {
        check: Option<Check>,
    },
    Tags {
        tags: Vec<String>,
    },
    Note {
        note: String,
    },
    Proxy {
        proxy: Option<AccountProxy>,
    },
}

/// A [`Change`] and the account that it belongs to.
#[derive(Clone, Debug, PartialEq)]
pub struct AccountChange {
    pub id: AccountId,
    pub change: Change,
}

/// Applies a stored change to a copy of the account; the pool changes its own by the same function.
pub fn replay(account: &mut Account, change: &Change) {
    match change {
        Change::Used { used, at_ms } => {
            account.quota = account.quota.saturating_sub(*used);
            account.use_count = account.use_count.saturating_add(u64::from(*used));
            account.last_used_at_ms = Some(*at_ms);
        }
        Change::Status { status, cooldown } => {
            account.status = *status;
            account.cooldown = *cooldown;
        }
        Change::CooldownEnded { until_ms, quota } => {
            let cooldown_ms = account.cooldown.map(|cooldown| cooldown.until_ms);
            if account.status == Status::Cooling && cooldown_ms == *until_ms {
                account.status = Status::Active;
                account.cooldown = None;
                account.quota = quota.unwrap_or(account.quota);
            }
        }
        Change::Quota { quota } => account.quota = *quota,
        Change::Failed {
            fail_count,
            at_ms,
            reason,
        } => {
            account.fail_count = *fail_count;
            account.last_fail_at_ms = Some(*at_ms);
            account.last_fail_reason = Some(reason.clone());
        }
        Change::FailuresCleared => {
            account.fail_count = 0;
            account.last_fail_at_ms = None;
            account.last_fail_reason = None;
        }
        Change::Tier { tier } => account.tier = *tier,
        Change::Synced { at_ms } => account.last_sync_at_ms = *at_ms,
        Change::Windows { windows } => account.windows.clone_from(windows),
        Change::Checked { check } => account.last_check = *check,
        Change::Tags { tags } => account.tags.clone_from(tags),
        Change::Note { note } => account.note.clone_from(note),
        Change::Proxy { proxy } => account.proxy.clone_from(proxy),
    }
}
