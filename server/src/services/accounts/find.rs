//! Which accounts a filter means, and lists of them.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
};

use grok2api_app::dto::{
    AccountChoice, AccountCounts, AccountDetail, AccountFilter, AccountList, AccountQuery,
    AccountSort,
};
use pool::{Account, AccountId, Condition, PageQuery, Place, Pool, SortKey};

use super::rows::{count, to_condition, to_detail, to_pool_tier, to_row, to_sort_key, to_u32};
use crate::clock::now_ms;

const MAX_PAGE_SIZE: u32 = 500;
const MAX_LISTED_TAGS: usize = 200;

/// A page of accounts with everything that is shown of them, and where the next one begins.
#[derive(Clone, Debug)]
pub struct FoundAccounts {
    pub rows: Vec<AccountDetail>,
    /// The cursor of the next page, if there is one.
    pub next: Option<String>,
    /// Accounts that match, on all pages.
    pub matched: u32,
    pub counts: AccountCounts,
}

/// Accounts in each condition.
struct Counted {
    all: AccountCounts,
    /// Of those that match in everything but the status.
    found: AccountCounts,
}

/// A filter whose words are in lower case.
pub(super) struct Finder {
    filter: AccountFilter,
    text: String,
}

impl Finder {
    pub(super) fn new(filter: AccountFilter) -> Self {
        Self {
            text: filter.text.trim().to_lowercase(),
            filter,
        }
    }

    fn matches(&self, account: &Account) -> bool {
        self.has_status(Condition::of(account)) && self.matches_otherwise(account)
    }

    fn has_status(&self, condition: Condition) -> bool {
        let wanted = self.filter.status;
        wanted.is_none_or(|wanted| wanted == to_condition(condition))
    }

    /// Whether the account matches but for its status.
    fn matches_otherwise(&self, account: &Account) -> bool {
        let filter = &self.filter;
        filter
            .tier
            .is_none_or(|tier| account.tier == to_pool_tier(tier))
            && filter
                .tag
                .as_ref()
                .is_none_or(|tag| account.tags.contains(tag))
            && (self.text.is_empty() || matches_search(account, &self.text))
    }

    fn page(
        &self,
        pool: &Pool,
        (sort, descending): (AccountSort, bool),
        (after, offset, limit): (Option<&Place>, usize, usize),
    ) -> (pool::Page, Counted) {
        let (all, found) = (Cell::default(), Cell::default());
        let matches = |account: &Account| {
            let condition = Condition::of(account);
            count(&all, account, condition);
            let matches = self.matches_otherwise(account);
            if matches {
                count(&found, account, condition);
            }
            matches && self.has_status(condition)
        };
        let query = PageQuery {
            filter: None,
            matches: &matches,
            sort: to_sort_key(sort),
            descending,
            after,
            offset,
            limit,
        };
        let page = pool.page(&query, now_ms());
        let counted = Counted {
            all: all.get(),
            found: found.get(),
        };
        (page, counted)
    }
}

/// The ids of the accounts that are meant.
pub(in crate::services) fn choose(pool: &Pool, choice: AccountChoice) -> Vec<AccountId> {
    match choice {
        AccountChoice::Ids(ids) => ids.into_iter().map(AccountId::new).collect(),
        AccountChoice::Found(filter) => {
            let finder = Finder::new(filter);
            ids_of(pool, |account| finder.matches(account))
        }
    }
}

/// The ids of accounts for which something holds, without a copy of the accounts.
pub(in crate::services) fn ids_of(pool: &Pool, holds: impl Fn(&Account) -> bool) -> Vec<AccountId> {
    let found = RefCell::new(Vec::new());
    let note = |account: &Account| {
        if holds(account) {
            found.borrow_mut().push(account.id.clone());
        }
        false
    };
    let query = PageQuery {
        filter: None,
        matches: &note,
        sort: SortKey::CreatedAt,
        descending: false,
        after: None,
        offset: 0,
        limit: 0,
    };
    pool.page(&query, now_ms());
    let mut ids = found.into_inner();
    // Ids are in the order of their creation.
    ids.sort_unstable();
    ids
}

pub(super) fn list(pool: &Pool, query: AccountQuery) -> AccountList {
    let finder = Finder::new(AccountFilter {
        status: query.status,
        tier: query.tier,
        tag: query.tag,
        text: query.search,
    });
    let size = query.page_size.clamp(1, MAX_PAGE_SIZE) as usize;
    let offset = (query.page as usize).saturating_mul(size);
    let order = (query.sort, query.descending);
    let (page, counted) = finder.page(pool, order, (None, offset, size));
    AccountList {
        rows: page.rows.into_iter().map(to_row).collect(),
        matched: to_u32(page.matched),
        counts: counted.all,
        found: counted.found,
        tags: tags_of(pool),
        forecast: Vec::new(),
        troubles: Vec::new(),
    }
}

/// The tags that accounts have, in their order; not all where there are very many.
fn tags_of(pool: &Pool) -> Vec<String> {
    let known = RefCell::new(BTreeSet::new());
    ids_of(pool, |account| {
        let mut known = known.borrow_mut();
        for tag in &account.tags {
            if known.len() < MAX_LISTED_TAGS && !known.contains(tag) {
                known.insert(tag.clone());
            }
        }
        false
    });
    known.into_inner().into_iter().collect()
}

/// A page behind the one that ended with this cursor; `None` for one that is no cursor.
pub(super) fn found(
    pool: &Pool,
    filter: AccountFilter,
    order: (AccountSort, bool),
    (cursor, limit): (Option<&str>, u32),
) -> Option<FoundAccounts> {
    let after = cursor.map(read_cursor);
    if matches!(after, Some(None)) {
        return None;
    }
    let after = after.flatten();
    let limit = limit.clamp(1, MAX_PAGE_SIZE) as usize;
    let (page, counted) = Finder::new(filter).page(pool, order, (after.as_ref(), 0, limit));
    Some(FoundAccounts {
        next: page
            .next
            .map(|place| format!("{}.{}", place.rank, place.id)),
        rows: page.rows.into_iter().map(to_detail).collect(),
        matched: to_u32(page.matched),
        counts: counted.all,
    })
}

fn read_cursor(cursor: &str) -> Option<Place> {
    let (rank, id) = cursor.split_once('.')?;
    Some(Place {
        rank: rank.parse().ok()?,
        id: AccountId::new(id),
    })
}

/// Whether note, tags or the visible end of the credential contain a text in lower case.
fn matches_search(account: &Account, search: &str) -> bool {
    let contains = |text: &str| text.to_lowercase().contains(search);
    contains(&account.credential.masked())
        || contains(&account.note)
        || account.tags.iter().any(|tag| contains(tag))
}
