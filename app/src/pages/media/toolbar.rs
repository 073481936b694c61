//! Filters and search, and deleting what they find.

use super::{deletion::Doomed, state::Media, words};
use crate::{
    components::{Button, ButtonVariant, Choice, IconName, SearchInput, Select},
    dto::MediaFilter,
    i18n::{t, text::media as text, use_language},
};
use leptos::prelude::*;

#[component]
pub(super) fn Toolbar(state: Media) -> impl IntoView {
    let language = use_language();
    let filters = state.filters;
    let found = move || {
        let (count, bytes) = state.found.get();
        let size = words::bytes(bytes);
        let count = text::COUNT.fill(language.get(), count);
        format!("{count} · {size}")
    };
    let delete = move |_| {
        let (count, bytes) = state.found.get_untracked();
        state.doomed.set(Some(Doomed::Found {
            filter: state.filter.get_untracked(),
            count,
            bytes,
        }));
    };
    let is_filtered = move || state.filter.get() != MediaFilter::default();
    view! {
        <div class="toolbar">
            <SearchInput id="media-search" label=t(text::SEARCH) value=filters.text />
            <Select
                id="media-caller"
                label=t(text::CALLER)
                value=filters.caller
                choices=callers(state)
            />
            <Select
                id="media-account"
                label=t(text::ACCOUNT)
                value=filters.account
                choices=accounts(state)
            />
            <span class="toolbar__found" role="status">
                {found}
            </span>
            <Show when=is_filtered>
                <Button
                    variant=ButtonVariant::Danger
                    icon=IconName::Trash2
                    disabled=Signal::derive(move || state.found.get().0 == 0)
                    on:click=delete
                >
                    {t(text::DELETE_FOUND)}
                </Button>
            </Show>
        </div>
    }
}

fn callers(state: Media) -> Vec<Choice> {
    let language = use_language();
    let callers = state
        .overview
        .with_untracked(|overview| overview.callers.clone());
    let named = callers.into_iter().enumerate().map(|(at, one)| {
        let label = move || {
            let name = words::caller(&one.caller, language.get());
            format!("{name} ({})", one.count)
        };
        Choice::new(at.to_string(), label)
    });
    let all = Choice::new("", t(text::CALLER_ALL));
    std::iter::once(all).chain(named).collect()
}

fn accounts(state: Media) -> Vec<Choice> {
    let accounts = state
        .overview
        .with_untracked(|overview| overview.accounts.clone());
    let named = accounts
        .into_iter()
        .map(|account| Choice::new(account.clone(), format!("…{account}")));
    let all = Choice::new("", t(text::ACCOUNT_ALL));
    std::iter::once(all).chain(named).collect()
}
