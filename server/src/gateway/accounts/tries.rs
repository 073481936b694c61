//! What one request has tried, for its record and for its error.

use std::time::Instant;

use pool::{AccountId, Choice, Lease, Tier};
use store::AttemptRow;

use crate::{
    gateway::{
        breakers::Paused,
        error::{GatewayError, Tried},
        failure::Failure,
    },
    record::RequestRecord,
    snapshot::Snapshot,
};

/// What one request has tried.
#[derive(Default)]
pub(super) struct Tries {
    /// Accounts, each once.
    pub(super) ids: Vec<AccountId>,
    pub(super) tried: Vec<Tried>,
    pub(super) last: Option<Failure>,
    has_other_than_rate_limits: bool,
}

impl Tries {
    pub(super) fn push(&mut self, lease: &Lease, failure: &Failure) {
        if !self.ids.contains(lease.account_id()) {
            self.ids.push(lease.account_id().clone());
        }
        self.has_other_than_rate_limits |= !failure.is_rate_limit();
        self.tried.push(Tried {
            account: lease.credential().last_four().to_owned(),
            reason: failure.label(),
        });
    }

    /// Whether every account that was tried has reached its limit.
    pub(super) fn are_rate_limits(&self) -> bool {
        !self.has_other_than_rate_limits
    }

    /// The pool has nobody left: what the tried accounts said, if any was tried. When all of them
    /// were rate limited, when the next one is free matters more.
    pub(super) fn exhausted(mut self, exhausted: GatewayError) -> GatewayError {
        if self.last.is_some() && self.has_other_than_rate_limits {
            return self.failed();
        }
        GatewayError {
            tried: std::mem::take(&mut self.tried),
            ..exhausted
        }
    }

    /// The upstream's host is left alone for a while: no account is shown to it.
    pub(super) fn paused(self, record: &RequestRecord, paused: Paused) -> GatewayError {
        record.exhausted(AttemptRow {
            outcome: paused.label().to_owned(),
            ..AttemptRow::default()
        });
        GatewayError {
            tried: self.tried,
            ..paused.into_error()
        }
    }

    pub(super) fn failed(self) -> GatewayError {
        let failure = self.last.unwrap_or(Failure::Empty);
        let error = failure.into_error(self.tried.len());
        GatewayError {
            tried: self.tried,
            ..error
        }
    }
}

pub(super) fn skipped<'a>(skips: impl Iterator<Item = &'a pool::SkipCount>) -> Vec<(String, u64)> {
    skips
        .map(|skip| (skip.reason.as_str().to_owned(), skip.count as u64))
        .collect()
}

/// One try, as the record keeps it: why this account, and why not the others.
pub(super) struct Noted {
    account_id: AccountId,
    row: AttemptRow,
    started: Instant,
}

impl Noted {
    pub(super) fn of(lease: &Lease, snapshot: &Snapshot, tier: Tier) -> Self {
        Self {
            account_id: lease.account_id().clone(),
            row: AttemptRow {
                account: lease.credential().last_four().to_owned(),
                choice: describe_choice(lease.choice()),
                outcome: String::new(),
                status: None,
                duration_ms: 0,
                skipped: skipped(snapshot.pool.skips(tier).iter()),
            },
            started: Instant::now(),
        }
    }

    pub(super) fn write(self, record: &RequestRecord, outcome: &str, status: Option<u16>) {
        let row = AttemptRow {
            outcome: outcome.to_owned(),
            status,
            duration_ms: self.started.elapsed().as_millis() as u64,
            ..self.row
        };
        record.attempt(&self.account_id, row);
    }
}

fn describe_choice(choice: Choice) -> String {
    match choice {
        Choice::Preferred => "it has the conversation".to_owned(),
        Choice::MostQuota { available } => format!("most quota ({available} left)"),
        Choice::Ejected => "nobody else could serve".to_owned(),
    }
}
