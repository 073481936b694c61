//! The list of conversations, with search.

use super::{
    history::{Hit, Period, Summary, grouped},
    library,
    room::Room,
};
use crate::{
    browser::page,
    components::{Icon, IconName, Menu, MenuItem, SearchInput, Sheet},
    dom,
    i18n::{Text, t, text::chat as text, use_language},
};
use leptos::{ev, prelude::*, task::spawn_local};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use std::time::Duration;

const SEARCH_ID: &str = "chat-search";
const SHEET_SEARCH_ID: &str = "chat-search-sheet";
const RENAME_ID: &str = "chat-rename";
const MAX_HITS: usize = 50;
const SEARCH_DELAY: Duration = Duration::from_millis(150);

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
    view! {
        <Sheet open=room.is_sheet_open title=t(text::CHATS)>
            <div class="chat__sheet">
                <List search_id=SHEET_SEARCH_ID />
            </div>
        </Sheet>
    }
}

/// Moves the focus to the search field, opening the list if it is hidden.
pub(super) fn focus_search(room: Room) {
    if page::matches_media("(max-width: 860px)") {
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

#[component]
fn Entry(id: String) -> impl IntoView {
    let room = Room::expect();
    let is_renaming = RwSignal::new(false);
    let href = format!("/?c={id}");
    let id = StoredValue::new(id);
    let summary = Memo::new(move |_| {
        let find = |list: &Vec<Summary>| {
            id.with_value(|id| list.iter().find(|summary| summary.id == *id).cloned())
        };
        room.summaries.with(find)
    });
    let is_open = Memo::new(move |_| id.with_value(|id| room.open.with(|chat| chat.id == *id)));
    let is_running = Memo::new(move |_| {
        id.with_value(|id| {
            room.runs
                .with(|runs| runs.iter().any(|run| run.chat_id == *id))
        })
    });
    let untitled = t(text::NEW_CHAT);
    let title = move || {
        let title = summary
            .get()
            .map(|summary| summary.title)
            .unwrap_or_default();
        if title.is_empty() {
            untitled().to_owned()
        } else {
            title
        }
    };
    let link = move || {
        let href = href.clone();
        view! {
            <a
                class="entry__link"
                href=href
                title=title
                aria-current=move || is_open.get().then_some("page")
            >
                <span class="entry__title">{title}</span>
                {move || is_running.get().then(|| view! { <span class="entry__dot"></span> })}
            </a>
            {move || summary.get().map(|summary| view! { <EntryMenu summary is_renaming /> })}
        }
    };
    view! {
        <li class="entry" class:is-open=move || is_open.get()>
            <Show when=move || is_renaming.get() fallback=link>
                {move || summary.get().map(|summary| view! { <Rename summary is_renaming /> })}
            </Show>
        </li>
    }
}

#[component]
fn EntryMenu(summary: Summary, is_renaming: RwSignal<bool>) -> impl IntoView {
    let room = Room::expect();
    let language = use_language();
    let navigate = use_navigate();
    let is_pinned = summary.is_pinned;
    let title = summary.title.clone();
    let label = move || text::ENTRY_MENU.fill(language.get(), &[("title", &title)]);
    let item = |label: Text, icon, on_choose| MenuItem {
        label: t(label).into(),
        icon: Some(icon),
        checked: None,
        on_choose,
    };
    let id = summary.id.clone();
    let rename = Callback::new(move |()| is_renaming.set(true));
    let pin = Callback::new(move |()| {
        change_entry(room, id.clone(), move |chat| chat.is_pinned = !is_pinned);
    });
    let remove = Callback::new(move |()| {
        if room.open.with_untracked(|chat| chat.id == summary.id) {
            navigate("/", NavigateOptions::default());
        }
        delete(room, summary.clone());
    });
    let (pin_text, pin_icon) = if is_pinned {
        (text::UNPIN, IconName::ArrowDown)
    } else {
        (text::PIN, IconName::ArrowUp)
    };
    let items = vec![
        item(text::RENAME, IconName::Pencil, rename),
        item(pin_text, pin_icon, pin),
        item(text::DELETE, IconName::Trash2, remove),
    ];
    view! { <Menu label icon=IconName::Ellipsis items /> }
}

/// Changes a conversation that may not be held now, and saves it.
fn change_entry(
    room: Room,
    id: String,
    change: impl FnOnce(&mut super::history::Conversation) + 'static,
) {
    if room.held(&id).is_some() {
        room.update_chat(&id, change);
        room.save(&id);
        return;
    }
    spawn_local(async move {
        let Some(mut chat) = library::load_conversation(&id).await else {
            return;
        };
        change(&mut chat);
        room.list(Summary::from(&chat));
        if library::save(&chat).await.is_err() {
            room.warn_about_storage();
        }
    });
}

/// Hides a conversation and offers to bring it back. It is removed for good when the page loads
/// the next time.
fn delete(room: Room, summary: Summary) {
    let runs = room.runs.get_untracked();
    runs.iter()
        .filter(|run| run.chat_id == summary.id)
        .for_each(super::run::Run::stop);
    mark(
        room,
        Summary {
            is_deleted: true,
            ..summary.clone()
        },
    );
    let message = text::DELETED.get(room.language.get_untracked());
    room.toaster.undo(
        message,
        Callback::new(move |()| mark(room, summary.clone())),
    );
}

fn mark(room: Room, summary: Summary) {
    room.list(summary.clone());
    spawn_local(async move {
        if library::save_summary(&summary).await.is_err() {
            room.warn_about_storage();
        }
    });
}

#[component]
fn Rename(summary: Summary, is_renaming: RwSignal<bool>) -> impl IntoView {
    let room = Room::expect();
    let title = RwSignal::new(summary.title.clone());
    Effect::new(move || request_animation_frame(|| dom::focus(RENAME_ID)));
    let id = StoredValue::new(summary.id);
    let done = move || {
        // Enter is followed by the loss of focus: only the first of them counts.
        if !is_renaming.try_get_untracked().unwrap_or_default() {
            return;
        }
        is_renaming.set(false);
        let chosen = title.get_untracked().trim().to_owned();
        if !chosen.is_empty() {
            change_entry(room, id.get_value(), move |chat| {
                (chat.title, chat.has_own_title) = (chosen, true);
            });
        }
    };
    let on_key = move |event: ev::KeyboardEvent| match event.key().as_str() {
        "Enter" if !event.is_composing() => done(),
        "Escape" => {
            event.prevent_default();
            is_renaming.set(false);
        }
        _ => {}
    };
    view! {
        <input
            class="input entry__rename"
            id=RENAME_ID
            maxlength="120"
            aria-label=t(text::RENAME)
            prop:value=title
            on:input=move |event| title.set(event_target_value(&event))
            on:keydown=on_key
            on:blur=move |_| done()
        />
    }
}

/// Conversations that have the words of the query, in their title or in what was said.
#[component]
fn Hits(query: RwSignal<String>) -> impl IntoView {
    let room = Room::expect();
    let hits = RwSignal::new(None::<Vec<Hit>>);
    let look = move |wanted: String| {
        spawn_local(async move {
            let hidden = room.summaries.try_with_untracked(|list| {
                let deleted = list.iter().filter(|summary| summary.is_deleted);
                deleted
                    .map(|summary| summary.id.clone())
                    .collect::<Vec<_>>()
            });
            let found = library::search(&wanted, &hidden.unwrap_or_default(), MAX_HITS).await;
            if query.try_get_untracked().as_ref() == Some(&wanted) {
                hits.try_set(Some(found));
            }
        });
    };
    Effect::new(move || {
        let wanted = query.get();
        let delayed = set_timeout_with_handle(move || look(wanted), SEARCH_DELAY);
        on_cleanup(move || {
            if let Ok(handle) = delayed {
                handle.clear();
            }
        });
    });
    let is_empty = Memo::new(move |_| hits.with(|hits| hits.as_ref().is_some_and(Vec::is_empty)));
    view! {
        <Show when=move || is_empty.get()>
            <p class="side__empty" role="status">
                {t(text::NO_HITS)}
            </p>
        </Show>
        <ul class="side__group">
            <For
                each=move || hits.get().unwrap_or_default()
                key=|hit| (hit.chat_id.clone(), hit.place.clone().map(|place| place.1.before))
                let:hit
            >
                <HitRow hit />
            </For>
        </ul>
    }
}

#[component]
fn HitRow(hit: Hit) -> impl IntoView {
    view! {
        <li class="entry">
            <a class="entry__link entry__link--hit" href=format!("/?c={}", hit.chat_id)>
                <span class="entry__title">{hit.title}</span>
                {hit
                    .place
                    .map(|(_, snippet)| {
                        view! {
                            <span class="entry__snippet">
                                {snippet.before} <mark>{snippet.found}</mark> {snippet.after}
                            </span>
                        }
                    })}
            </a>
        </li>
    }
}
