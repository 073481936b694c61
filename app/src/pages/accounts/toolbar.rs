//! Filters, search, sorting on phones, and the buttons for all that is found.

use super::{
    filters::{Filters, SORTS, TIERS, name_of},
    state::{Accounts, MenuOf, OpenMenu},
};
use crate::{
    components::{
        Button, ButtonVariant, Choice, IconButton, IconName, SearchInput, Select, Shortcut, Tab,
        Tabs,
    },
    dom,
    dto::{AccountCounts, AccountSort, Condition, Tier},
    i18n::{Text, t, text::accounts},
};
use leptos::{ev, prelude::*};

const SEARCH_ID: &str = "search";
const SEARCH_KEYS: Shortcut = Shortcut {
    shown: "/",
    spoken: "/ Control+K Meta+K",
};
const FOUND_MENU_ID: &str = "menu-found";

#[component]
pub(super) fn Toolbar(state: Accounts) -> impl IntoView {
    let filters = state.filters;
    lead_to_search();
    let menu = move |_| {
        state.menu.set(Some(OpenMenu {
            of: MenuOf::Found,
            button: FOUND_MENU_ID.to_owned(),
        }));
    };
    view! {
        <div class="toolbar">
            <Tabs label=t(accounts::FILTER) value=filters.status tabs=status_tabs(state) />
            <SearchInput
                id=SEARCH_ID
                label=t(accounts::SEARCH)
                value=filters.search
                shortcut=SEARCH_KEYS
            />
            <TierFilter filters />
            <TagFilter state />
            <span class="only-phone">
                <SortChoice filters />
            </span>
            <span class="toolbar__end">
                <IconButton
                    icon=IconName::Ellipsis
                    label=t(accounts::FOUND_ACTIONS)
                    attr:id=FOUND_MENU_ID
                    attr:aria-haspopup="menu"
                    on:click=menu
                />
                <Button
                    variant=ButtonVariant::Primary
                    icon=IconName::Plus
                    on:click=move |_| state.adding.set(true)
                >
                    {t(accounts::ADD)}
                </Button>
            </span>
        </div>
    }
}

/// `/`, and Ctrl or Cmd with K, lead to the search.
fn lead_to_search() {
    Effect::new(move || {
        let keys = window_event_listener(ev::keydown, |event| {
            let is_chord = event.key() == "k" && (event.ctrl_key() || event.meta_key());
            let is_slash = event.key() == "/" && !dom::is_typing();
            if (is_chord || is_slash) && !dom::has_modal() {
                event.prevent_default();
                dom::focus(SEARCH_ID);
            }
        });
        on_cleanup(move || keys.remove());
    });
}

fn status_tabs(state: Accounts) -> Vec<Tab<Option<Condition>>> {
    let tab = |value, label, pick: fn(&AccountCounts) -> u32| Tab {
        value,
        label: t(label).into(),
        count: Some(Signal::derive(move || {
            state.list.with(|list| pick(&list.found))
        })),
        hides_empty: false,
    };
    let of = |condition: Condition, pick| tab(Some(condition), condition.word(), pick);
    // What most pools never have.
    let rare = |condition, pick| Tab {
        hides_empty: true,
        ..of(condition, pick)
    };
    vec![
        tab(None, accounts::FILTER_ALL, |c| c.total),
        of(Condition::Active, |c| c.active),
        rare(Condition::Unknown, |c| c.unknown),
        rare(Condition::Failing, |c| c.failing),
        of(Condition::Cooling, |c| c.cooling),
        of(Condition::Refused, |c| c.refused),
        rare(Condition::Blocked, |c| c.blocked),
        of(Condition::Disabled, |c| c.disabled),
    ]
}

#[component]
fn TierFilter(filters: Filters) -> impl IntoView {
    let label = |tier| match tier {
        Tier::Basic => accounts::TIER_BASIC,
        Tier::Super => accounts::TIER_SUPER,
        Tier::Heavy => accounts::TIER_HEAVY,
    };
    let all = Choice::new("", t(accounts::ANY_TIER));
    let tiers = TIERS.map(|(tier, name)| Choice::new(name, t(label(tier))));
    let choices: Vec<_> = std::iter::once(all).chain(tiers).collect();
    view! { <Select id="tier-filter" label=t(accounts::FILTER_TIER) value=filters.tier choices /> }
}

/// Nothing where no account has a tag.
#[component]
fn TagFilter(state: Accounts) -> impl IntoView {
    let tag = state.filters.tag;
    let tags = Memo::new(move |_| {
        let mut tags = state.list.with(|list| list.tags.clone());
        let chosen = tag.get();
        if !chosen.is_empty() && !tags.contains(&chosen) {
            tags.push(chosen);
        }
        tags
    });
    let choices = Signal::derive(move || {
        let all = Choice::new("", t(accounts::ANY_TAG));
        let named = tags.get().into_iter().map(|tag| {
            let label = tag.clone();
            Choice::new(tag, move || label.clone())
        });
        std::iter::once(all).chain(named).collect::<Vec<_>>()
    });
    view! {
        <Show when=move || !tags.with(Vec::is_empty)>
            <Select id="tag-filter" label=t(accounts::FILTER_TAG) value=tag choices />
        </Show>
    }
}

#[component]
fn SortChoice(filters: Filters) -> impl IntoView {
    let label = |sort| match sort {
        AccountSort::CreatedAt => accounts::COLUMN_ADDED,
        AccountSort::LastUsed => accounts::COLUMN_LAST_USED,
        AccountSort::Quota => accounts::COLUMN_QUOTA,
        AccountSort::UseCount => accounts::COLUMN_USES,
        AccountSort::Status => accounts::COLUMN_STATUS,
    };
    let key = move |sort| name_of(&SORTS, &sort);
    let value = RwSignal::new(key(filters.sort.get_untracked()).to_owned());
    // The column heads sort, too.
    Effect::new(move || value.set(key(filters.sort.get()).to_owned()));
    Effect::new(move || {
        let chosen = value.get();
        if let Some((sort, _)) = SORTS.iter().find(|(_, name)| *name == chosen)
            && filters.sort.get_untracked() != *sort
        {
            filters.sort_by(*sort);
        }
    });
    let choices: Vec<_> = SORTS
        .map(|(sort, name)| {
            let (title, label): (_, Text) = (t(accounts::SORT), label(sort));
            let label = t(label);
            Choice::new(name, move || format!("{}: {}", title(), label()))
        })
        .into();
    view! { <Select id="sort" label=t(accounts::SORT) value choices /> }
}
