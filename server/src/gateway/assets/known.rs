//! What is known of accounts' files.

use std::collections::HashMap;

use grok::Class;
use pool::AccountId;

use crate::gateway::breakers::Trouble;

/// What is known of an account's files since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AssetKnowledge {
    pub count: Option<AssetCount>,
    /// Unix milliseconds of the last time that all were deleted.
    pub cleared_at_ms: Option<i64>,
}

/// How many files an account had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AssetCount {
    pub files: usize,
    /// There are more, which were not counted.
    pub is_cut: bool,
    /// Unix milliseconds.
    pub at_ms: i64,
}

/// Why an account's files were not counted or deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssetTrouble {
    Upstream(Class),
    /// It has requests under way, whose results would go as well.
    InUse,
    /// The upstream is left alone for a while.
    Paused(Trouble),
    /// There is no such account any more.
    Gone,
}

/// By account. Locked for look-ups only.
#[derive(Default)]
pub(super) struct Known(HashMap<AccountId, AssetKnowledge>);

impl Known {
    pub(super) fn of(&self, id: &AccountId) -> AssetKnowledge {
        self.0.get(id).copied().unwrap_or_default()
    }

    pub(super) fn forget_all_but(&mut self, is_kept: impl Fn(&AccountId) -> bool) {
        self.0.retain(|id, _| is_kept(id));
    }

    pub(super) fn counted(&mut self, id: &AccountId, count: Option<AssetCount>) {
        self.0.entry(id.clone()).or_default().count = count;
    }

    pub(super) fn cleared(&mut self, id: &AccountId, at_ms: i64) {
        self.0.entry(id.clone()).or_default().cleared_at_ms = Some(at_ms);
    }
}
