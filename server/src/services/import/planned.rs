//! What a dry run has not written, for the files that need it: they would find it in the store.

use std::collections::{HashMap, HashSet};

use parking_lot::Mutex;
use pool::{Account, AccountId, Credential};

/// What the files before would have left in the store.
#[derive(Debug, Default)]
pub(super) struct Planned(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    accounts: HashMap<Credential, AccountId>,
    ahead_minutes: Option<i64>,
    documents: HashSet<String>,
}

impl Planned {
    pub(super) fn add_accounts(&self, accounts: &[Account]) {
        let new = accounts.iter();
        let new = new.map(|account| (account.credential.clone(), account.id.clone()));
        self.0.lock().accounts.extend(new);
    }

    pub(super) fn accounts(&self) -> HashMap<Credential, AccountId> {
        self.0.lock().accounts.clone()
    }

    pub(super) fn set_ahead_minutes(&self, ahead: Option<i64>) {
        let mut inner = self.0.lock();
        inner.ahead_minutes = ahead.or(inner.ahead_minutes);
    }

    pub(super) fn ahead_minutes(&self) -> Option<i64> {
        self.0.lock().ahead_minutes
    }

    /// Whether the document is new.
    pub(super) fn add_document(&self, id: &str) -> bool {
        self.0.lock().documents.insert(id.to_owned())
    }
}
