//! Accounts' files at Grok: how many, and clearing them.

mod list;
mod run;
mod state;

use self::{
    list::AssetList,
    run::{Confirm, RunView},
    state::Assets,
};
use crate::{
    components::{
        Button, ButtonVariant, EmptyState, ErrorNotice, IconName, Pagination, TableSkeleton,
    },
    dto::AssetWork,
    i18n::{
        t,
        text::{common, media as text},
    },
    limits::ASSET_ACCOUNTS_PAGE,
};
use leptos::prelude::*;

/// Server-side rendering: a skeleton; the browser asks.
#[component]
pub(super) fn AssetsView() -> impl IntoView {
    let state = Assets::new();
    let total = Memo::new(move |_| state.list.with(|list| list.as_ref().map(|list| list.total)));
    view! {
        {move || {
            state
                .failure
                .get()
                .map(|error| {
                    view! {
                        <ErrorNotice error>
                            <Button on:click=move |_| state.reload()>{t(common::RETRY)}</Button>
                        </ErrorNotice>
                    }
                })
        }}
        {move || match total.get() {
            None => view! { <TableSkeleton /> }.into_any(),
            Some(0) => {
                view! {
                    <EmptyState
                        icon=IconName::Users
                        title=t(text::NO_ACCOUNTS_TITLE)
                        text=t(text::NO_ACCOUNTS_TEXT)
                    >
                        <a class="button button--primary" href="/admin/accounts">
                            {t(text::NO_ACCOUNTS_LINK)}
                        </a>
                    </EmptyState>
                }
                    .into_any()
            }
            Some(total) => {
                view! {
                    <All state />
                    <RunView state />
                    <AssetList state />
                    <Pagination
                        page=state.page
                        page_size=Signal::stored(ASSET_ACCOUNTS_PAGE)
                        total=Signal::stored(total)
                    />
                }
                    .into_any()
            }
        }}
        <Confirm state />
    }
}

/// What is done with all accounts.
#[component]
fn All(state: Assets) -> impl IntoView {
    let busy = Signal::derive(move || state.is_running());
    view! {
        <div class="toolbar">
            <p class="media-hint">{t(text::GROK_HINT)}</p>
            <Button
                icon=IconName::RefreshCw
                disabled=busy
                on:click=move |_| state.start(AssetWork::Count, None)
            >
                {t(text::COUNT_ALL)}
            </Button>
            <Button
                variant=ButtonVariant::Danger
                icon=IconName::Trash2
                disabled=busy
                on:click=move |_| state.ask(None)
            >
                {t(text::CLEAR_ALL)}
            </Button>
        </div>
    }
}
