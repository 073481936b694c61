//! One conversation in the list: open, rename, pin, delete.

use super::{
    history::{Conversation, Summary},
    library,
    room::Room,
    run::Run,
    upkeep::focus_composer,
};
use crate::{
    components::{IconName, Menu, MenuItem},
    dom,
    i18n::{Text, t, text::chat as text, use_language},
};
use leptos::{ev, prelude::*, task::spawn_local};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use std::time::Duration;

/// More than the two frames after which the focus has moved.
const FOCUS_MOVES: Duration = Duration::from_millis(60);
const RENAME_ID: &str = "chat-rename";

/// Follows its summary in the list, so it stays in place when something about it changes.
#[component]
pub(super) fn Entry(id: String) -> impl IntoView {
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
        let summary = summary.clone();
        // The menu returns the focus to its button first. The entry must not go from the page
        // while the focus is in it, else it would be lost.
        request_animation_frame(move || {
            focus_composer();
            set_timeout(move || delete(room, summary), FOCUS_MOVES);
        });
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
fn change_entry(room: Room, id: String, change: impl FnOnce(&mut Conversation) + 'static) {
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
        .for_each(Run::stop);
    mark(
        room,
        Summary {
            is_deleted: true,
            ..summary.clone()
        },
    );
    let message = text::DELETED.get(room.language.get_untracked());
    // The entry goes from the page before the undo is pressed: it must not own the callback.
    let undo = room.lasting(|| Callback::new(move |()| mark(room, summary.clone())));
    room.toaster.undo(message, undo);
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
