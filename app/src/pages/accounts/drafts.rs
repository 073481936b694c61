//! What was entered for an account and not saved. Cookies are secrets, so it is kept in memory alone.

use crate::dto::Tier;
use leptos::prelude::*;
use std::collections::BTreeMap;

/// What differs from how the account was; the rest is not touched, whoever changes it meanwhile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Draft {
    pub(super) tier: Option<Tier>,
    pub(super) tags: Option<String>,
    pub(super) note: Option<String>,
    pub(super) proxy: String,
    pub(super) drops_proxy: bool,
    /// Another cookie in place of the one that it has.
    pub(super) cookie: String,
}

/// By account, until the page is left.
#[derive(Clone, Copy)]
pub(super) struct Drafts(StoredValue<BTreeMap<String, Draft>>);

impl Drafts {
    pub(super) fn new() -> Self {
        Self(StoredValue::new(BTreeMap::new()))
    }

    pub(super) fn of(self, id: &str) -> Draft {
        let known = self.0.with_value(|drafts| drafts.get(id).cloned());
        known.unwrap_or_default()
    }

    pub(super) fn has(self, id: &str) -> bool {
        self.0.with_value(|drafts| drafts.contains_key(id))
    }

    pub(super) fn change(self, id: &str, change: impl FnOnce(&mut Draft)) {
        self.0.update_value(|drafts| {
            let mut draft = drafts.remove(id).unwrap_or_default();
            change(&mut draft);
            if draft != Draft::default() {
                drafts.insert(id.to_owned(), draft);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_is_there_while_something_differs() {
        let owner = Owner::new();
        owner.set();
        let drafts = Drafts::new();
        assert_eq!((drafts.has("a"), drafts.of("a")), (false, Draft::default()));
        drafts.change("a", |draft| draft.note = Some("mine".to_owned()));
        assert_eq!(drafts.of("a").note.as_deref(), Some("mine"));
        assert!(!drafts.has("b"));
        drafts.change("a", |draft| draft.note = None);
        assert!(!drafts.has("a"));
    }
}
