//! The shown turns, their scrolling and what screen readers hear of a growing answer.

use super::{
    empty::EmptyChat,
    history::{Author, TurnId},
    message::TurnView,
    room::Room,
};
use crate::{
    browser::page,
    components::{Icon, IconName, Skeleton},
    i18n::{t, text::chat as text},
};
use leptos::{html, prelude::*};

/// Scrolls with the answer until the person scrolls up; a button leads back to the end.
#[component]
pub(super) fn Turns() -> impl IntoView {
    let room = Room::expect();
    let list = NodeRef::<html::Div>::new();
    let last_top = StoredValue::new(0);
    follow_end(room, list);
    let on_scroll = move |_| {
        let Some(list) = list.get_untracked() else {
            return;
        };
        let top = list.scroll_top();
        if page::is_at_end(&list) {
            room.follows_end.set(true);
        } else if top < last_top.get_value() {
            room.follows_end.set(false);
        }
        last_top.set_value(top);
    };
    let to_end = move |_| {
        room.follows_end.set(true);
        if let Some(list) = list.get_untracked() {
            page::scroll_to_end(&list, true);
        }
    };
    view! {
        <div class="turns" node_ref=list on:scroll=on_scroll tabindex="0" role="region" aria-label=t(text::MESSAGES)>
            <div class="turns__column">
                <TurnList />
            </div>
        </div>
        <Spoken />
        <div class="turns__jump">
            <Show when=move || !room.follows_end.get()>
                <button type="button" class="jump" on:click=to_end>
                    <Icon name=IconName::ArrowDown />
                    {t(text::JUMP_TO_END)}
                </button>
            </Show>
        </div>
    }
}

#[component]
fn TurnList() -> impl IntoView {
    let room = Room::expect();
    let path = Memo::new(move |_| {
        room.open.with(|chat| -> Vec<(String, TurnId, Author)> {
            chat.path()
                .into_iter()
                .map(|turn| (chat.id.clone(), turn.id, turn.author))
                .collect()
        })
    });
    let is_empty = Memo::new(move |_| path.with(Vec::is_empty));
    view! {
        <Show when=move || is_empty.get() && !room.is_opening.get()>
            <EmptyChat />
        </Show>
        <Show when=move || is_empty.get() && room.is_opening.get()>
            <div class="turns__loading">
                <Skeleton />
                <Skeleton />
            </div>
        </Show>
        <For each=move || path.get() key=|turn| (turn.0.clone(), turn.1) let:turn>
            <TurnView id=turn.1 author=turn.2 />
        </For>
    }
}

/// Keeps the end in view while `follows_end` holds.
fn follow_end(room: Room, list: NodeRef<html::Div>) {
    Effect::new(move || {
        let Some(list) = list.get() else { return };
        let head = room.open.with(|chat| chat.head());
        if let Some(answer) = head.and_then(|id| room.live(id)) {
            answer.track();
        }
        room.files.track();
        if room.follows_end.get_untracked() {
            // After the views of this change have been drawn.
            request_animation_frame(move || page::scroll_to_end(&list, false));
        }
    });
}

/// Paragraph by paragraph, not token by token.
#[component]
fn Spoken() -> impl IntoView {
    let room = Room::expect();
    let parts = move || {
        room.spoken
            .get()
            .into_iter()
            .enumerate()
            .collect::<Vec<_>>()
    };
    view! {
        <div class="visually-hidden" role="log" aria-live="polite" aria-label=t(text::ANSWER)>
            <For each=parts key=|part| part.0 let:part>
                <p>{part.1}</p>
            </For>
        </div>
    }
}
