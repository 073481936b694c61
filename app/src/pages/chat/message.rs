//! One turn on the page.

use super::{
    attachments::FileRow,
    edit_box::EditBox,
    failure::{EndNotice, offers_retry},
    history::{Author, Turn, TurnId, TurnState},
    prose::{DoneProse, LiveProse},
    state::{Generations, Layout, LiveAnswer, OpenConversation},
    thinking::Thinking,
};
use crate::{
    components::{CopyButton, IconButton, IconName},
    i18n::{Plural, t, text::chat as text, use_language},
};
use leptos::prelude::*;

/// A question or an answer of the shown conversation.
#[component]
pub(super) fn TurnView(id: TurnId, author: Author) -> impl IntoView {
    match author {
        Author::User => view! { <Question id /> }.into_any(),
        Author::Assistant => view! { <Answer id /> }.into_any(),
    }
}

#[component]
fn Question(id: TurnId) -> impl IntoView {
    let open: OpenConversation = expect_context();
    let turn = Memo::new(move |_| open.turn(id));
    let words = move || {
        turn.with(|turn| turn.as_ref().map(|turn| turn.text.clone()))
            .unwrap_or_default()
    };
    let files = turn
        .get_untracked()
        .map(|turn| turn.attachments)
        .unwrap_or_default();
    let is_editing = Memo::new(move |_| open.is_editing(id));
    view! {
        <article class="turn turn--user">
            <h2 class="visually-hidden">{t(text::YOU_SAID)}</h2>
            <FileRow files />
            <Show
                when=move || is_editing.get()
                fallback=move || {
                    view! {
                        <Show when=move || !words().is_empty()>
                            <div class="turn__bubble">{words}</div>
                        </Show>
                        <div class="turn__actions">
                            <Branches id />
                            <CopyButton text=words />
                            <IconButton
                                icon=IconName::Pencil
                                label=t(text::EDIT)
                                on:click=move |_| open.edit(Some(id))
                            />
                        </div>
                    }
                }
            >
                <EditBox id />
            </Show>
        </article>
    }
}

#[component]
fn Answer(id: TurnId) -> impl IntoView {
    let generations: Generations = expect_context();
    let live = Memo::new(move |_| generations.live(id));
    view! {
        <article class="turn turn--assistant">
            <h2 class="visually-hidden">{t(text::ANSWER)}</h2>
            {move || match live.get() {
                Some(answer) => view! { <LiveView answer id /> }.into_any(),
                None => view! { <DoneView id /> }.into_any(),
            }}
        </article>
    }
}

#[component]
fn LiveView(answer: ArcRwSignal<LiveAnswer>, id: TurnId) -> impl IntoView {
    let read = |get: fn(&LiveAnswer) -> String| {
        let answer = answer.clone();
        Signal::derive(move || answer.with(get))
    };
    let thoughts = read(|live| live.thinking.clone());
    let (timed, state, waiting) = (answer.clone(), answer.clone(), answer.clone());
    let elapsed_ms = Signal::derive(move || timed.with(|live| live.thinking_ms));
    let is_active = Memo::new(move |_| state.with(LiveAnswer::is_thinking));
    let is_waiting = Memo::new(move |_| waiting.with(LiveAnswer::is_empty));
    view! {
        <Show when=move || is_waiting.get()>
            <Waiting />
        </Show>
        <Thinking thoughts elapsed_ms is_active />
        <LiveProse answer id />
    }
}

#[component]
fn Waiting() -> impl IntoView {
    view! {
        <p class="turn__waiting" role="status">
            <span class="turn__dots" aria-hidden="true"></span>
            <span class="visually-hidden">{t(text::WAITING)}</span>
        </p>
    }
}

#[component]
fn DoneView(id: TurnId) -> impl IntoView {
    let open: OpenConversation = expect_context();
    let generations: Generations = expect_context();
    let turn = Memo::new(move |_| open.turn(id));
    let words = Signal::derive(move || field(&turn, |turn| turn.text.clone()));
    let thoughts = Signal::derive(move || field(&turn, |turn| turn.thinking.clone()));
    let elapsed_ms =
        Signal::derive(move || turn.with(|turn| turn.as_ref().and_then(|turn| turn.thinking_ms)));
    let state = Memo::new(move |_| turn.with(|turn| turn.as_ref().map(|turn| turn.state.clone())));
    let has_retry =
        Memo::new(move |_| state.with(|state| state.as_ref().is_some_and(offers_retry)));
    let retry = Callback::new(move |()| generations.answer_again(id));
    view! {
        <Thinking thoughts elapsed_ms is_active=false />
        <DoneProse text=words id />
        // Another tab receives it.
        <Show when=move || state.get() == Some(TurnState::Streaming)>
            <Waiting />
        </Show>
        {move || {
            let state = state.get().unwrap_or(TurnState::Complete);
            view! { <EndNotice state on_retry=retry /> }
        }}
        <div class="turn__actions">
            <Branches id />
            <Show when=move || words.with(|words| !words.is_empty())>
                <CopyButton text=move || words.get() />
            </Show>
            // One button is enough.
            <Show when=move || !has_retry.get()>
                <IconButton
                    icon=IconName::RefreshCw
                    label=t(text::REGENERATE)
                    disabled=Signal::derive(move || generations.is_answering())
                    on:click=move |_| retry.run(())
                />
            </Show>
            <Origin turn />
        </div>
    }
}

fn field(turn: &Memo<Option<Turn>>, get: fn(&Turn) -> String) -> String {
    turn.with(|turn| turn.as_ref().map(get)).unwrap_or_default()
}

/// The model and how many tokens it wrote.
#[component]
fn Origin(turn: Memo<Option<Turn>>) -> impl IntoView {
    let language = use_language();
    const TOKENS: Plural = text::TOKENS;
    let origin = move || {
        let turn = turn.get()?;
        let tokens = turn
            .tokens
            .map(|tokens| tokens.completion_tokens)
            .filter(|count| *count > 0);
        let tokens = tokens.map(|count| TOKENS.fill(language.get(), count));
        let parts: Vec<String> = turn.model.into_iter().chain(tokens).collect();
        Some(parts.join(" · "))
    };
    view! { <span class="turn__origin">{origin}</span> }
}

/// Leads to the other versions of a turn: those before an edit or another try.
#[component]
fn Branches(id: TurnId) -> impl IntoView {
    let (open, layout): (OpenConversation, Layout) = (expect_context(), expect_context());
    let language = use_language();
    let siblings = Memo::new(move |_| open.with(|chat| chat.siblings(id)));
    let place = move || {
        siblings.with(|all| {
            all.iter()
                .position(|other| *other == id)
                .unwrap_or_default()
        })
    };
    let go = move |step: isize| {
        let to = place()
            .checked_add_signed(step)
            .and_then(|at| siblings.with(|all| all.get(at).copied()));
        if let Some(to) = to {
            layout.stay_here();
            open.show_branch(to);
        }
    };
    let label = move || {
        let (at, of) = (place() + 1, siblings.with(Vec::len));
        text::Branch { at: &at, of: &of }.fill(language.get())
    };
    view! {
        <Show when=move || siblings.with(|all| all.len() > 1)>
            <span class="branches">
                <IconButton
                    icon=IconName::ChevronLeft
                    label=t(text::BRANCH_BEFORE)
                    disabled=Signal::derive(move || place() == 0)
                    on:click=move |_| go(-1)
                />
                <span class="branches__place">{label}</span>
                <IconButton
                    icon=IconName::ChevronRight
                    label=t(text::BRANCH_AFTER)
                    disabled=Signal::derive(move || place() + 1 == siblings.with(Vec::len))
                    on:click=move |_| go(1)
                />
            </span>
        </Show>
    }
}
