//! What an operator changes of an account.

use crate::{Account, AccountProxy, Change, Tier};

/// New values for what an operator may change; `None` leaves a value as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AccountEdit {
    pub tags: Option<Vec<String>>,
    pub note: Option<String>,
    /// The next quota question may correct it.
    pub tier: Option<Tier>,
    /// `Some(None)`: it has no proxy of its own any more.
    pub proxy: Option<Option<AccountProxy>>,
}

/// The tags with one more, unless the account has it already.
pub(crate) fn tagged(account: &Account, tag: &str) -> Option<Change> {
    let is_new = !account.tags.iter().any(|known| known == tag);
    is_new.then(|| {
        let tags = account.tags.iter().map(String::as_str).chain([tag]);
        Change::Tags {
            tags: tags.map(str::to_owned).collect(),
        }
    })
}

impl AccountEdit {
    /// The changes that it makes of the account: none for what is so already.
    pub(crate) fn changes(&self, account: &Account) -> Vec<Change> {
        let tags = self.tags.as_ref().filter(|tags| **tags != account.tags);
        let note = self.note.as_ref().filter(|note| **note != account.note);
        let tier = self.tier.filter(|tier| *tier != account.tier);
        let proxy = self.proxy.as_ref().filter(|proxy| **proxy != account.proxy);
        let changes = [
            tags.map(|tags| Change::Tags { tags: tags.clone() }),
            note.map(|note| Change::Note { note: note.clone() }),
            tier.map(|tier| Change::Tier { tier }),
            proxy.map(|proxy| Change::Proxy {
                proxy: proxy.clone(),
            }),
        ];
        changes.into_iter().flatten().collect()
    }
}
