//! The list of conversations, with search.

use super::{
    entry::Entry,
    history::{Period, Summary, grouped},
    room::Room,
    search::Hits,
};
use crate::{
    browser::page,
    components::{Icon, IconName, SearchInput, Sheet},
    dom,
    i18n::{Text, t, text::chat as text},
};
use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;

/// Below this width the list is a sheet; the style sheet says the same.
pub(super) const NARROW: &str = "(max-width: 860px)";
const SEARCH_ID: &str = "chat-search";
const SHEET_SEARCH_ID: &str = "chat-search-sheet";

/// The list at the left edge of wide screens.
#[component]
pub(super) fn Sidebar() -> impl IntoView {
    let room = Room::expect();
    view! {
        <aside class="chat__side" aria-label=t(text::CHATS) inert=move || !room.is_sidebar_open.get()>
            <List search_id=SEARCH_ID />
        </aside>
    }
}

/// The same list as a sheet, for narrow screens.
#[component]
pub(super) fn SidebarSheet() -> impl IntoView {
    let room = Room::expect();
    let close_on_link = move |event: ev::MouseEvent| {
        let target = event
            .target()
            .and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        if target.is_some_and(|target| matches!(target.closest("a"), Ok(Some(_)))) {
            room.is_sheet_open.set(false);
        }
    };
    view! {
        <Sheet open=room.is_sheet_open title=t(text::CHATS)>
            <div class="chat__sheet" on:click=close_on_link>
                <List search_id=SHEET_SEARCH_ID />
            </div>
        </Sheet>
    }
}

/// Moves the focus to the search field, opening the list if it is hidden.
pub(super) fn focus_search(room: Room) {
    if page::matches_media(NARROW) {
        room.is_sheet_open.set(true);
        request_animation_frame(|| dom::focus(SHEET_SEARCH_ID));
    } else {
        room.is_sidebar_open.set(true);
        request_animation_frame(|| dom::focus(SEARCH_ID));
    }
}

#[component]
fn List(search_id: &'static str) -> impl IntoView {
    let query = RwSignal::new(String::new());
    let is_searching = Memo::new(move |_| query.with(|query| !query.trim().is_empty()));
    view! {
        <div class="side">
            <a class="button button--secondary side__new" href="/" title=t(text::NEW_CHAT_HINT)>
                <Icon name=IconName::SquarePen />
                {t(text::NEW_CHAT)}
            </a>
            <SearchInput id=search_id label=t(text::SEARCH) value=query />
            <nav class="side__list" aria-label=t(text::CHATS)>
                <Show when=move || is_searching.get() fallback=|| view! { <Groups /> }>
                    <Hits query />
                </Show>
            </nav>
        </div>
    }
}

/// Ids of one period, newest first.
type Group = (Period, Vec<String>);

#[component]
fn Groups() -> impl IntoView {
    let room = Room::expect();
    let groups = Memo::new(move |_| {
        let list = room.summaries.get();
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
    let is_empty = Memo::new(move |_| room.is_list_loaded.get() && groups.with(Vec::is_empty));
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
