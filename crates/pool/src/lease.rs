//! The right to use an account for one request.

use std::fmt;
use std::sync::Arc;

use crate::pool::Pool;
use crate::selection::Grant;
use crate::{AccountChange, AccountId, AccountProxy, Credential, Outcome, Tier};

/// Why an account was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The caller preferred it, and it was selectable.
    Preferred,
    /// It had the most quota that no lease had reserved, of the first tier that had any.
    MostQuota {
        /// Cost units available before this lease reserved its own.
        available: u32,
    },
    /// It was ejected after an upstream failure, but nobody else could serve.
    Ejected,
}

/// A reservation on one account. Dropping it returns the account unharmed;
/// [`Lease::finish`] is the only way to consume, cool, expire or penalise.
#[must_use = "a dropped lease returns the account at once"]
pub struct Lease {
    pool: Arc<Pool>,
    grant: Grant,
    open: bool,
}

impl Lease {
    pub(crate) fn new(pool: Arc<Pool>, grant: Grant) -> Self {
        Self {
            pool,
            grant,
            open: true,
        }
    }

    pub fn account_id(&self) -> &AccountId {
        &self.grant.identity.id
    }

    pub fn credential(&self) -> &Credential {
        &self.grant.identity.credential
    }

    /// The proxy that the account had for itself when it was selected.
    pub fn proxy(&self) -> Option<&AccountProxy> {
        self.grant.identity.proxy.as_ref()
    }

    /// The account's tier when it was selected.
    pub fn tier(&self) -> Tier {
        self.grant.tier
    }

    /// Why this account was selected.
    pub fn choice(&self) -> Choice {
        self.grant.choice
    }

    /// Ends the lease with what became of the request; returns the changes to store.
    ///
    /// Empty if the account was removed meanwhile. A success consumes at most what no other lease
    /// has reserved.
    #[must_use = "the changes must be stored"]
    pub fn finish(mut self, outcome: Outcome, now_ms: i64) -> Vec<AccountChange> {
        self.open = false;
        self.pool.end_lease(&self.grant, outcome, now_ms)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if self.open {
            // Unharmed makes no change, so no clock is needed.
            self.pool.end_lease(&self.grant, Outcome::Unharmed, 0);
        }
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease")
            .field("account_id", &self.grant.identity.id)
            .field("reserved", &self.grant.reserved)
            .field("choice", &self.grant.choice)
            .finish_non_exhaustive()
    }
}
