//! What others may see of ejections: accounts that are passed over after an upstream failure.

use crate::inner::Inner;
use crate::{AccountId, Pool};

/// An account that is passed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ejection {
    pub account: AccountId,
    /// For so many more selections, unless nobody else can serve.
    pub selections_left: u64,
}

impl Inner {
    fn ejected(&self, limit: usize) -> Vec<Ejection> {
        let next = self.selections + 1;
        let lasting = self.ejections.iter().filter(|(until, _)| *until >= next);
        let ejection = |(until, key): &(u64, _)| {
            Some(Ejection {
                account: self.records.get(*key)?.account.id.clone(),
                selections_left: until - self.selections,
            })
        };
        lasting.filter_map(ejection).take(limit).collect()
    }
}

impl Pool {
    /// Accounts that are passed over after an upstream failure, those first whose ejection ends
    /// first; at most `limit`.
    pub fn ejections(&self, limit: usize) -> Vec<Ejection> {
        self.inner().ejected(limit)
    }
}
