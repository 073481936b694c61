//! Filters, search, sorting on phones, and the button that adds.

use super::state::Accounts;
use crate::{
    components::{Button, ButtonVariant, Choice, IconName, SearchInput, Select, Tab, Tabs},
    dto::{AccountCounts, AccountSort, AccountStatus},
    i18n::{Text, t, text::accounts},
};
use leptos::prelude::*;

/// The order of the choices on phones, where the column heads are hidden.
const SORTS: [(AccountSort, &str, Text); 5] = [
    (AccountSort::CreatedAt, "created_at", accounts::COLUMN_ADDED),
    (
        AccountSort::LastUsed,
        "last_used",
        accounts::COLUMN_LAST_USED,
    ),
    (AccountSort::Quota, "quota", accounts::COLUMN_QUOTA),
    (AccountSort::UseCount, "use_count", accounts::COLUMN_USES),
    (AccountSort::Status, "status", accounts::COLUMN_STATUS),
];

#[component]
pub(super) fn Toolbar(state: Accounts, adding: RwSignal<bool>) -> impl IntoView {
    let filters = state.filters;
    // Another filter starts at its first page and with nothing ticked.
    Effect::new(move |before: Option<()>| {
        filters.status.track();
        filters.search.track();
        if before.is_some() {
            filters.page.set(0);
            state.selection.update(super::selection::Selection::clear);
        }
    });
    view! {
        <div class="toolbar">
            <Tabs label=t(accounts::FILTER) value=filters.status tabs=status_tabs(state) />
            <SearchInput id="search" label=t(accounts::SEARCH) value=filters.search />
            <span class="only-phone">
                <SortChoice state />
            </span>
            <Button
                variant=ButtonVariant::Primary
                icon=IconName::Plus
                on:click=move |_| adding.set(true)
            >
                {t(accounts::ADD)}
            </Button>
        </div>
    }
}

fn status_tabs(state: Accounts) -> Vec<Tab<Option<AccountStatus>>> {
    let tab = |value, label, pick: fn(&AccountCounts) -> u32| Tab {
        value,
        label: t(label).into(),
        count: Some(Signal::derive(move || {
            state.list.with(|list| pick(&list.counts))
        })),
    };
    vec![
        tab(None, accounts::FILTER_ALL, |c| c.total),
        tab(Some(AccountStatus::Active), accounts::IN_SERVICE, |c| {
            c.active
        }),
        tab(Some(AccountStatus::Cooling), accounts::COOLING, |c| {
            c.cooling
        }),
        tab(Some(AccountStatus::Expired), accounts::EXPIRED, |c| {
            c.expired
        }),
        tab(Some(AccountStatus::Disabled), accounts::DISABLED, |c| {
            c.disabled
        }),
    ]
}

#[component]
fn SortChoice(state: Accounts) -> impl IntoView {
    let filters = state.filters;
    let key = |sort| {
        SORTS
            .iter()
            .find(|(one, ..)| *one == sort)
            .map(|(_, key, _)| *key)
    };
    let first = key(filters.sort.get_untracked()).unwrap_or_default();
    let value = RwSignal::new(first.to_owned());
    // The column heads sort, too.
    Effect::new(move || value.set(key(filters.sort.get()).unwrap_or_default().to_owned()));
    Effect::new(move || {
        let chosen = value.get();
        if let Some((sort, ..)) = SORTS.iter().find(|(_, key, _)| *key == chosen)
            && filters.sort.get_untracked() != *sort
        {
            filters.sort_by(*sort);
        }
    });
    let choices: Vec<_> = SORTS
        .iter()
        .map(|(_, key, label)| {
            let (sort, label) = (t(accounts::SORT), t(*label));
            Choice::new(*key, move || format!("{}: {}", sort(), label()))
        })
        .collect();
    view! { <Select id="sort" label=t(accounts::SORT) value choices /> }
}
