//! The prompts of before, in a panel.

use super::{
    prompt::{PROMPT_ID, Prompt},
    prompts::Prompts,
};
use crate::{
    components::{Icon, IconButton, IconName, Popover, PopoverKind},
    dom,
    i18n::{t, text::making as text, use_language},
};
use leptos::prelude::*;

const HISTORY_ID: &str = "prompt-history";

/// The button and its panel.
#[component]
pub(super) fn HistoryMenu() -> impl IntoView {
    let prompts: Prompts = expect_context();
    let open = RwSignal::new(false);
    let trigger = || view! { <Icon name=IconName::History size=20 /> };
    view! {
        <Popover
            open
            kind=PopoverKind::Dialog
            label=t(text::HISTORY)
            button_class="icon-button"
            trigger=trigger.into()
        >
            <div class="history" id=HISTORY_ID tabindex="-1">
                <Show
                    when=move || !prompts.is_empty()
                    fallback=|| view! { <p class="history__empty">{t(text::HISTORY_EMPTY)}</p> }
                >
                    <ul class="history__list">
                        <For
                            each=move || prompts.list()
                            key=|words| words.clone()
                            children=move |words| view! { <Row words open /> }
                        />
                    </ul>
                    <button
                        type="button"
                        class="button button--ghost"
                        on:click=move |_| {
                            prompts.forget_all();
                            dom::catch_focus(HISTORY_ID);
                        }
                    >
                        {t(text::HISTORY_CLEAR)}
                    </button>
                </Show>
            </div>
        </Popover>
    }
}

#[component]
fn Row(words: String, open: RwSignal<bool>) -> impl IntoView {
    let (prompts, prompt): (Prompts, Prompt) = (expect_context(), expect_context());
    let language = use_language();
    let (chosen, forgotten, named) = (words.clone(), words.clone(), words.clone());
    let label = move || text::HistoryForget { prompt: &named }.fill(language.get());
    view! {
        <li class="history__row">
            <button
                type="button"
                class="history__prompt"
                on:click=move |_| {
                    prompt.write(chosen.clone());
                    open.set(false);
                    dom::focus(PROMPT_ID);
                }
            >
                {words}
            </button>
            <IconButton
                icon=IconName::X
                label=Signal::derive(label)
                on:click=move |_| {
                    prompts.forget(&forgotten);
                    dom::catch_focus(HISTORY_ID);
                }
            />
        </li>
    }
}
