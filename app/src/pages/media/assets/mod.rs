//! Accounts' files at Grok: how many, and clearing them.

mod list;
mod run;
mod state;

use self::{
    list::AssetList,
    run::{Confirm, RunView},
    state::{Assets, Whose},
};
use crate::{
    components::{
        Button, ButtonVariant, EmptyState, ErrorNotice, IconName, Pagination, TableSkeleton,
    },
    dto::AssetWork,
    i18n::{
        Plural, t,
        text::{common, media as text},
        use_language,
    },
    limits::ASSET_ACCOUNTS_PAGE,
    pages::accounts::Selection,
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
    let language = use_language();
    let busy = Signal::derive(move || state.is_running());
    let chosen = Memo::new(move |_| state.selection.with(Selection::len));
    let ids = move || state.selection.with_untracked(Selection::ids);
    let labelled = move |text: Plural| move || text.fill(language.get(), chosen.get() as u64);
    view! {
        <div class="toolbar">
            <p class="media-hint">{t(text::GROK_HINT)}</p>
            <Show when=move || { chosen.get() > 0 }>
                <Button
                    icon=IconName::RefreshCw
                    disabled=busy
                    on:click=move |_| state.start(AssetWork::Count, Some(ids()))
                >
                    {labelled(text::COUNT_CHOSEN)}
                </Button>
                <Button
                    variant=ButtonVariant::Danger
                    icon=IconName::Trash2
                    disabled=busy
                    on:click=move |_| state.ask(Whose::Chosen(ids()))
                >
                    {labelled(text::CLEAR_CHOSEN)}
                </Button>
            </Show>
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
                on:click=move |_| state.ask(Whose::All)
            >
                {t(text::CLEAR_ALL)}
            </Button>
        </div>
    }
}
