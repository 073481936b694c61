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
    let scrolling = Scrolling {
        layout,
        list: NodeRef::new(),
        last_top: StoredValue::new(0),
    };
    scrolling.follow_end();
    view! {
        <div
            class="turns"
            node_ref=scrolling.list
            on:scroll=move |_| scrolling.note()
            on:wheel=move |event| scrolling.wheel(&event)
            on:touchmove=move |_| scrolling.read_up()
            on:keydown=move |event| scrolling.key(&event)
            on:pointerdown=move |event| scrolling.press(&event)
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
                <button type="button" class="jump" on:click=move |_| scrolling.to_end()>
                    <Icon name=IconName::ArrowDown />
                    {t(text::JUMP_TO_END)}
                </button>
            </Show>
        </div>
    }
}

/// How the list of turns is moved.
///
/// What is meant counts, not where the list is: while an answer grows, the list is at its end again
/// before a slow hand has moved it by a line.
#[derive(Clone, Copy)]
struct Scrolling {
    layout: Layout,
    list: NodeRef<html::Div>,
    last_top: StoredValue<i32>,
}

impl Scrolling {
    /// The person means to read further up.
    fn read_up(self) {
        let list = self.list.get_untracked();
        if list.is_some_and(|list| list.scroll_top() > 0) {
            self.layout.stay_here();
        }
    }

    fn wheel(self, event: &WheelEvent) {
        if event.delta_y() < 0.0 {
            self.read_up();
        }
    }

    fn key(self, event: &KeyboardEvent) {
        let is_up = matches!(event.key().as_str(), "ArrowUp" | "PageUp" | "Home")
            || (event.key() == " " && event.shift_key());
        if is_up {
            self.read_up();
        }
    }

    /// A press beside the text is one on the scroll bar.
    fn press(self, event: &PointerEvent) {
        let is_bar = |list: &HtmlDivElement| event.offset_x() >= list.client_width();
        let list = self.list.get_untracked();
        if list.is_some_and(|list| is_bar(&list)) {
            self.read_up();
        }
    }

    /// The list has moved.
    fn note(self) {
        let Some(list) = self.list.get_untracked() else {
            return;
        };
        let (top, last_top) = (list.scroll_top(), self.last_top.get_value());
        let is_at_end = page::is_at_end(&list);
        if is_at_end && top > last_top {
            self.layout.follow_end();
        } else if !is_at_end && top < last_top {
            self.layout.stay_here();
        }
        self.last_top.set_value(top);
    }

    fn to_end(self) {
        self.layout.follow_end();
        if let Some(list) = self.list.get_untracked() {
            page::scroll_to_end(&list, true);
        }
    }

    /// Keeps the end in view while the page follows it.
    fn follow_end(self) {
        let Self {
            layout,
            list,
            last_top,
        } = self;
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
