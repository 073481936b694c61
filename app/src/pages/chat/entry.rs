//! One conversation in the list: open, rename, pin, delete.

use super::{
    state::{Generations, Library, Lost, OpenConversation},
    upkeep::focus_composer,
    use_title_or_new,
};
use crate::{
    components::{IconName, Menu, MenuItem},
    dom,
    i18n::{Text, t, text::chat as text, use_language},
};
use leptos::{ev, prelude::*};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use std::time::Duration;

/// More than the two frames after which the focus has moved.
const FOCUS_MOVES: Duration = Duration::from_millis(60);
const RENAME_ID: &str = "chat-rename";

/// Follows its summary in the list, so it stays in place when something about it changes.
#[component]
pub(super) fn Entry(id: String) -> impl IntoView {
    let (library, open): (Library, OpenConversation) = (expect_context(), expect_context());
    let generations: Generations = expect_context();
    let is_renaming = RwSignal::new(false);
    let href = format!("/?c={id}");
    let id = StoredValue::new(id);
    // Only what is shown: an open menu stays while an answer comes in.
    let named = Memo::new(move |_| {
        let summary = id.with_value(|id| library.summary(id))?;
        Some(Named {
            id: summary.id,
            title: summary.title,
            is_pinned: summary.is_pinned,
        })
    });
    let is_open = Memo::new(move |_| id.with_value(|id| open.with(|chat| chat.id == *id)));
    let is_running = Memo::new(move |_| id.with_value(|id| generations.is_running(id)));
    let or_new = use_title_or_new();
    let title = move || or_new(named.get().map(|named| named.title).unwrap_or_default());
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
            {move || named.get().map(|named| view! { <EntryMenu named is_renaming /> })}
        }
    };
    view! {
        <li class="entry" class:is-open=move || is_open.get()>
            <Show when=move || is_renaming.get() fallback=link>
                // Not reactive: what is typed stays when another tab renames it.
                {move || untrack(|| named.get()).map(|named| view! { <Rename named is_renaming /> })}
            </Show>
        </li>
    }
}

/// What an entry says and does.
#[derive(Clone, PartialEq)]
struct Named {
    id: String,
    title: String,
    is_pinned: bool,
}

#[component]
fn EntryMenu(named: Named, is_renaming: RwSignal<bool>) -> impl IntoView {
    let (library, open): (Library, OpenConversation) = (expect_context(), expect_context());
    let generations: Generations = expect_context();
    let language = use_language();
    let navigate = use_navigate();
    let Named {
        id,
        title,
        is_pinned,
    } = named;
    let label = move || text::EntryMenu { title: &title }.fill(language.get());
    let item = |label: Text, icon, on_choose| MenuItem {
        label: t(label).into(),
        icon: Some(icon),
        checked: None,
        on_choose,
    };
    let id = StoredValue::new(id);
    let rename = Callback::new(move |()| is_renaming.set(true));
    let pin = Callback::new(move |()| {
        generations.change(id.get_value(), move |chat| {
            chat.pin(!is_pinned, dom::now_ms())
        });
    });
    let remove = Callback::new(move |()| {
        let id = id.get_value();
        if open.is_shown(&id) {
            open.lose(Lost {
                id: id.clone(),
                has_moved_draft: false,
            });
            navigate("/", NavigateOptions::default());
        }
        // The menu returns the focus to its button first. The entry must not go from the page
        // while the focus is in it, else it would be lost.
        request_animation_frame(move || {
            focus_composer();
            let delete = move || {
                generations.stop_in(&id);
                library.delete(&id);
            };
            set_timeout(delete, FOCUS_MOVES);
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

#[component]
fn Rename(named: Named, is_renaming: RwSignal<bool>) -> impl IntoView {
    let generations: Generations = expect_context();
    let title = RwSignal::new(named.title);
    Effect::new(move || request_animation_frame(|| dom::focus(RENAME_ID)));
    let id = StoredValue::new(named.id);
    let done = move || {
        // Enter is followed by the loss of focus: only the first of them counts.
        if !is_renaming.try_get_untracked().unwrap_or_default() {
            return;
        }
        is_renaming.set(false);
        let chosen = title.get_untracked().trim().to_owned();
        if !chosen.is_empty() {
            generations.change(id.get_value(), move |chat| {
                chat.rename(chosen, dom::now_ms());
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
