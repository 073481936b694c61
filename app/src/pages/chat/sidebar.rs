//! The list of conversations, with search.

use super::{
    entry::Entry,
    history::{Period, Summary, grouped},
    later::Later,
    search::Hits,
    state::{Layout, Library},
};
use crate::{
    browser::page,
    components::{Icon, IconName, SearchInput, Sheet, Shortcut},
    dom,
    i18n::{Text, t, text::chat as text},
};
use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;

const SEARCH_ID: &str = "chat-search";
const SHEET_SEARCH_ID: &str = "chat-search-sheet";
/// Heard by `upkeep::watch_keys`.
const SEARCH_KEYS: Shortcut = Shortcut {
    shown: "Ctrl+K",
    spoken: "Control+K",
};

/// The list at the left edge of wide screens.
#[component]
pub(super) fn Sidebar() -> impl IntoView {
    let layout: Layout = expect_context();
    view! {
        <aside class="chat__side" aria-label=t(text::CHATS) inert=move || !layout.is_sidebar_open()>
            <List search_id=SEARCH_ID />
        </aside>
    }
}

/// The same list as a sheet, for narrow screens.
#[component]
pub(super) fn SidebarSheet() -> impl IntoView {
    let layout: Layout = expect_context();
    let close_on_link = move |event: ev::MouseEvent| {
        let target = event
            .target()
            .and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        if target.is_some_and(|target| matches!(target.closest("a"), Ok(Some(_)))) {
            layout.close_sheet();
        }
    };
    view! {
        <Sheet open=layout.sheet() title=t(text::CHATS)>
            <div class="chat__sheet" on:click=close_on_link>
                <List search_id=SHEET_SEARCH_ID />
            </div>
        </Sheet>
    }
}

/// Moves the focus to the search field, opening the list if it is hidden.
pub(super) fn focus_search(layout: Layout) {
    let is_sheet = layout.show_list();
    let field = if is_sheet { SHEET_SEARCH_ID } else { SEARCH_ID };
    request_animation_frame(move || dom::focus(field));
}

#[component]
fn List(search_id: &'static str) -> impl IntoView {
    let later: Later = expect_context();
    let query = RwSignal::new(String::new());
    view! {
        <div class="side">
            <a class="button button--secondary side__new" href="/" title=t(text::NEW_CHAT_HINT)>
                <Icon name=IconName::SquarePen />
                {t(text::NEW_CHAT)}
            </a>
            <SearchInput id=search_id label=t(text::SEARCH) value=query shortcut=SEARCH_KEYS />
            <nav class="side__list" aria-label=t(text::CHATS)>
                {move || later.chats(query)}
            </nav>
        </div>
    }
}

/// The conversations by time, or those that have the words of `query`.
#[component]
pub(super) fn Chats(query: RwSignal<String>) -> impl IntoView {
    let is_searching = Memo::new(move |_| query.with(|query| !query.trim().is_empty()));
    view! {
        <Show when=move || is_searching.get() fallback=|| view! { <Groups /> }>
            <Hits query />
        </Show>
    }
}

/// Ids of one period, newest first.
type Group = (Period, Vec<String>);

#[component]
fn Groups() -> impl IntoView {
    let library: Library = expect_context();
    let groups = Memo::new(move |_| {
        let list = library.summaries();
        // Nothing is listed on the server and before the first read: no clock is needed there.
        if list.is_empty() {
            return Vec::new();
        }
        let ids = |members: Vec<Summary>| members.into_iter().map(|summary| summary.id).collect();
        let groups = grouped(&list, dom::now_ms(), page::zone_minutes()).into_iter();
        groups
            .map(|(period, members)| (period, ids(members)))
            .collect::<Vec<Group>>()
    });
    let is_empty = Memo::new(move |_| library.is_loaded() && groups.with(Vec::is_empty));
    let periods = move || groups.with(|all| all.iter().map(|group| group.0).collect::<Vec<_>>());
    let members = move |period| {
        let find = move |all: &Vec<Group>| all.iter().find(|group| group.0 == period).cloned();
        groups.with(find).map(|group| group.1).unwrap_or_default()
    };
    view! {
        <Show when=move || is_empty.get()>
            <p class="side__empty">{t(text::NO_CHATS)}</p>
        </Show>
        <For each=periods key=|period| *period as u8 let:period>
            <section class="side__group">
                <h2 class="side__period">{t(period_name(period))}</h2>
                <ul>
                    <For each=move || members(period) key=|id| id.clone() let:id>
                        <Entry id />
                    </For>
                </ul>
            </section>
        </For>
    }
}

const fn period_name(period: Period) -> Text {
    match period {
        Period::Pinned => text::PERIOD_PINNED,
        Period::Today => text::PERIOD_TODAY,
        Period::Yesterday => text::PERIOD_YESTERDAY,
        Period::Week => text::PERIOD_WEEK,
        Period::Month => text::PERIOD_MONTH,
        Period::Older => text::PERIOD_OLDER,
    }
}
