//! What the list shows, and the address that says so.

use crate::{
    components::SortOrder,
    dto::{AccountFilter, AccountQuery, AccountSort, Condition, Tier},
    reactive::use_debounced,
};
use leptos::prelude::*;
use leptos_router::params::ParamsMap;
use std::time::Duration;

const SEARCH_DELAY: Duration = Duration::from_millis(250);

const STATUSES: [(Condition, &str); 7] = [
    (Condition::Active, "active"),
    (Condition::Unknown, "unknown"),
    (Condition::Failing, "failing"),
    (Condition::Cooling, "cooling"),
    (Condition::Refused, "refused"),
    (Condition::Blocked, "blocked"),
    (Condition::Disabled, "disabled"),
];
pub(super) const TIERS: [(Tier, &str); 3] = [
    (Tier::Basic, "basic"),
    (Tier::Super, "super"),
    (Tier::Heavy, "heavy"),
];
pub(super) const SORTS: [(AccountSort, &str); 5] = [
    (AccountSort::CreatedAt, "added"),
    (AccountSort::LastUsed, "used"),
    (AccountSort::Quota, "quota"),
    (AccountSort::UseCount, "uses"),
    (AccountSort::Status, "state"),
];

fn named<T: Copy>(table: &[(T, &'static str)], name: &str) -> Option<T> {
    table
        .iter()
        .find(|(_, known)| *known == name)
        .map(|(value, _)| *value)
}

pub(super) fn name_of<T: PartialEq>(table: &[(T, &'static str)], wanted: &T) -> &'static str {
    table
        .iter()
        .find(|(value, _)| value == wanted)
        .map_or("", |(_, name)| *name)
}

/// What an address asks for. What it says wrongly counts as not said.
pub(super) fn query_of(address: &ParamsMap) -> AccountQuery {
    let said = |name| address.get(name).unwrap_or_default();
    let plain = AccountQuery::default();
    AccountQuery {
        status: named(&STATUSES, &said("state")),
        tier: named(&TIERS, &said("tier")),
        tag: Some(said("tag")).filter(|tag| !tag.is_empty()),
        search: said("q"),
        sort: named(&SORTS, &said("sort")).unwrap_or(plain.sort),
        descending: said("order") != "up",
        page: said("page").parse().map_or(0, |page: u32| page.max(1) - 1),
        page_size: plain.page_size,
    }
}

/// The address of the page with this list, without what goes without saying.
pub(super) fn address_of(query: &AccountQuery) -> String {
    let mut address = ParamsMap::new();
    let mut say = |name, value: String| {
        if !value.is_empty() {
            address.insert(name, value);
        }
    };
    let status = query.status.map(|status| name_of(&STATUSES, &status));
    say("state", status.unwrap_or_default().to_owned());
    let tier = query.tier.map(|tier| name_of(&TIERS, &tier));
    say("tier", tier.unwrap_or_default().to_owned());
    say("tag", query.tag.clone().unwrap_or_default());
    say("q", query.search.clone());
    if query.sort != AccountSort::default() {
        say("sort", name_of(&SORTS, &query.sort).to_owned());
    }
    if !query.descending {
        say("order", "up".to_owned());
    }
    if query.page > 0 {
        say("page", (query.page + 1).to_string());
    }
    match address.to_query_string().as_str() {
        "" | "?" => "/admin/accounts".to_owned(),
        said => format!("/admin/accounts{said}"),
    }
}

/// Every field is a control of the page.
#[derive(Clone, Copy)]
pub(super) struct Filters {
    pub(super) status: RwSignal<Option<Condition>>,
    /// The name of a tier; empty: all.
    pub(super) tier: RwSignal<String>,
    /// Empty: all.
    pub(super) tag: RwSignal<String>,
    pub(super) search: RwSignal<String>,
    pub(super) sort: RwSignal<AccountSort>,
    pub(super) descending: RwSignal<bool>,
    pub(super) page: RwSignal<u32>,
}

impl Filters {
    pub(super) fn new(query: AccountQuery) -> Self {
        let tier = query.tier.map(|tier| name_of(&TIERS, &tier));
        Self {
            status: RwSignal::new(query.status),
            tier: RwSignal::new(tier.unwrap_or_default().to_owned()),
            tag: RwSignal::new(query.tag.unwrap_or_default()),
            search: RwSignal::new(query.search),
            sort: RwSignal::new(query.sort),
            descending: RwSignal::new(query.descending),
            page: RwSignal::new(query.page),
        }
    }

    /// Shows everything again.
    pub(super) fn reset(self) {
        self.status.set(None);
        for text in [self.tier, self.tag, self.search] {
            text.set(String::new());
        }
        self.page.set(0);
    }

    /// Sorts by a column; a second press turns the order round.
    pub(super) fn sort_by(self, sort: AccountSort) {
        if self.sort.get_untracked() == sort {
            self.descending
                .update(|descending| *descending = !*descending);
        } else {
            self.sort.set(sort);
            self.descending.set(true);
        }
        self.page.set(0);
    }

    pub(super) fn order_of(self, sort: AccountSort) -> Signal<Option<SortOrder>> {
        Signal::derive(move || {
            let order = if self.descending.get() {
                SortOrder::Descending
            } else {
                SortOrder::Ascending
            };
            (self.sort.get() == sort).then_some(order)
        })
    }

    pub(super) fn query(self) -> Memo<AccountQuery> {
        let search = use_debounced(self.search.into(), SEARCH_DELAY);
        Memo::new(move |_| AccountQuery {
            status: self.status.get(),
            tier: named(&TIERS, &self.tier.get()),
            tag: Some(self.tag.get()).filter(|tag| !tag.is_empty()),
            search: search.get(),
            sort: self.sort.get(),
            descending: self.descending.get(),
            page: self.page.get(),
            ..AccountQuery::default()
        })
    }
}

/// Which accounts a list is taken from.
pub(super) fn filter_of(query: &AccountQuery) -> AccountFilter {
    AccountFilter {
        status: query.status,
        tier: query.tier,
        tag: query.tag.clone(),
        text: query.search.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(address: &str) -> AccountQuery {
        let query = address.split_once('?').map_or("", |(_, query)| query);
        let said = query.split('&').filter_map(|part| part.split_once('='));
        query_of(
            &said
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        )
    }

    #[test]
    fn an_address_and_its_list_are_the_same() {
        assert_eq!(address_of(&AccountQuery::default()), "/admin/accounts");
        assert_eq!(read("/admin/accounts"), AccountQuery::default());
        let query = AccountQuery {
            status: Some(Condition::Failing),
            tier: Some(Tier::Heavy),
            tag: Some("eu".into()),
            search: "9f3c".into(),
            sort: AccountSort::Quota,
            descending: false,
            page: 2,
            ..AccountQuery::default()
        };
        let address = address_of(&query);
        assert_eq!(read(&address), query, "{address}");
    }

    #[test]
    fn what_an_address_says_wrongly_counts_as_not_said() {
        let wrong = "/admin/accounts?state=x&tier=&sort=y&order=z&page=0";
        assert_eq!(read(wrong), AccountQuery::default());
    }
}
