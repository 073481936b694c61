//! Filters and search, and deleting what they find.

use super::{deletion::Doomed, state::Media, words};
use crate::{
    components::{Button, ButtonVariant, Choice, IconName, SearchInput, Select},
    dto::{CallerCount, MediaFilter},
    i18n::{t, text::media as text, use_language},
    words::bytes,
};
use leptos::prelude::*;

/// The field for the search.
pub(super) const SEARCH_ID: &str = "media-search";

#[component]
pub(super) fn Toolbar(state: Media) -> impl IntoView {
    let language = use_language();
    let filters = state.filters;
    let found = move || {
        let found = state.found.get();
        let size = bytes(found.bytes);
        let count = text::COUNT.fill(language.get(), found.count);
        format!("{count} · {size}")
    };
    let delete = move |_| {
        state
            .doomed
            .set(Some(Doomed::Found(state.found.get_untracked())));
    };
    let is_filtered = move || state.filter.get() != MediaFilter::default();
    view! {
        <div class="toolbar">
            <SearchInput id=SEARCH_ID label=t(text::SEARCH) value=filters.text />
            <Select
                id="media-caller"
                label=t(text::CALLER)
                value=filters.caller
                choices=Signal::derive(move || callers(state))
            />
            <Select
                id="media-account"
                label=t(text::ACCOUNT)
                value=filters.account
                choices=Signal::derive(move || accounts(state))
            />
            <span class="toolbar__found" role="status">
                {found}
            </span>
            <Show when=is_filtered>
                <Button
                    variant=ButtonVariant::Danger
                    icon=IconName::Trash2
                    disabled=Signal::derive(move || {
                        !state.is_settled() || state.found.with(|found| found.count == 0)
                    })
                    on:click=delete
                >
                    {t(text::DELETE_FOUND)}
                </Button>
            </Show>
        </div>
    }
}

/// What is chosen stays in the list when there is nothing of it any more.
fn callers(state: Media) -> Vec<Choice> {
    let language = use_language();
    let mut callers = state.overview.with(|overview| overview.callers.clone());
    if let Some(caller) = state.filter.with(|filter| filter.caller.clone())
        && callers.iter().all(|one| one.caller != caller)
    {
        callers.push(CallerCount { caller, count: 0 });
    }
    let named = callers.into_iter().map(|one| {
        let key = serde_json::to_string(&one.caller).unwrap_or_default();
        let label = move || {
            let name = words::caller(&one.caller, language.get());
            format!("{name} ({})", one.count)
        };
        Choice::new(key, label)
    });
    let all = Choice::new("", t(text::CALLER_ALL));
    std::iter::once(all).chain(named).collect()
}

fn accounts(state: Media) -> Vec<Choice> {
    let mut accounts = state.overview.with(|overview| overview.accounts.clone());
    if let Some(account) = state.filter.with(|filter| filter.account.clone())
        && !accounts.contains(&account)
    {
        accounts.push(account);
    }
    let named = accounts
        .into_iter()
        .map(|account| Choice::new(account.clone(), format!("…{account}")));
    let all = Choice::new("", t(text::ACCOUNT_ALL));
    std::iter::once(all).chain(named).collect()
}
