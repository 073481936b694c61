//! The shown turns, their scrolling and what screen readers hear of a growing answer.

use super::{
    empty::EmptyChat,
    history::{Author, TurnId},
    later::Later,
    message::TurnView,
    state::{Announcer, Generations, Layout, OpenConversation},
};
use crate::{
    browser::page,
    components::{Icon, IconName, Skeleton},
    i18n::{t, text::chat as text},
    markdown::plain_text,
};
use leptos::{
    ev::{KeyboardEvent, PointerEvent, WheelEvent},
    html,
    prelude::*,
};
use web_sys::HtmlDivElement;

/// Scrolls with the answer until the person means to read further up; a button, or scrolling to the
/// very end, leads back.
#[component]
pub(super) fn Turns() -> impl IntoView {
    let layout: Layout = expect_context();
    let list = NodeRef::<html::Div>::new();
    let last_top = StoredValue::new(0);
    follow_end(layout, list, last_top);
    // What is meant counts, not where the list is: while an answer grows, the list is at its end
    // again before a slow hand has moved it by a line.
    let reads_up = move || {
        if list
            .get_untracked()
            .is_some_and(|list| list.scroll_top() > 0)
        {
            layout.stay_here();
        }
    };
    let on_wheel = move |event: WheelEvent| {
        if event.delta_y() < 0.0 {
            reads_up();
        }
    };
    let on_key = move |event: KeyboardEvent| {
        let is_up = matches!(event.key().as_str(), "ArrowUp" | "PageUp" | "Home")
            || (event.key() == " " && event.shift_key());
        if is_up {
            reads_up();
        }
    };
    // A press beside the text is one on the scroll bar.
    let on_press = move |event: PointerEvent| {
        let is_bar = |list: &HtmlDivElement| event.offset_x() >= list.client_width();
        if list.get_untracked().is_some_and(|list| is_bar(&list)) {
            reads_up();
        }
    };
    let on_scroll = move |_| {
        let Some(list) = list.get_untracked() else {
            return;
        };
        let top = list.scroll_top();
        let is_at_end = page::is_at_end(&list);
        if is_at_end && top > last_top.get_value() {
            layout.follow_end();
        } else if !is_at_end && top < last_top.get_value() {
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
        <div
            class="turns"
            node_ref=list
            on:scroll=on_scroll
            on:wheel=on_wheel
            on:touchmove=move |_| reads_up()
            on:keydown=on_key
            on:pointerdown=on_press
            tabindex="0"
            role="region"
            aria-label=t(text::MESSAGES)
        >
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

/// The turns that are shown, with the conversation they are of.
fn use_path() -> Memo<Vec<(String, TurnId, Author)>> {
    let open: OpenConversation = expect_context();
    Memo::new(move |_| {
        open.with(|chat| {
            chat.path()
                .into_iter()
                .map(|turn| (chat.id.clone(), turn.id, turn.author))
                .collect()
        })
    })
}

#[component]
fn TurnList() -> impl IntoView {
    let (open, later): (OpenConversation, Later) = (expect_context(), expect_context());
    let path = use_path();
    let is_empty = Memo::new(move |_| path.with(Vec::is_empty));
    let is_coming = move || {
        if is_empty.get() {
            open.is_opening()
        } else {
            !later.is_here()
        }
    };
    view! {
        <Show when=move || is_empty.get() && !open.is_opening()>
            <EmptyChat />
        </Show>
        <Show when=is_coming>
            <div class="turns__loading">
                <Skeleton />
                <Skeleton />
            </div>
        </Show>
        {move || later.turns()}
    }
}

/// The turns themselves.
#[component]
pub(super) fn TurnRows() -> impl IntoView {
    let path = use_path();
    view! {
        <For each=move || path.get() key=|turn| (turn.0.clone(), turn.1) let:turn>
            <TurnView id=turn.1 author=turn.2 />
        </For>
    }
}

/// Keeps the end in view while the page follows it.
fn follow_end(layout: Layout, list: NodeRef<html::Div>, last_top: StoredValue<i32>) {
    let open: OpenConversation = expect_context();
    let (generations, later): (Generations, Later) = (expect_context(), expect_context());
    Effect::new(move || {
        let Some(list) = list.get() else { return };
        let head = open.with(|chat| chat.head());
        if let Some(answer) = head.and_then(|id| generations.live(id)) {
            answer.track();
        }
        open.track_files();
        later.is_here();
        if layout.is_following_untracked() {
            // After the views of this change have been drawn.
            request_animation_frame(move || {
                if layout.is_following_untracked() {
                    page::scroll_to_end(&list, false);
                    // Its event is none of a person who scrolls to the end.
                    last_top.try_update_value(|top| *top = list.scroll_top());
                }
            });
        }
    });
}

/// Paragraph by paragraph, not token by token.
#[component]
fn Spoken() -> impl IntoView {
    let later: Later = expect_context();
    view! {
        <div class="visually-hidden" role="log" aria-live="polite" aria-label=t(text::ANSWER)>
            {move || later.spoken()}
        </div>
    }
}

/// The paragraphs, without markup.
#[component]
pub(super) fn SpokenParts() -> impl IntoView {
    let announcer: Announcer = expect_context();
    let parts = move || {
        announcer
            .parts()
            .into_iter()
            .enumerate()
            .collect::<Vec<_>>()
    };
    view! {
        <For each=parts key=|part| part.0 let:part>
            <p>{plain_text(&part.1)}</p>
        </For>
    }
}
