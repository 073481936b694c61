//! The accounts of the pool: how they are, and adding, switching and deleting them.

mod actions;
mod add;
mod bulk;
mod deletion;
mod demo_ended;
mod detail;
mod drafts;
mod edit;
mod export;
mod filters;
mod forecast;
mod job_events;
mod jobs;
mod later;
mod menu;
mod preview;
mod row;
mod selection;
mod settings;
mod state;
mod stats;
mod table;
mod toolbar;
mod troubles;
mod words;

pub(in crate::pages) use self::selection::Selection;
use self::{
    demo_ended::DemoEnded, filters::query_of, forecast::Forecast, later::Later, state::Accounts,
    stats::Stats, table::AccountTable, toolbar::Toolbar, troubles::Troubles,
};
use crate::{
    api::accounts::list_accounts,
    components::{
        Button, ButtonVariant, EmptyState, ErrorNotice, IconName, NotLoaded, Notice, Pagination,
        TableSkeleton, Tone,
    },
    dto::{AccountList, AccountQuery},
    error::UiError,
    i18n::{
        t,
        text::{accounts, common, password},
    },
};
use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_query_map},
};

/// The list as it is when the page is opened.
#[derive(Clone, Copy)]
pub(crate) struct FirstAccounts(OnceResource<Result<AccountList, UiError>>);

impl FirstAccounts {
    /// Starts loading. Called outside of every `Suspense`: what is inside is built several times on
    /// the server, and each time would load again under another id.
    pub(crate) fn load() -> Self {
        let query = use_query_map().with_untracked(query_of);
        Self(OnceResource::new_blocking(list_accounts(query)))
    }
}

/// `/admin/accounts`, with [`FirstAccounts`] as context.
#[component]
pub fn AccountsPage() -> impl IntoView {
    let FirstAccounts(first) = expect_context();
    let changed = use_query_map().read_untracked().get("changed");
    view! {
        {(changed.as_deref() == Some("password"))
            .then(|| view! { <Notice tone=Tone::Success>{t(password::CHANGED)}</Notice> })}
        <DemoEnded />
        <Suspense fallback=|| {
            view! { <TableSkeleton /> }
        }>
            {move || Suspend::new(async move {
                match first.await {
                    Ok(first) => view! { <AccountsView first /> }.into_any(),
                    Err(error) => view! { <NotLoaded error /> }.into_any(),
                }
            })}
        </Suspense>
    }
}

#[component]
fn AccountsView(first: AccountList) -> impl IntoView {
    let state = Accounts::new(first, use_query_map().with_untracked(query_of));
    let later = Later::fetch();
    let adding = state.adding;
    open_when_asked(adding);
    let is_empty = Memo::new(move |_| state.list.with(|list| list.counts.total == 0));
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
        <Troubles state />
        <Stats state />
        <Forecast state />
        <Show when=move || !is_empty.get() fallback=move || view! { <NoAccounts adding /> }>
            <Toolbar state />
            <AccountTable state />
            <Pagination
                page=state.filters.page
                page_size=AccountQuery::default().page_size
                total=Signal::derive(move || state.list.with(|list| list.matched))
            />
        </Show>
        {move || later.rest(state)}
    }
}

/// Opens the dialog for `?add=1`, and takes that out of the address when it is closed, so that
/// loading the page again shows the page.
fn open_when_asked(adding: RwSignal<bool>) {
    let query = use_query_map();
    let navigate = use_navigate();
    let is_asked = Memo::new(move |_| query.with(|query| query.get("add").is_some()));
    Effect::new(move || {
        if is_asked.get() {
            adding.set(true);
        }
    });
    Effect::new(move |was_open: Option<bool>| {
        let is_open = adding.get();
        if was_open == Some(true) && !is_open && is_asked.get_untracked() {
            let options = NavigateOptions {
                replace: true,
                scroll: false,
                ..NavigateOptions::default()
            };
            navigate("/admin/accounts", options);
        }
        is_open
    });
}

#[component]
fn NoAccounts(adding: RwSignal<bool>) -> impl IntoView {
    view! {
        <EmptyState
            icon=IconName::Users
            title=t(accounts::EMPTY_TITLE)
            text=t(accounts::EMPTY_TEXT)
        >
            <Button
                variant=ButtonVariant::Primary
                icon=IconName::Plus
                on:click=move |_| adding.set(true)
            >
                {t(accounts::ADD)}
            </Button>
            <a href="/admin/connect">{t(accounts::EMPTY_CONNECT)}</a>
        </EmptyState>
    }
}
