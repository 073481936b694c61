//! The shown turns, their scrolling and what screen readers hear of a growing answer.

use super::{
    empty::EmptyChat,
    history::{Author, TurnId},
    message::TurnView,
    state::{Announcer, Generations, Layout, OpenConversation},
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
    let layout: Layout = expect_context();
    let list = NodeRef::<html::Div>::new();
    let last_top = StoredValue::new(0);
    follow_end(layout, list);
    let on_scroll = move |_| {
        let Some(list) = list.get_untracked() else {
            return;
        };
        let top = list.scroll_top();
        if page::is_at_end(&list) {
            layout.follow_end();
        } else if top < last_top.get_value() {
            layout.stay_here();
        }
        last_top.set_value(top);
    };
    let to_end = move |_| {
        layout.follow_end();
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
            <Show when=move || !layout.follows_end()>
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
    let open: OpenConversation = expect_context();
    let path = Memo::new(move |_| {
        open.with(|chat| -> Vec<(String, TurnId, Author)> {
            chat.path()
                .into_iter()
                .map(|turn| (chat.id.clone(), turn.id, turn.author))
                .collect()
        })
    });
    let is_empty = Memo::new(move |_| path.with(Vec::is_empty));
    view! {
        <Show when=move || is_empty.get() && !open.is_opening()>
            <EmptyChat />
        </Show>
        <Show when=move || is_empty.get() && open.is_opening()>
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

/// Keeps the end in view while the page follows it.
fn follow_end(layout: Layout, list: NodeRef<html::Div>) {
    let open: OpenConversation = expect_context();
    let generations: Generations = expect_context();
    Effect::new(move || {
        let Some(list) = list.get() else { return };
        let head = open.with(|chat| chat.head());
        if let Some(answer) = head.and_then(|id| generations.live(id)) {
            answer.track();
        }
        open.track_files();
        if untrack(|| layout.follows_end()) {
            // After the views of this change have been drawn.
            request_animation_frame(move || page::scroll_to_end(&list, false));
        }
    });
}

/// Paragraph by paragraph, not token by token.
#[component]
fn Spoken() -> impl IntoView {
    let announcer: Announcer = expect_context();
    let parts = move || {
        announcer
            .parts()
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
